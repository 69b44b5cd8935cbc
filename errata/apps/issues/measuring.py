"""What the ranking looks at, of many issues at once: three statements a slice, and no rows of the list's width."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import QuerySet

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import by_key
from errata.apps.issues.models import Grouping, Issue, IssueLabel
from errata.apps.issues.search import OPEN
from errata.apps.issues.types import ClockState


class Measured(msgspec.Struct, frozen=True):
    """An issue as the ranking sees it."""

    id: int
    key: str
    title: str
    project_id: int
    type: str
    priority: str
    severity: str
    priority_rank: int
    severity_rank: int
    users: int
    count: int
    first_seen: datetime
    last_seen: datetime
    regressed: bool
    unhandled: bool
    assigned: bool
    clock_state: ClockState
    clock_from: datetime | None
    due_at: datetime | None
    values: Mapping[str, Any]
    score: float  # as it was noted last
    labels: frozenset[str] = frozenset()  # case-folded
    groups: tuple[int, ...] = ()  # fingerprints


_COLUMNS = (
    "id", "project__key", "number", "title", "project_id", "type", "priority", "severity", "priority_rank",
    "severity_rank", "users", "count", "first_seen", "last_seen", "regressed", "unhandled", "assignee_id",
    "clock_state", "clock_from", "due_at", "values", "score",
)  # fmt: skip


def open_behind(issue_id: int, *, limit: int) -> list[Measured]:
    """A slice of the installation's open issues, by id: what goes round them all."""
    return _measured(Issue.objects.filter(OPEN, merged_into=None, id__gt=issue_id).order_by("id")[:limit])


def open_by_ids(ids: Collection[int]) -> list[Measured]:
    """Those of these issues that are open."""
    return _measured(Issue.objects.filter(OPEN, merged_into=None, id__in=ids).order_by("id"))


def open_in(*, actor: Actor, projects: Collection[int], limit: int) -> list[Measured]:
    """The open issues of these projects that were seen last."""
    allow(actor, "issue:read")
    return _measured(_open_in(actor, projects).order_by("-last_seen", "-id")[:limit])


def measured(*, actor: Actor, key: str) -> Measured | None:
    """One issue by its key, open or not; None when it isn't there."""
    allow(actor, "issue:read")
    return next(iter(_measured(by_key(actor, key)[:1])), None)


def place_among(*, actor: Actor, project_id: int, score: float) -> tuple[int, int]:
    """How many open issues of the project have a higher score, and how many there are."""
    allow(actor, "issue:read")
    rows = _open_in(actor, [project_id])
    return rows.filter(score__gt=score).count(), rows.count()


def _open_in(actor: Actor, projects: Collection[int]) -> QuerySet[Issue]:
    rows = Issue.objects.filter(OPEN, organization_id=actor.organization_id, merged_into=None)
    return rows.filter(project_id__in=projects)


def _measured(issues: QuerySet[Issue]) -> list[Measured]:
    found = list(issues.values_list(*_COLUMNS))
    ids = [row[0] for row in found]
    labels: dict[int, set[str]] = {}
    for issue_id, name in IssueLabel.objects.filter(issue_id__in=ids).values_list("issue_id", "label__folded"):
        labels.setdefault(issue_id, set()).add(name)
    groups: dict[int, list[int]] = {}
    for issue_id, fingerprint in Grouping.objects.filter(issue_id__in=ids).values_list("issue_id", "fingerprint"):
        groups.setdefault(issue_id, []).append(fingerprint)
    return [_one(row, labels=frozenset(labels.get(row[0], ())), groups=tuple(groups.get(row[0], ()))) for row in found]


def _one(row: tuple[Any, ...], *, labels: frozenset[str], groups: tuple[int, ...]) -> Measured:
    columns = dict(zip(_COLUMNS, row, strict=True))
    key = f"{columns.pop('project__key')}-{columns.pop('number')}"
    assigned = columns.pop("assignee_id") is not None
    return Measured(**columns, key=key, assigned=assigned, labels=labels, groups=groups)
