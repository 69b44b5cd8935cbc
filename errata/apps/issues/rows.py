"""From rows to what others may hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from errata.apps.accounts.queries import initials, person_of
from errata.apps.accounts.types import Person
from errata.apps.issues.models import Activity, Comment, Grouping, Issue, IssueLabel, IssueLink
from errata.apps.issues.types import ActivityView, ClockState, CommentView, IssueRow, LabelView, ProjectRef
from errata.core.vocabulary import OPEN_CATEGORIES

UNDOABLE = {
    "title", "description", "type", "priority", "severity", "labels", "assignee", "deputy", "stage", "merged",
    "parent", "waiting_on", "field",
}  # fmt: skip


class _Own(msgspec.Struct):
    """The columns of an issue that a row takes as they are."""

    id: int
    number: int
    title: str
    culprit: str
    type: str
    priority: str
    severity: str
    stage: str
    category: str
    level: str
    platform: str
    source: str
    count: int
    users: int
    first_seen: datetime
    last_seen: datetime
    created_at: datetime
    updated_at: datetime
    stage_changed_at: datetime
    comment_count: int
    unhandled: bool
    regressed: bool
    regressed_at: datetime | None
    reason: str
    first_release: str
    last_release: str
    version: int
    seq: int
    values: dict[str, Any]
    waiting_on: str
    score: float
    clock_state: ClockState
    clock_from: datetime | None
    due_at: datetime | None


class _Counts(msgspec.Struct):
    """What is counted of an issue's relatives."""

    parts: int
    parts_done: int
    blockers: int


_PROJECT = ("id", "slug", "name", "key", "platform")
_PERSON = ("id", "email", "name", "is_active")
_COLUMNS = (
    *_Own.__struct_fields__,
    *(f"project__{field}" for field in _PROJECT),
    *(f"assignee__{field}" for field in _PERSON),
    *(f"deputy__{field}" for field in _PERSON),
    "parent__project__key",
    "parent__number",
    *_Counts.__struct_fields__,
)
# Counted in the same statement: both are look-ups of an index, and mostly find nothing.
_CHILDREN = Issue.objects.filter(parent=OuterRef("pk"), merged_into=None).order_by()
_BLOCKING = IssueLink.objects.filter(target=OuterRef("pk"), kind="blocks", source__is_open__in=(True,)).order_by()


def _counted(rows: QuerySet[Any], by: str) -> Coalesce:
    return Coalesce(Subquery(rows.values(by).annotate(times=Count("pk")).values("times")), 0)


_PARTS = _counted(_CHILDREN, "parent")
_PARTS_DONE = _counted(_CHILDREN.filter(is_open__in=(False,)), "parent")
_BLOCKERS = _counted(_BLOCKING, "target")
_END_OF_OWN = len(_Own.__struct_fields__)
_END_OF_PROJECT = _END_OF_OWN + len(_PROJECT)
_END_OF_ASSIGNEE = _END_OF_PROJECT + len(_PERSON)
_END_OF_DEPUTY = _END_OF_ASSIGNEE + len(_PERSON)
_END_OF_PARENT = _END_OF_DEPUTY + 2


def fetch_rows(issues: QuerySet[Issue]) -> list[IssueRow]:
    """Fetch what lists show, in the order of the query: three statements, and tuples instead of model instances."""
    found = list(issues.annotate(parts=_PARTS, parts_done=_PARTS_DONE, blockers=_BLOCKERS).values_list(*_COLUMNS))
    ids = [columns[0] for columns in found]
    labels, groups = _labels(ids), _groups(ids)
    return [_row(columns, labels.get(columns[0], []), groups.get(columns[0], [])) for columns in found]


def fetch_by_ids(ids: Sequence[int]) -> list[IssueRow]:
    """Fetch the rows of these issues, in this order."""
    rows = {row.id: row for row in fetch_rows(Issue.objects.filter(id__in=ids))} if ids else {}
    return [rows[issue_id] for issue_id in ids if issue_id in rows]


