"""The clocks of an issue, as a function of its history: how long, how much is left, until when, and why."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from errata.core.sla.history import Calendars, History, Stretch, stretches
from errata.core.sla.parts import Part, parts_of
from errata.core.sla.policy import ClockKind, PolicySince
from errata.core.sla.timetable import MINUTE_US, from_us

KINDS: tuple[ClockKind, ...] = ("response", "update", "resolution")
# From which shares of its time a clock is at risk, in percent.
RISKS = (50, 75, 90)
BREACH = 100
# What a clock is told to have reached.
MARKS = (*RISKS, BREACH)

ReadingState = Literal["running", "at_risk", "breached", "paused", "met", "missed"]


class Reading(msgspec.Struct, frozen=True):
    """What a clock shows."""

    kind: ClockKind
    state: ReadingState
    target: timedelta
    elapsed: timedelta  # of the time that counts
    left: timedelta  # below zero once it is breached
    share: float  # of the target
    risk: int  # the greatest of RISKS that was reached; 0 below, 100 once breached
    started_at: datetime
    stopped_at: datetime | None
    as_of: datetime
    due_at: datetime | None  # where elapsed reaches the target; None while it stands still before that
    next_at: datetime | None  # when the next of the percents is reached
    next_percent: int | None
    paused_by: str  # a stage, or whom the issue waits on
    priority: str
    severity: str
    calendar: str
    parts: tuple[Part, ...] = ()

    @property
    def is_live(self) -> bool:
        return self.stopped_at is None


def reckon(
    history: History,
    *,
    policies: Sequence[PolicySince],
    calendars: Calendars,
    now: datetime,
    percents: Collection[int] = (),
    explained: bool = False,
) -> tuple[Reading, ...]:
    """Read each clock that the policy promises something about. With `explained`, every minute is accounted for."""
    life = stretches(history, policies=policies, calendars=calendars, now=now)
    marks = sorted({*MARKS, *percents})
    found = (_reading(kind, life, marks, explained=explained) for kind in KINDS)
    return tuple(reading for reading in found if reading is not None)


class Run(msgspec.Struct):
    """A clock's run: the stretches from its start to its stop, or to now, and what is promised of it."""

    life: Sequence[Stretch]
    last: Stretch  # as it stopped, or is now: it says what is promised
    started_us: int
    stopped_us: int | None
    target_us: int
    elapsed_us: int

    @property
    def is_live(self) -> bool:
        return self.stopped_us is None

    def place(self, amount_us: int) -> tuple[int, Stretch] | None:
        """When so much time had counted, or will have if nothing changes, and the stretch in which that is."""
        counted = 0
        for stretch in self.life:
            if counted + stretch.worked_us >= amount_us:
                return _at(stretch, stretch.since_us, amount_us - counted)
            counted += stretch.worked_us
        last = self.life[-1]
        return _at(last, last.until_us, amount_us - counted) if self.is_live and last.runs else None

    def reached(self, amount_us: int) -> int | None:
        """The same moment alone."""
        found = self.place(amount_us)
        return found[0] if found else None


def _at(stretch: Stretch, since_us: int, amount_us: int) -> tuple[int, Stretch] | None:
    at_us = stretch.timetable.reached(since_us, amount_us)
    return None if at_us is None else (at_us, stretch)


def run_of(kind: ClockKind, life: Sequence[Stretch]) -> Run | None:
    """The run of a clock in a life; None where nothing is promised."""
    place = _RUNS[kind](life)
    if place is None:
        return None
    start, stop = place
    own = life[start : len(life) if stop is None else stop]
    last = own[-1] if own else life[start]
    allowed_min = last.policy.allowed_min(kind, last.priority, last.severity)
    if allowed_min is None:
        return None
    return Run(
        life=own,
        last=last,
        started_us=life[start].since_us,
        stopped_us=None if stop is None else life[stop].since_us,
        target_us=max(1, allowed_min * MINUTE_US),
        elapsed_us=sum(stretch.worked_us for stretch in own),
    )


def _reading(kind: ClockKind, life: Sequence[Stretch], marks: Sequence[int], *, explained: bool) -> Reading | None:
    run = run_of(kind, life)
    if run is None:
        return None
    last, target_us = run.last, run.target_us
    mark = next((mark for mark in marks if run.elapsed_us * 100 < mark * target_us), None) if run.is_live else None
    due_us = run.reached(target_us) if run.life else None
    next_us = run.reached(-(-mark * target_us // 100)) if mark is not None else None
    return Reading(
        kind=kind,
        state=_state(run, target_us, last),
        target=_span(target_us),
        elapsed=_span(run.elapsed_us),
        left=_span(target_us - run.elapsed_us),
        share=run.elapsed_us / target_us,
        risk=max((mark for mark in (*RISKS, BREACH) if run.elapsed_us * 100 >= mark * target_us), default=0),
        started_at=from_us(run.started_us),
        stopped_at=None if run.stopped_us is None else from_us(run.stopped_us),
        as_of=from_us(life[-1].until_us),
        due_at=None if due_us is None else from_us(due_us),
        next_at=None if next_us is None else from_us(next_us),
        next_percent=mark if next_us is not None else None,
        paused_by=last.pause if run.is_live else "",
        priority=last.priority,
        severity=last.severity,
        calendar=last.timetable.calendar.name,
        parts=parts_of(kind, run.life) if explained else (),
    )


def _state(run: Run, target_us: int, last: Stretch) -> ReadingState:
    if not run.is_live:
        return "met" if run.elapsed_us <= target_us else "missed"
    if run.elapsed_us >= target_us:
        return "breached"
    if last.pause:
        return "paused"
    return "at_risk" if run.elapsed_us * 100 >= RISKS[0] * target_us else "running"


Place = tuple[int, int | None]  # the stretches with which a run begins, and stops


def _response(life: Sequence[Stretch]) -> Place | None:
    """From the opening to the first word, or to the end if it comes without one."""
    return 0, next((i for i, stretch in enumerate(life) if _is_word(stretch, life[0]) or not stretch.is_open), None)


def _update(life: Sequence[Stretch]) -> Place | None:
    """From the last word, or the reopening. What is finished needs no news."""
    if not life[-1].is_open:
        return None
    begun = (i for i in range(len(life) - 1, 0, -1) if _is_word(life[i], life[0]) or not life[i - 1].is_open)
    return next(begun, 0), None


def _resolution(life: Sequence[Stretch]) -> Place | None:
    """To the last time it was finished, across reopenings or from the last one, as the policy then said."""
    start = 0
    for i in range(1, len(life)):
        if life[i].is_open and not life[i - 1].is_open and life[i].policy.on_reopen == "restart":
            start = i
    if life[-1].is_open:
        return start, None
    ended = len(life) - 1
    while ended > start and not life[ended - 1].is_open:
        ended -= 1
    return start, ended


_RUNS = {"response": _response, "update": _update, "resolution": _resolution}


def _is_word(stretch: Stretch, first: Stretch) -> bool:
    """A word counts once the issue is there: what its author did in creating it answers nobody."""
    return stretch.fact is not None and stretch.fact.kind == "word" and stretch.since_us > first.since_us


def _span(us: int) -> timedelta:
    return timedelta(microseconds=us)
