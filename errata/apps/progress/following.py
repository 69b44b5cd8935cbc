"""From activities to stays and lives. A follower (docs/decisions/0009-followers.md)."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from errata.apps.issues import operations as issues
from errata.apps.issues.types import Followed
from errata.apps.progress.models import Life, Stay
from errata.apps.workflows.queries import workflow_of
from errata.core.vocabulary import CLOSED_CATEGORIES, Category
from errata.core.workflow import category_of, told_by

NAME = "progress"
# Filling the tables of an old installation: a slice of this many takes some 0.2 s.
_SLICE = 1_000


def follow(at: datetime) -> bool:
    """Tell of what happened since. Return whether there may be more."""
    return issues.follow(NAME, at=at, apply=apply, limit=_SLICE) == _SLICE


def apply(followed: Sequence[Followed]) -> None:
    """Put activities into stays and lives."""
    _begin([one for one in followed if one.kind in ("created", "split_from")])
    for one in followed:
        match one.kind:
            case "stage" | "regressed":
                _moved(one)
            case "assignee" if one.after.get("assignee"):
                _taken_up(one.issue_id, one.at)
            case "type" | "severity":
                value = {one.kind: str(one.after.get(one.kind, ""))[:40]}
                Life.objects.filter(issue_id=one.issue_id).update(**value)
                Stay.objects.filter(issue_id=one.issue_id, left_at=None).update(**value)
            case "merged_into":
                # It is told of as what it went into; its own numbers would count one failure twice.
                Stay.objects.filter(issue_id=one.issue_id).delete()
                Life.objects.filter(issue_id=one.issue_id).delete()
            case "unmerged" if one.after.get("issue"):
                _begin([one])


def _begin(followed: Sequence[Followed]) -> None:
    """The issues that are new here, most often many at once: an import, an outage."""
    if not followed:
        return
    stays, lives = [], []
    known = set(Life.objects.filter(issue_id__in={one.issue_id for one in followed}).values_list("issue_id", flat=True))
    for one in followed:
        if one.issue_id in known:
            continue
        stage = str(one.after.get("stage") or workflow_of(one.project_id).initial.name)
        place = {"issue_id": one.issue_id, "organization_id": one.organization_id, "project_id": one.project_id}
        kind = {name: str(one.after.get(name) or "")[:40] for name in ("type", "severity")}
        category = _category(one, stage)
        stays.append(Stay(**place, **kind, stage=stage, category=category, entered_at=one.at))
        lives.append(Life(**place, **kind, opened_at=one.at))
    Stay.objects.bulk_create(stays, ignore_conflicts=True)
    Life.objects.bulk_create(lives, ignore_conflicts=True)


def _moved(one: Followed) -> None:
    stage = str(one.after.get("stage", ""))
    here = Stay.objects.filter(issue_id=one.issue_id, left_at=None).first()
    category = _category(one, stage)
    # One that comes late, after it was set aside, changes no stay that began since.
    if here is None or one.at < here.entered_at or (here.stage, here.category) == (stage, category):
        return
    Stay.objects.filter(id=here.id).update(left_at=one.at, seconds=_between(here.entered_at, one.at))
    Stay.objects.create(
        issue_id=one.issue_id, organization_id=one.organization_id, project_id=one.project_id, stage=stage,
        category=category, type=here.type, severity=here.severity, entered_at=one.at,
    )  # fmt: skip
    if category != "new":
        _taken_up(one.issue_id, one.at)
    _ended_or_returned(one, before=here.category, after=category)


def _ended_or_returned(one: Followed, *, before: str, after: str) -> None:
    life = Life.objects.filter(issue_id=one.issue_id)
    if before not in CLOSED_CATEGORIES and after in CLOSED_CATEGORIES:
        opened_at = life.values_list("opened_at", flat=True).first() or one.at
        life.update(ended_at=one.at, ended_s=_between(opened_at, one.at))
    elif before in CLOSED_CATEGORIES and after not in CLOSED_CATEGORIES:
        life.update(ended_at=None, ended_s=None, returns=F("returns") + 1)


def _taken_up(issue_id: int, at: datetime) -> None:
    life = Life.objects.filter(issue_id=issue_id, taken_up_at=None).first()
    if life is not None:
        Life.objects.filter(issue_id=issue_id).update(taken_up_at=at, taken_up_s=_between(life.opened_at, at))


def _category(one: Followed, stage: str) -> Category:
    found = category_of(stage, told=told_by(one.after), workflow=workflow_of(one.project_id))
    return found or "active"


def _between(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))
