"""What clients say they did not send, and what intake says it did not accept: in one form."""

from typing import NamedTuple

import msgspec

# The name of the reports that intake makes. A client's are named as the item is.
INTAKE = "intake"


class Discarded(NamedTuple):
    outcome: str
    category: str
    reason: str
    quantity: int


class _Entry(msgspec.Struct):
    category: str = "unknown"
    reason: str = "unknown"
    quantity: int = 0
    outcome: str = ""  # intake's alone


class _Report(msgspec.Struct):
    discarded_events: list[_Entry] = []


# Words, not sentences; and what a client makes up may not grow the table of counts without bound.
_WORD_CHARS_MAX = 64
_QUANTITY_MAX = 1_000_000
_ENTRIES_MAX = 100

_decode = msgspec.json.Decoder(_Report, strict=False).decode


def discarded(payload: bytes, *, name: str) -> list[Discarded]:
    """The counts in a report. Nothing, when it isn't one: it is a courtesy, and no reason to fail."""
    try:
        entries = _decode(payload).discarded_events
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []
    return [
        Discarded(
            outcome=e.outcome if name == INTAKE else "client_discard",
            category=e.category[:_WORD_CHARS_MAX],
            reason=e.reason[:_WORD_CHARS_MAX],
            quantity=min(e.quantity, _QUANTITY_MAX),
        )
        for e in entries[:_ENTRIES_MAX]
        if e.quantity > 0
    ]
