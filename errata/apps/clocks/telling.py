"""Who is meant by the words of an escalation."""

from collections.abc import Sequence

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Person
from errata.apps.issues.types import Life
from errata.apps.notices.queries import named_ids


def people(words: Sequence[str], life: Life) -> list[Person]:
    """The active people whom the words name, each once, in order."""
    actor = accounts.system_actor(life.organization_id)
    ids = named_ids(words, issue=life)
    known = {person.id: person for person in accounts.members(actor=actor, ids=ids)} if ids else {}
    return [known[user_id] for user_id in ids if user_id in known]