def _row(columns: tuple[object, ...], labels: list[LabelView], groups: list[int]) -> IssueRow:
    own = _Own(*columns[:_END_OF_OWN])  # type: ignore[arg-type]  # the columns are _Own's own fields
    counts = _Counts(*columns[_END_OF_PARENT:])  # type: ignore[arg-type]  # and _Counts'
    project = ProjectRef(*columns[_END_OF_OWN:_END_OF_PROJECT])  # type: ignore[arg-type]  # and _PROJECT's
    return IssueRow(
        id=own.id,
        key=f"{project.key}-{own.number}",
        title=own.title,
        culprit=own.culprit,
        type=own.type,
        priority=own.priority,
        severity=own.severity,
        stage=own.stage,
        category=own.category,
        assignee=_person(*columns[_END_OF_PROJECT:_END_OF_ASSIGNEE]),  # type: ignore[arg-type]  # and _PERSON's
        deputy=_person(*columns[_END_OF_ASSIGNEE:_END_OF_DEPUTY]),  # type: ignore[arg-type]  # and _PERSON's
        project=project,
        level=own.level,
        platform=own.platform,
        source=own.source,
        count=own.count,
        users=own.users,
        first_seen=own.first_seen,
        last_seen=own.last_seen,
        created_at=own.created_at,
        updated_at=own.updated_at,
        stage_changed_at=own.stage_changed_at,
        labels=labels,
        comments=own.comment_count,
        is_unhandled=own.unhandled,
        regressed=own.regressed,
        regressed_at=own.regressed_at,
        reason=own.reason,
        first_release=own.first_release,
        last_release=own.last_release,
        version=own.version,
        seq=own.seq,
        groups=groups,
        parent=_key(*columns[_END_OF_DEPUTY:_END_OF_PARENT]),  # type: ignore[arg-type]  # these two columns
        values=own.values,
        waiting_on=own.waiting_on,
        score=own.score,
        clock_state=own.clock_state,
        clock_from=own.clock_from,
        due_at=own.due_at,
        parts=counts.parts,
        parts_done=counts.parts_done,
        blockers=counts.blockers if own.category in OPEN_CATEGORIES else 0,
    )


def _key(prefix: str | None, number: int | None) -> str:
    return f"{prefix}-{number}" if prefix else ""


def _person(person_id: int | None, email: str, name: str, is_active: bool) -> Person | None:  # noqa: FBT001 (a column)
    if person_id is None:
        return None
    return Person(id=person_id, email=email, name=name, initials=initials(name or email), active=is_active)


def _labels(ids: Sequence[int]) -> dict[int, list[LabelView]]:
    rows = IssueLabel.objects.filter(issue_id__in=ids).order_by("label__folded")
    found: dict[int, list[LabelView]] = {}
    for issue_id, name, colour in rows.values_list("issue_id", "label__name", "label__colour"):
        found.setdefault(issue_id, []).append(LabelView(name=name, colour=colour))
    return found


def _groups(ids: Sequence[int]) -> dict[int, list[int]]:
    rows = Grouping.objects.filter(issue_id__in=ids).order_by("-last_seen", "id")
    found: dict[int, list[int]] = {}
    for issue_id, fingerprint in rows.values_list("issue_id", "fingerprint"):
        found.setdefault(issue_id, []).append(fingerprint)
    return found


def activity_view(row: Activity) -> ActivityView:
    """An activity as others see it."""
    return ActivityView(
        id=row.id,
        kind=row.kind,
        actor_kind=row.actor_kind,
        actor=person_of(row.actor) if row.actor else None,
        actor_name=row.actor_name,
        before=row.before,
        after=row.after,
        reason=row.reason,
        evidence=row.evidence,
        at=row.at,
        undone_at=row.undone_at,
        undoable=row.kind in UNDOABLE and row.undone_at is None,
        comment_id=row.comment_id,
    )


def comment_view(row: Comment, *, edits: int = 0) -> CommentView:
    """A comment as others see it; a deleted one has lost its text."""
    return CommentView(
        id=row.id,
        author=person_of(row.author) if row.author else None,
        author_name=row.author_name,
        body="" if row.deleted_at else row.body,
        created_at=row.created_at,
        edited_at=row.edited_at,
        edits=edits,
        deleted=row.deleted_at is not None,
    )
