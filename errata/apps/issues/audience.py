"""Who an issue concerns, and what to tell of it. For the apps above: it takes no actor, and decides nothing."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import msgspec

from errata.apps.accounts.queries import system_actor
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import by_key, issue_not_found, key_of
from errata.apps.issues.counts import next_seq
from errata.apps.issues.mentioning import mentioned
from errata.apps.issues.models import Activity, Comment, CommentEdit, Grouping, Issue, Watcher
from errata.core.ids import ProjectId


class Concern(msgspec.Struct, frozen=True):
    """An issue in the words of a message, and the people who hold or watch it."""

    issue_id: int
    organization_id: int
    project_id: int
    project: str
    key: str
    title: str
    stage: str
    priority: str
    severity: str
    assignee_id: int | None
    deputy_id: int | None
    watchers: Mapping[int, str]  # person → the reason they watch for
    is_archived: bool  # its project is put away: nobody is told of it


class Group(msgspec.Struct, frozen=True):
    """A group of events, and the open issue it counts into."""

    key: tuple[ProjectId, int]
    issue_id: int
    issue_first_seen: datetime


def groups_of(keys: Iterable[tuple[ProjectId, int]]) -> list[Group]:
    """These groups, by project and fingerprint, as far as their issues are open."""
    by_project: dict[ProjectId, list[int]] = {}
    for project_id, fingerprint in keys:
        by_project.setdefault(project_id, []).append(fingerprint)
    found: list[Group] = []
    for project_id, fingerprints in by_project.items():
        rows = Grouping.objects.filter(project_id=project_id, fingerprint__in=fingerprints, issue__is_open=True)
        found += [
            Group(key=(project_id, fingerprint), issue_id=issue_id, issue_first_seen=first_seen)
            for fingerprint, issue_id, first_seen in rows.values_list("fingerprint", "issue_id", "issue__first_seen")
        ]
    return found


def concerns(issue_ids: Collection[int]) -> dict[int, Concern]:
    """The issues that are still there, by their ids."""
    watchers: dict[int, dict[int, str]] = {}
    for issue_id, user_id, reason in Watcher.objects.filter(issue_id__in=issue_ids).values_list(
        "issue_id", "user_id", "reason"
    ):
        watchers.setdefault(issue_id, {})[user_id] = reason
    rows = Issue.objects.filter(id__in=issue_ids, project__deleted_at=None).select_related("project")
    return {row.id: _concern(row, watchers.get(row.id, {})) for row in rows}


def put_away(issue_ids: Collection[int]) -> set[int]:
    """Which of these issues are of archived projects."""
    rows = Issue.objects.filter(id__in=issue_ids, project__archived_at__isnull=False)
    return set(rows.values_list("id", flat=True))


def find(*, actor: Actor, key: str) -> int:
    """The number of an issue that the actor may see. Raises IssueNotFound."""
    found = by_key(actor, key).values_list("id", flat=True).first()
    if found is None:
        raise issue_not_found(key)
    return found


def watch_reason(*, issue_id: int, user_id: int) -> str:
    """Why a person watches an issue; "" when they don't."""
    rows = Watcher.objects.filter(issue_id=issue_id, user_id=user_id).values_list("reason", flat=True)
    return rows.first() or ""


def said(comment_ids: Collection[int]) -> dict[int, str]:
    """The texts of comments that were not deleted."""
    return dict(Comment.objects.filter(id__in=comment_ids, deleted_at=None).values_list("id", "body"))


def said_before(comment_id: int, *, at: datetime) -> str:
    """What an edited comment said before the edit of that moment; there may have been others since."""
    rows = CommentEdit.objects.filter(comment_id=comment_id, at__gte=at).order_by("id")
    return rows.values_list("body", flat=True).first() or ""


def described_at_first(issue_ids: Collection[int]) -> dict[int, str]:
    """The descriptions that issues were created with; those without any are left out."""
    found = dict(Issue.objects.filter(id__in=issue_ids).values_list("id", "description"))
    edits = Activity.objects.filter(issue_id__in=issue_ids, kind="description").order_by("-id")
    found |= {issue_id: before["description"] for issue_id, before in edits.values_list("issue_id", "before")}
    return {issue_id: text for issue_id, text in found.items() if text}


def mentioned_ids(text: str, *, organization_id: int) -> list[int]:
    """The people of an organisation that a text mentions."""
    return mentioned(text, by=system_actor(organization_id))


def stir() -> int:
    """Let open pages look again, though no issue changed. Within the transaction of what they should see."""
    return next_seq()


def _concern(row: Issue, watchers: Mapping[int, str]) -> Concern:
    return Concern(
        issue_id=row.id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        project=row.project.name,
        key=key_of(row),
        title=row.title,
        stage=row.stage,
        priority=row.priority,
        severity=row.severity,
        assignee_id=row.assignee_id,
        deputy_id=row.deputy_id,
        watchers=watchers,
        is_archived=row.project.archived_at is not None,
    )
