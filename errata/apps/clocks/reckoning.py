"""The clocks of many issues at once: read their histories, reckon, and say which rows that makes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from errata.apps.clocks.grounds import Grounds, grounds_of
from errata.apps.clocks.histories import KINDS, history_of
from errata.apps.clocks.models import Clock
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.issues.types import Life
from errata.apps.workflows.queries import workflow_of
from errata.core.sla import EscalationStep, Reading, reckon
from errata.core.sla.history import policy_at
from errata.core.sla.timetable import to_us
from errata.core.workflow import Workflow

_COLUMNS = (
    "organization_id", "project_id", "issue_id", "assignee_id", "kind", "state", "is_live", "is_first", "target_s",
    "elapsed_s", "started_at", "stopped_at", "due_at", "next_at", "passed",
)  # fmt: skip
# What a row says beside how long it has run, which grows by itself.
_TOLD = tuple(column for column in _COLUMNS if column != "elapsed_s")
_ROWS_AT_ONCE = 500


class Reckoned(msgspec.Struct, frozen=True):
    """An issue with what its clocks show."""

    life: Life
    readings: tuple[Reading, ...]
    grounds: Grounds


class Planned(msgspec.Struct):
    """A row as it should be, beside the one that is there; and the steps of the escalation that are due."""

    row: Clock
    old: Clock | None
    reading: Reading
    steps: Sequence[tuple[int, EscalationStep]] = ()


def read(
    ids: Collection[int],
    *,
    at: datetime,
    explained: bool = False,
    instead: Mapping[int, Grounds] | None = None,
) -> list[Reckoned]:
    """Reckon the clocks of these issues; by other grounds for a project, where `instead` has some."""
    lives = issue_queries.lives(ids, kinds=KINDS)
    projects = {life.project_id for life in lives}
    grounds = {**grounds_of(projects), **(instead or {})}
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


def plan(found: Sequence[Reckoned], *, at: datetime, quietly: bool = False) -> list[Planned]:
    """The rows that these readings make. Quietly: what is late by new rules alone is shown, and nobody is told."""
    rows = Clock.objects.filter(issue_id__in=[one.life.issue_id for one in found])
    known = {(row.issue_id, row.kind): row for row in rows}
    planned = []
    for one in found:
        first = first_of(one.readings)
        for reading in one.readings:
            old = known.get((one.life.issue_id, reading.kind))
            planned.append(_planned(one, reading, old, first=reading is first, at=at, quietly=quietly))
    return planned


def first_of(readings: Iterable[Reading]) -> Reading | None:
    """The clock that is due first; of those that are due at no time, one that stands still."""
    live = [reading for reading in readings if reading.is_live]
    due = [(reading.due_at, place) for place, reading in enumerate(live) if reading.due_at is not None]
    return live[min(due)[1]] if due else next(iter(live), None)


def save(found: Sequence[Reckoned], planned: Sequence[Planned]) -> int:
    """Write the rows that changed, drop those that are no more, and note it on the issues. Return how many changed."""
    changed = [one.row for one in planned if one.old is None or _differs(one.row, one.old)]
    Clock.objects.bulk_create(
        changed,
        batch_size=_ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["issue", "kind"],
        update_fields=[column.removesuffix("_id") for column in _COLUMNS if column not in ("issue_id", "kind")],
    )
    kept: dict[int, set[str]] = {one.life.issue_id: set() for one in found}
    for one in planned:
        kept[one.row.issue_id].add(one.row.kind)
    gone = Clock.objects.filter(issue_id__in=kept).values_list("id", "issue_id", "kind")
    dropped = [(number, issue_id) for number, issue_id, kind in gone if kind not in kept[issue_id]]
    if dropped:
        Clock.objects.filter(id__in=[number for number, _ in dropped]).delete()
    touched = {row.issue_id for row in changed} | {issue_id for _, issue_id in dropped}
    notes = {one.life.issue_id: note_of(one.readings) for one in found if one.life.issue_id in touched}
    issues.note_clocks(notes)
    return len(changed)


def note_of(readings: Iterable[Reading]) -> issues.ClockNote:
    """What lists show of an issue's clocks: the one that is due first, or how it ended."""
    first = first_of(readings)
    if first is not None:
        return issues.ClockNote(state=first.state, since=first.started_at, due_at=first.due_at)
    ended = next((reading for reading in readings if reading.kind == "resolution"), None)
    return issues.ClockNote(state=ended.state if ended else "", since=None, due_at=None)


def _planned(
    one: Reckoned, reading: Reading, old: Clock | None, *, first: bool, at: datetime, quietly: bool
) -> Planned:
    passed = _passed(reading, old, at=at, quietly=quietly)
    steps = due_steps(one, reading, passed=passed, at=at) if reading.is_live else []
    row = Clock(
        organization_id=one.life.organization_id,
        project_id=one.life.project_id,
        issue_id=one.life.issue_id,
        assignee_id=one.life.assignee_id,
        kind=reading.kind,
        state=reading.state,
        is_live=reading.is_live,
        is_first=first,
        target_s=int(reading.target.total_seconds()),
        elapsed_s=int(reading.elapsed.total_seconds()),
        started_at=reading.started_at,
        stopped_at=reading.stopped_at,
        due_at=reading.due_at,
        next_at=at if steps else reading.next_at,
        passed=passed,
    )
    return Planned(row=row, old=old, reading=reading, steps=steps)


def percent_of(reading: Reading) -> int:
    """The whole percents of its time that a clock has used."""
    return reading.elapsed * 100 // reading.target


def due_steps(one: Reckoned, reading: Reading, *, passed: int, at: datetime) -> list[tuple[int, EscalationStep]]:
    """The steps of the escalation whose share is reached and that were not taken, each with its place."""
    steps = policy_at(one.grounds.policies, to_us(at)).steps_for(reading.kind)
    return [(place, step) for place, step in enumerate(steps) if passed < step.percent <= percent_of(reading)]


def _passed(reading: Reading, old: Clock | None, *, at: datetime, quietly: bool) -> int:
    """Up to where the escalation is dealt with. A new run or a longer promise begins anew; a clock set back doesn't."""
    reached = percent_of(reading)
    if old is None or old.started_at != reading.started_at:
        return reached if quietly else 0
    passed = old.passed
    if old.target_s != int(reading.target.total_seconds()):
        passed = min(passed, reached)
    was_due = old.next_at is not None and old.next_at <= at
    return max(passed, reached) if quietly and not was_due else passed


def _differs(row: Clock, old: Clock) -> bool:
    return any(getattr(row, name) != getattr(old, name) for name in _TOLD)
