"""The clocks of many issues at once: read their histories, reckon, and say which rows that makes."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from errata.apps.clocks.grounds import Grounds, grounds_by_owner
from errata.apps.clocks.histories import KINDS, history_of
from errata.apps.clocks.models import Clock
from errata.apps.clocks.types import Promises
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.issues.types import Life
from errata.apps.records import add_counts
from errata.apps.workflows.queries import workflow_of
from errata.core.sla import MARKS, EscalationStep, Reading, reckon
from errata.core.sla.history import policy_at
from errata.core.sla.timetable import to_us
from errata.core.workflow import Workflow


class Row(msgspec.Struct):
    """A row of the clocks, as a plain value: a change of calendar writes hundreds of thousands."""

    organization_id: int
    project_id: int
    issue_id: int
    assignee_id: int | None
    kind: str
    type: str
    severity: str
    state: str
    is_live: bool
    is_first: bool
    target_s: int
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    next_at: datetime | None
    passed: int
    elapsed_s: int

    def told(self) -> tuple[Any, ...]:
        """What it says beside how long it has run, which grows by itself."""
        return msgspec.structs.astuple(self)[:-1]


_COLUMNS = Row.__struct_fields__
_UPSERT = (
    f"INSERT INTO clocks_clock ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608 - names of columns
    f"ON CONFLICT (issue_id, kind) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS)}"
)


# The states that are counted by the day.
COUNTED = Promises.__struct_fields__


class Cell(NamedTuple):
    """What a count of a day is of."""

    organization_id: int
    kind: str
    state: str
    day: date
    project_id: int
    type: str
    severity: str


class Reckoned(msgspec.Struct, frozen=True):
    """An issue with what its clocks show."""

    life: Life
    readings: tuple[Reading, ...]
    grounds: Grounds


class Planned(msgspec.Struct):
    """A row as it should be, beside the one that is there; the marks it has come to, and the steps that are due."""

    row: Row
    old: Row | None
    reading: Reading
    steps: Sequence[tuple[int, EscalationStep]] = ()
    marks: Sequence[int] = ()


class Plan(msgspec.Struct, frozen=True):
    """What there is to write: the rows, and those that are no more, by issue and kind."""

    found: Sequence[Reckoned]
    planned: list[Planned]
    gone: Mapping[tuple[int, str], Row]


def read(
    ids: Collection[int],
    *,
    at: datetime,
    explained: bool = False,
    instead: Mapping[int, Grounds] | None = None,
) -> list[Reckoned]:
    """Reckon the clocks of these issues; by other grounds for a project, where `instead` has some."""
    lives = issue_queries.lives(ids, kinds=KINDS)
    projects = {life.project_id: life.organization_id for life in lives}
    grounds = {**grounds_by_owner(projects), **(instead or {})}
    workflows = {project_id: workflow_of(project_id) for project_id in projects}
    return [
        Reckoned(
            life,
            _readings(life, grounds[life.project_id], workflows, at, explained=explained),
            grounds[life.project_id],
        )
        for life in lives
    ]


def _readings(
    life: Life, grounds: Grounds, workflows: Mapping[int, Workflow], at: datetime, *, explained: bool
) -> tuple[Reading, ...]:
    if life.merged:
        return ()
    return reckon(
        history_of(life, workflows[life.project_id]),
        policies=grounds.policies,
        calendars=grounds.calendars,
        now=at,
        percents=grounds.percents,
        explained=explained,
    )


def plan(found: Sequence[Reckoned], *, at: datetime, quietly: bool = False) -> Plan:
    """The rows that these readings make. Quietly: what is late by new rules alone is shown, and nobody is told."""
    rows = Clock.objects.filter(issue_id__in=[one.life.issue_id for one in found])
    known = {(row.issue_id, row.kind): row for row in (Row(*columns) for columns in rows.values_list(*_COLUMNS))}
    planned = []
    for one in found:
        first = first_of(one.readings)
        for reading in one.readings:
            old = known.pop((one.life.issue_id, reading.kind), None)
            planned.append(_planned(one, reading, old, first=reading is first, at=at, quietly=quietly))
    return Plan(found, planned, gone=known)


def first_of(readings: Iterable[Reading]) -> Reading | None:
    """The clock that is due first; of those that are due at no time, one that stands still."""
    live = [reading for reading in readings if reading.is_live]
    due = [(reading.due_at, place) for place, reading in enumerate(live) if reading.due_at is not None]
    return live[min(due)[1]] if due else next(iter(live), None)


def save(plan: Plan) -> int:
    """Write the rows that changed, drop those that are no more, and note it on the issues. Return how many changed."""
    changed = [one.row for one in plan.planned if one.old is None or one.row.told() != one.old.told()]
    if changed:
        with connection.cursor() as cursor:
            cursor.executemany(_UPSERT, [[_stored(value) for value in msgspec.structs.astuple(row)] for row in changed])
    for issue_id, kind in plan.gone:
        Clock.objects.filter(issue_id=issue_id, kind=kind).delete()
    add_counts("clocks_tally", _counts(plan))
    touched = {row.issue_id for row in changed} | {issue_id for issue_id, _ in plan.gone}
    notes = {one.life.issue_id: note_of(one.readings) for one in plan.found if one.life.issue_id in touched}
    issues.note_clocks(notes)
    return len(changed)


def _counts(plan: Plan) -> Counter[Cell]:
    """What the rows add to the counts of the days, and what they no longer do."""
    counts: Counter[Cell] = Counter()
    for one in plan.planned:
        counts.update(_cells(one.row))
        counts.subtract(_cells(one.old) if one.old else ())
    for row in plan.gone.values():
        counts.subtract(_cells(row))
    return counts


def _cells(row: Row) -> list[Cell]:
    at = row.started_at if row.state == "breached" else row.stopped_at
    if at is None or row.state not in COUNTED:
        return []
    day = at.astimezone(UTC).date()
    return [Cell(row.organization_id, row.kind, row.state, day, row.project_id, row.type, row.severity)]


def find_row(*, issue_id: int, kind: str, started_at: datetime) -> Row | None:
    """The row of a clock that still runs as it did, or None."""
    rows = Clock.objects.filter(issue_id=issue_id, kind=kind, started_at=started_at, is_live=True)
    columns = rows.values_list(*_COLUMNS).first()
    return Row(*columns) if columns else None


def note_of(readings: Iterable[Reading]) -> issues.ClockNote:
    """What lists show of an issue's clocks: the one that is due first, or how it ended."""
    first = first_of(readings)
    if first is not None:
        return issues.ClockNote(state=first.state, since=first.started_at, due_at=first.due_at)
    ended = next((reading for reading in readings if reading.kind == "resolution"), None)
    return issues.ClockNote(state=ended.state if ended else "", since=None, due_at=None)


