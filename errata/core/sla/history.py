"""What of an issue's history moves its clocks, and the history cut into stretches in which nothing changes."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from errata.core.sla.calendar import CalendarSince
from errata.core.sla.policy import ClockPolicy, PolicySince
from errata.core.sla.timetable import Timetable, to_us

FactKind = Literal[
    "stage",
    "priority",
    "severity",
    "waiting",  # on somebody outside; "" is nobody any more
    "word",  # somebody of the team said or did something that people see
]


class Fact(msgspec.Struct, frozen=True):
    at: datetime
    kind: FactKind
    value: str = ""
    is_open: bool = True  # of a stage


class History(msgspec.Struct, frozen=True):
    """How an issue began, and what happened to it since, in order."""

    opened_at: datetime
    stage: str
    priority: str
    severity: str
    is_open: bool = True
    waiting_on: str = ""
    facts: tuple[Fact, ...] = ()


class TimetableSince(msgspec.Struct, frozen=True):
    """A timetable and the moment from which it holds."""

    timetable: Timetable
    since: datetime | None = None


Calendars = Mapping[str, Sequence[TimetableSince]]


def timetables(versions: Sequence[CalendarSince]) -> tuple[TimetableSince, ...]:
    """The versions of a calendar, oldest first, ready to be counted with."""
    return tuple(TimetableSince(Timetable(version.calendar), version.since) for version in versions)


class Stretch(msgspec.Struct):
    """A part of an issue's life in which nothing changes that concerns its clocks."""

    since_us: int
    until_us: int
    stage: str
    priority: str
    severity: str
    is_open: bool
    waiting_on: str
    policy: ClockPolicy
    timetable: Timetable
    fact: Fact | None = None  # what it began with
    worked_us: int = 0

    @property
    def pause(self) -> str:
        """Why the clocks stand still, though the issue is open; "" when they don't."""
        if self.stage in self.policy.paused_in:
            return self.stage
        return self.waiting_on if self.policy.paused_while_waiting else ""

    @property
    def runs(self) -> bool:
        return self.is_open and not self.pause


def stretches(
    history: History, *, policies: Sequence[PolicySince], calendars: Calendars, now: datetime
) -> list[Stretch]:
    """Cut a history at everything that happened and at every switch of policy and calendar, up to now.

    What is dated behind `now` has not happened yet. A fact dated before the one it follows happened with it.
    """
    begun_us = to_us(history.opened_at)
    end_us = max(begun_us, to_us(now))
    state = (history.stage, history.priority, history.severity, history.is_open, history.waiting_on)
    found: list[Stretch] = []
    for at_us, fact in _cuts(history, policies, calendars, begun_us, end_us):
        if fact is not None:
            state = _after(state, fact)
        if found:
            found[-1].until_us = at_us
        policy = policy_at(policies, at_us)
        found.append(Stretch(at_us, end_us, *state, policy, _timetable_at(calendars, policy.calendar, at_us), fact))
    for stretch in found:
        if stretch.runs:
            stretch.worked_us = stretch.timetable.worked(stretch.since_us, stretch.until_us)
    return found


def _cuts(
    history: History, policies: Sequence[PolicySince], calendars: Calendars, begun_us: int, end_us: int
) -> Iterator[tuple[int, Fact | None]]:
    yield begun_us, None
    switches = {to_us(policy.since) for policy in policies if policy.since}
    for slug in {policy.policy.calendar for policy in policies}:
        switches |= {to_us(version.since) for version in calendars.get(slug, ()) if version.since}
    waiting = sorted(at_us for at_us in switches if begun_us < at_us <= end_us)
    last_us = begun_us
    for fact in history.facts:
        at_us = max(last_us, to_us(fact.at))
        if at_us > end_us:
            continue
        while waiting and waiting[0] <= at_us:
            yield waiting.pop(0), None
        yield at_us, fact
        last_us = at_us
    for at_us in waiting:
        yield at_us, None


State = tuple[str, str, str, bool, str]


def _after(state: State, fact: Fact) -> State:
    stage, priority, severity, is_open, waiting_on = state
    match fact.kind:
        case "stage":
            return fact.value, priority, severity, fact.is_open, waiting_on
        case "priority":
            return stage, fact.value, severity, is_open, waiting_on
        case "severity":
            return stage, priority, fact.value, is_open, waiting_on
        case "waiting":
            return stage, priority, severity, is_open, fact.value
        case "word":
            return state


def policy_at(policies: Sequence[PolicySince], at_us: int) -> ClockPolicy:
    """The policy in force: the newest one whose time has come."""
    for version in reversed(policies):
        if version.since is None or to_us(version.since) <= at_us:
            return version.policy
    return policies[0].policy


def _timetable_at(calendars: Calendars, slug: str, at_us: int) -> Timetable:
    versions = calendars.get(slug) or calendars[""]
    for version in reversed(versions):
        if version.since is None or to_us(version.since) <= at_us:
            return version.timetable
    return versions[0].timetable
