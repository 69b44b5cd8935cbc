"""A clock's run, minute by minute: every stretch of wall time with what it was."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

import msgspec

from errata.core.sla.calendar import Day
from errata.core.sla.history import Stretch
from errata.core.sla.policy import ClockKind
from errata.core.sla.timetable import from_us

PartKind = Literal[
    "counted",
    "outside",  # of the working hours
    "holiday",
    "closed",  # a day, or the rest of a half day, on which the team doesn't work
    "paused",  # in a stage
    "waiting",  # on somebody outside
    "stopped",  # finished, before it was reopened
    "switch",  # takes no time: what is promised, or the calendar, changed here
]


class Part(msgspec.Struct, frozen=True):
    since: datetime
    until: datetime
    kind: PartKind
    label: str  # the stage, the holiday, whom it waits on, what was switched

    @property
    def length(self) -> timedelta:
        return self.until - self.since


Piece = tuple[int, int, PartKind, str]


def parts_of(kind: ClockKind, run: Sequence[Stretch]) -> tuple[Part, ...]:
    """The parts of a run in order. They follow one another without a gap, and those that count make up its elapsed."""
    return tuple(Part(from_us(since), from_us(until), what, label) for since, until, what, label in _joined(kind, run))


def _joined(kind: ClockKind, run: Sequence[Stretch]) -> Iterator[Piece]:
    held: Piece | None = None
    for piece in _pieces(kind, run):
        if held is not None and held[2:] == piece[2:] and piece[2] != "switch":
            held = (held[0], piece[1], held[2], held[3])
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _pieces(kind: ClockKind, run: Sequence[Stretch]) -> Iterator[Piece]:
    if run:
        yield from _spent(run[0])
    for before, stretch in pairwise(run):
        for label in _switches(kind, before, stretch):
            yield stretch.since_us, stretch.since_us, "switch", label
        yield from _spent(stretch)


def _spent(stretch: Stretch) -> Iterator[Piece]:
    since_us, until_us = stretch.since_us, stretch.until_us
    if since_us == until_us:
        return
    if not stretch.is_open:
        yield since_us, until_us, "stopped", stretch.stage
    elif stretch.pause:
        kind: PartKind = "paused" if stretch.stage in stretch.policy.paused_in else "waiting"
        yield since_us, until_us, kind, stretch.pause
    else:
        yield from _worked(stretch)


def _worked(stretch: Stretch) -> Iterator[Piece]:
    table, at_us = stretch.timetable, stretch.since_us
    for open_us, close_us in table.openings(stretch.since_us, stretch.until_us):
        if at_us < open_us:
            yield from _closed(stretch, at_us, open_us)
        yield open_us, close_us, "counted", table.calendar.name
        at_us = close_us
    if at_us < stretch.until_us:
        yield from _closed(stretch, at_us, stretch.until_us)


def _closed(stretch: Stretch, since_us: int, until_us: int) -> Iterator[Piece]:
    for begun_us, ended_us, day in stretch.timetable.closings(since_us, until_us):
        yield begun_us, ended_us, *_reason(day)


def _reason(day: Day | None) -> tuple[PartKind, str]:
    if day is None:
        return "outside", "Outside working hours"
    return ("holiday" if day.kind == "holiday" else "closed"), day.name


def _switches(kind: ClockKind, before: Stretch, after: Stretch) -> Iterator[str]:
    was, now = (stretch.policy.allowed_min(kind, stretch.priority, stretch.severity) for stretch in (before, after))
    for name in ("priority", "severity"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield f"{name.capitalize()} {old} \u2192 {new}: {_promise(was, now)}"
    if before.policy != after.policy:
        yield f"Another policy: {_promise(was, now)}"
    if before.timetable is not after.timetable:
        yield f"Another calendar: {after.timetable.calendar.name}"


def _promise(was: int | None, now: int | None) -> str:
    return f"{_length(was)} stay" if was == now else f"{_length(was)} become {_length(now)}"


def _length(minutes: int | None) -> str:
    if minutes is None:
        return "no limit"
    # No days: those of a calendar have as many hours as the team works.
    return f"{minutes // 60} h" if minutes and minutes % 60 == 0 else f"{minutes} min"