def _planned(one: Reckoned, reading: Reading, old: Row | None, *, first: bool, at: datetime, quietly: bool) -> Planned:
    passed = _passed(reading, old, at=at, quietly=quietly)
    steps = due_steps(one, reading, passed=passed, at=at) if reading.is_live else []
    marks = [mark for mark in MARKS if passed < mark <= percent_of(reading)] if reading.is_live else []
    row = Row(
        organization_id=one.life.organization_id,
        project_id=one.life.project_id,
        issue_id=one.life.issue_id,
        assignee_id=one.life.assignee_id,
        kind=reading.kind,
        type=one.life.type,
        severity=one.life.severity,
        state=reading.state,
        is_live=reading.is_live,
        is_first=first,
        target_s=int(reading.target.total_seconds()),
        elapsed_s=int(reading.elapsed.total_seconds()),
        started_at=reading.started_at,
        stopped_at=reading.stopped_at,
        due_at=reading.due_at,
        next_at=at if steps or marks else reading.next_at,
        passed=passed,
    )
    return Planned(row=row, old=old, reading=reading, steps=steps, marks=marks)


def percent_of(reading: Reading) -> int:
    """The whole percents of its time that a clock has used."""
    return reading.elapsed * 100 // reading.target


def due_steps(one: Reckoned, reading: Reading, *, passed: int, at: datetime) -> list[tuple[int, EscalationStep]]:
    """The steps of the escalation whose share is reached and that were not taken, each with its place."""
    steps = policy_at(one.grounds.policies, to_us(at)).steps_for(reading.kind)
    return [(place, step) for place, step in enumerate(steps) if passed < step.percent <= percent_of(reading)]


def _passed(reading: Reading, old: Row | None, *, at: datetime, quietly: bool) -> int:
    """Up to where the escalation is dealt with. A new run or a longer promise begins anew; a clock set back doesn't."""
    reached = percent_of(reading)
    if old is None or old.started_at != reading.started_at:
        return reached if quietly else 0
    passed = old.passed
    if old.target_s != int(reading.target.total_seconds()):
        passed = min(passed, reached)
    was_due = old.next_at is not None and old.next_at <= at
    return max(passed, reached) if quietly and not was_due else passed


def _stored(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
