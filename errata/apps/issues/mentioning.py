"""Which issues and people a text names: what makes “mentioned in”, and what waits for an answer."""

import re
from datetime import datetime

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import keyed, visible, watch_as
from errata.apps.issues.models import Issue, Mention

# A release note that lists a sprint's issues; more is a log that happens to look like keys.
MENTIONS_MAX = 100
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_MENTION = re.compile(r"(?<![\w.+-])@([\w.+-]+@[\w-]+(?:\.[\w-]+)+|\w[\w.-]*\w|\w)")
_KEY = re.compile(r"(?<![\w/-])([A-Z][A-Z0-9]{1,9})-(\d{1,9})(?![\w-])")


def without_code(text: str) -> str:
    """The text without what stands in code."""
    return _CODE.sub("", text)


def keys_in(text: str) -> list[str]:
    """The issue keys a text names outside of code, each once, in their order."""
    found = dict.fromkeys(f"{prefix}-{number}" for prefix, number in _KEY.findall(without_code(text)))
    return list(found)[:MENTIONS_MAX]


def mentioned(text: str, *, by: Actor) -> list[int]:
    """The ids of the people a text mentions: by e-mail address, or by a name that only one of them answers to."""
    handles = {handle.casefold().rstrip(".") for handle in _MENTION.findall(without_code(text))}
    if not handles:
        return []
    # An address is looked up; who answers to a name is known once all the others are.
    addresses = handles if all("@" in handle for handle in handles) else None
    people = [(number, _handles(email, name)) for number, email, name in accounts.names(actor=by, emails=addresses)]
    found = [[number for number, answers_to in people if handle in answers_to] for handle in sorted(handles)]
    return list(dict.fromkeys(numbers[0] for numbers in found if len(numbers) == 1))


def note_mentions(issue: Issue, text: str, *, by: Actor, at: datetime, comment_id: int | None = None) -> None:
    """Remember what a text names, in the transaction that writes it, and let people it names anew watch the issue.

    What it named before and no longer does goes. What it still names keeps its time: who has answered isn't asked
    again by an edit, and who has stopped watching isn't made to watch.
    """
    own = Mention.objects.filter(issue_id=issue.id)
    own = own.filter(comment_id=comment_id) if comment_id else own.filter(comment=None)
    wanted: set[tuple[int | None, int | None]] = {
        (target, None) for target in _issues(keys_in(text), by=by) if target != issue.id
    }
    wanted |= {(None, person) for person in mentioned(text, by=by)}
    known = {(target, person): number for number, target, person in own.values_list("id", "target_id", "person_id")}
    gone = [known[one] for one in known.keys() - wanted]
    if gone:
        own.filter(id__in=gone).delete()
    rows = [
        Mention(issue_id=issue.id, comment_id=comment_id, target_id=target, person_id=person, at=at)
        for target, person in sorted(wanted - known.keys(), key=str)
    ]
    if rows:
        Mention.objects.bulk_create(rows)
        people = [row.person_id for row in rows if row.person_id is not None]
        watch_as(issue, people, reason="mentioned", at=at)


def _handles(email: str, name: str) -> set[str]:
    words = name.casefold().split()
    return {email, email.partition("@")[0], "".join(words), ".".join(words), *words[:1]}


def _issues(keys: list[str], *, by: Actor) -> list[int]:
    """The ids of those keys that somebody has; where an issue went into another, of that one."""
    found = visible(by).filter(keyed(by, keys)).values_list("id", "merged_into_id") if keys else ()
    return list(dict.fromkeys(into or own for own, into in found))
