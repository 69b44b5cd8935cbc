"""Looking back: which moment is meant, and what of a search can be told of it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from errata.core.errors import Refusal
from errata.core.search import And, EventSide, Has, Node, Not, Or, SearchError, Term, Text
from errata.core.search.fields import LEFT

# A `+` that nobody encoded arrives as a space: 2026-11-03T14:00 01:00.
_LOST_PLUS = re.compile(r"(?<=T)([\d:.]+) (?=\d\d:?\d\d$)")
# What changes without leaving behind when: of the past it would be told as it is today.
UNTOLD_KEYS = frozenset(
    {
        "watcher", "clock", "due", "score", "users", "team", "taken_up", "ended", "returns", "response", "responded",
        "resolution", "resolved",
    }
)  # fmt: skip
_UNTOLD_STATES = frozenset({"watched", "blocked", "blocking", "unhandled", "handled"})


class AsOfRefused(Refusal):
    """No moment to look back to."""

    code = "as_of_refused"
    status = 400


class UntoldOfThePast(SearchError):
    """The search asks what nobody wrote down at the time."""

    code = "search_untold"


def moment(text: str, *, now: datetime, zone: tzinfo = UTC) -> datetime:
    """The moment that an ISO 8601 text means, in UTC; one without an offset is of the zone. Raises AsOfRefused."""
    try:
        found = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+", text.strip()))
        at = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"as_of: “{text[:60]}” is no time. Write one like 2026-11-03T14:00Z or 2026-11-03T14:00+01:00."
        raise AsOfRefused(msg, as_of=text[:60]) from None
    if at > now:
        clock = written(now.replace(microsecond=0))
        msg = f"as_of: {written(at)} is still to come, and only what was can be told. It is {clock}."
        raise AsOfRefused(msg, as_of=text[:60])
    return at


def written(at: datetime) -> str:
    """The moment as addresses name it: in UTC, to the minute where that says all."""
    utc = at.astimezone(UTC).replace(tzinfo=None)
    precision = "auto" if utc.second or utc.microsecond else "minutes"
    return f"{utc.isoformat(timespec=precision)}Z"


def check_told(node: Node | None) -> None:
    """Raises UntoldOfThePast at the first thing a search asks that can't be told of the past."""
    for word, position in untold_in(node):
        raise _untold(word, position)


def untold_in(node: Node | None) -> Iterator[tuple[str, int]]:
    """What a search asks that can't be told of the past, each with its place."""
    match node:
        case And(nodes) | Or(nodes):
            for part in nodes:
                yield from untold_in(part)
        case Not(inner):
            yield from untold_in(inner)
        case Term("is", values=values, position=position):
            yield from ((f"is:{value}", position) for value in values if value in _UNTOLD_STATES)
        case Term(key, position=position) | Has(key, position=position):
            if key in UNTOLD_KEYS or key.startswith(LEFT):
                yield key, position
        case Text() | EventSide() | None:
            pass


def check_told_order(sort: str) -> None:
    """The same of the order of a list."""
    if sort in UNTOLD_KEYS:
        raise _untold(f"sort:{sort}", 0)


def _untold(what: str, position: int) -> UntoldOfThePast:
    msg = f"“{what}” can’t be told of the past: it is only known as it is now. Leave it out, or go back to now."
    return UntoldOfThePast(msg, position=position)
