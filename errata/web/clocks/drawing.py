"""Clocks as shapes: a ring for a share, a band for what its wall time was. Numbers in, geometry out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import pi

import msgspec

from errata.core.sla import Part, Reading

RADIUS = 7.5
AROUND = round(2 * pi * RADIUS, 2)
WIDTH = 1_000
_STATES = {
    "running": "in time",
    "at_risk": "at risk",
    "breached": "late",
    "paused": "stands still",
    "met": "kept",
    "missed": "missed",
}


class Ring(msgspec.Struct, frozen=True):
    """How much of a circle is drawn, in which state, and in words."""

    state: str
    dash: str
    words: str


class Piece(msgspec.Struct, frozen=True):
    x: float
    width: float
    kind: str
    title: str


class Band(msgspec.Struct, frozen=True):
    """The wall time of a clock from left to right, with where it is due."""

    pieces: list[Piece]
    due_x: float | None
    switches: list[float]
    since: datetime
    until: datetime


def state_words(state: str) -> str:
    """A state as people say it."""
    return _STATES.get(state, state)


def ring_of(reading: Reading) -> Ring:
    """The ring of a clock whose share is known."""
    return Ring(
        state=reading.state, dash=dash(reading.share), words=f"{reading.share:.0%}, {state_words(reading.state)}"
    )


def dash(share: float) -> str:
    """The dashes with which a circle shows a share of itself."""
    return f"{min(1.0, max(0.0, share)) * AROUND:.2f} {AROUND}"


def due_words(due_at: datetime, *, now: datetime) -> str:
    """How far ahead, or how late: `Due in 4 h`, `2 d late`."""
    late = due_at <= now
    length = _rounded(abs(due_at - now))
    return f"{length} late" if late else f"Due in {length}"


def _rounded(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{(seconds + size // 2) // size} {unit}"
    return f"{seconds} s"


def band(reading: Reading, *, whole: bool = False) -> Band | None:
    """The band of an explained clock; None of one that has only begun.

    A whole one reaches to when the clock is due, so that what is filled is how far it has come.
    """
    if not reading.parts:
        return None
    since, last = reading.parts[0].since, reading.parts[-1].until
    due = reading.due_at if reading.due_at and reading.due_at > since else None
    # What is far ahead would squeeze what has been: the band then ends a quarter behind now.
    until = max(last, due if whole else min(due, last + (last - since) / 3)) if due else last
    length = max(until - since, timedelta(seconds=1))

    def at(moment: datetime) -> float:
        return round((moment - since) / length * WIDTH, 2)

    pieces = [
        Piece(
            x=at(part.since),
            width=max(0.5, round(at(part.until) - at(part.since), 2)),
            kind=part.kind,
            title=_title(part),
        )
        for part in reading.parts
        if part.kind != "switch"
    ]
    return Band(
        pieces=pieces,
        due_x=at(due) if due and due <= until else None,
        switches=[at(part.since) for part in reading.parts if part.kind == "switch"],
        since=since,
        until=until,
    )


def heights(counts: Sequence[int], *, highest: int = 40) -> list[float]:
    """The heights of a strip's columns; what there is, is seen."""
    most = max(*counts, 1)
    return [round(max(3.0, highest * count / most), 1) if count else 0.0 for count in counts]


def _title(part: Part) -> str:
    return f"{part.label}: {part.length}".split(".")[0]
