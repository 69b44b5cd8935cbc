"""Who is meant by the words of an escalation."""

from collections.abc import Sequence

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Person
from errata.apps.issues import queries as issues
from errata.apps.issues.types import Life


def people(words: Sequence[str], life: Life) -> list[Person]:
    """The active people whom the words name, each once, in order."""
    actor = accounts.system_actor(life.organization_id)
    ids = [user_id for word in words for user_id in _ids(word, life)]
    known = {person.id: person for person in accounts.members(actor=actor, ids=ids)} if ids else {}
    return [known[user_id] for user_id in dict.fromkeys(ids) if user_id in known]


def _ids(word: str, life: Life) -> list[int]:
    match word:
        case "assignee":
            return [life.assignee_id] if life.assignee_id else []
        case "deputy":
            return [life.deputy_id] if life.deputy_id else []
        case "watchers":
            return issues.watcher_ids(life.issue_id)
        case "on_duty":
            return on_duty(life)
    return accounts.ids_of_people(actor=accounts.system_actor(life.organization_id), named=word)


def on_duty(_: Life) -> list[int]:
    """Who is on call for an issue: nobody, until there are rotas."""
    return []
