"""From activities to stays and lives. A follower (docs/decisions/0009-followers.md)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from errata.apps.issues import operations as issues
from errata.apps.issues.types import Followed
from errata.apps.progress.models import Life, Stay
from errata.apps.progress.ways import Way, Ways
from errata.apps.workflows.queries import workflow_of
from errata.core.vocabulary import CLOSED_CATEGORIES, Category
from errata.core.workflow import Workflow, category_of, told_by

NAME = "progress"
# Filling the tables of an old installation: a slice of this many takes some 0.2 s.
_SLICE = 500
_Workflows = Callable[[int], Workflow]
_BEGINNINGS = ("created", "split_from")


def follow(at: datetime) -> bool:
    """Tell of what happened since. Return whether there may be more."""
    return issues.follow(NAME, at=at, apply=apply, limit=_SLICE) == _SLICE


def apply(followed: Sequence[Followed]) -> None:
    """Put activities into stays and lives."""
    ways = Ways({one.issue_id for one in followed})
    workflow = cache(workflow_of)
    for one in followed:
        if one.kind == "merged_into":
            # It is told of as what it went into; its own numbers would count one failure twice.
            ways.forget(one.issue_id)
        elif one.kind == "unmerged" and one.after.get("issue"):
            if way := _way_again(one, workflow):
                ways.put(way)
        else:
            _step(ways, one, workflow)
    ways.save()


def _way_again(unmerged: Followed, workflow: _Workflows) -> Way | None:
    """All of the way of an issue that was merged, as if it had not been."""
    ways = Ways(())
    for one in issues.history(unmerged.issue_id, until=unmerged.id):
        _step(ways, one, workflow)
    return ways.find(unmerged.issue_id)


def _step(ways: Ways, one: Followed, workflow: _Workflows) -> None:
    way = ways.find(one.issue_id)
    if way is None:
        if one.kind in _BEGINNINGS:
            ways.put(_begun(one, workflow(one.project_id)))
        return
    match one.kind:
        case "stage" | "regressed":
            _move(way, one, workflow(one.project_id))
        case "assignee" if one.after.get("assignee"):
            _take_up(way.life, one.at)
        case "type" | "severity":
            for row in (way.life, *way.stays):
                setattr(row, one.kind, _short(one, one.kind))


def _begun(one: Followed, workflow: Workflow) -> Way:
    stage = str(one.after.get("stage") or workflow.initial.name)
    life = Life(
        issue_id=one.issue_id, organization_id=one.organization_id, project_id=one.project_id, type=_short(one, "type"),
        severity=_short(one, "severity"), opened_at=one.at,
    )  # fmt: skip
    return Way(life, [_stay(life, stage, _category(one, stage, workflow), one.at)])


def _stay(life: Life, stage: str, category: Category, at: datetime) -> Stay:
    return Stay(
        issue_id=life.issue_id, organization_id=life.organization_id, project_id=life.project_id, type=life.type,
        severity=life.severity, stage=stage, category=category, entered_at=at,
    )  # fmt: skip


def _move(way: Way, one: Followed, workflow: Workflow) -> None:
    here = way.stays[-1]
    stage = str(one.after.get("stage", ""))
    category = _category(one, stage, workflow)
    # One that comes late, after it was set aside, changes no stay that began since.
    if one.at < here.entered_at or (here.stage, here.category) == (stage, category):
        return
    _leave(way, one.at)
    way.stays.append(_stay(way.life, stage, category, one.at))
    if category != "new":
        _take_up(way.life, one.at)
    _end_or_return(way.life, one.at, before=here.category, after=category)


def _leave(way: Way, at: datetime) -> None:
    """What the issue spent in the stage before is told with this time, for an issue is counted once in each stage."""
    here = way.stays[-1]
    here.left_at, here.total_s = at, _between(here.entered_at, at)
    for before in way.stays[:-1]:
        if before.stage == here.stage and before.total_s is not None:
            here.total_s += before.total_s
            before.total_s = None


def _end_or_return(life: Life, at: datetime, *, before: str, after: str) -> None:
    if before not in CLOSED_CATEGORIES and after in CLOSED_CATEGORIES:
        life.ended_at, life.ended_s = at, _between(life.opened_at, at)
    elif before in CLOSED_CATEGORIES and after not in CLOSED_CATEGORIES:
        life.ended_at, life.ended_s, life.returns = None, None, life.returns + 1


def _take_up(life: Life, at: datetime) -> None:
    if life.taken_up_at is None:
        life.taken_up_at, life.taken_up_s = at, _between(life.opened_at, at)


def _category(one: Followed, stage: str, workflow: Workflow) -> Category:
    found = category_of(stage, told=told_by(one.after), workflow=workflow)
    return found or "active"


def _short(one: Followed, name: str) -> str:
    return str(one.after.get(name) or "")[:40]


def _between(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))
