"""What the REST API takes and gives. Times are ISO 8601 in UTC."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from msgspec.structs import asdict
from ninja import Field, Schema

from errata.api.kit import Given
from errata.apps.accounts.types import Person
from errata.apps.audit.types import AuditEntry
from errata.apps.issues.types import ActivityView, CommentView, IssueDetail, IssueRow, LinkKind
from errata.apps.projects.types import KeyView, ProjectView
from errata.ports.event_store import StoredEvent

Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """A page of a list. `next` is the cursor of the following page, or null on the last one."""

    items: list[Item]
    next: str | None = None


class PersonOut(Schema):
    id: int
    email: str
    name: str

    @staticmethod
    def of(person: Person | None) -> "PersonOut | None":
        return PersonOut(id=person.id, email=person.email, name=person.name) if person else None


class ProjectOut(Schema):
    id: int
    name: str
    slug: str
    key: str
    platform: str
    team: str
    active: bool
    quota_per_minute: int
    open_issues: int | None = Field(description="Null when the token may not read issues.")
    created_at: datetime
    first_event_at: datetime | None

    @staticmethod
    def of(project: ProjectView, *, open_issues: int | None) -> "ProjectOut":
        return ProjectOut(**asdict(project), open_issues=open_issues)


class ProjectIn(Given):
    name: str = Field(min_length=1, max_length=100)
    platform: str = "other"
    key: str | None = Field(None, description="The prefix of issue keys, such as PAY; made from the name when absent.")
    template: str = Field("", description="The workflow it begins with, such as `software`: see GET /workflows.")


class ProjectPatch(Given):
    name: str | None = None
    platform: str | None = None
    active: bool | None = None
    quota_per_minute: int | None = Field(None, ge=0, description="Accepted events a minute; 0 = no quota.")


class KeyOut(Schema):
    id: int
    name: str
    public_key: str
    dsn: str
    active: bool
    quota_per_minute: int
    created_at: datetime

    @staticmethod
    def of(key: KeyView, *, dsn: str) -> "KeyOut":
        return KeyOut(
            id=key.id, name=key.name, public_key=key.public_key, dsn=dsn, active=key.active,
            quota_per_minute=key.quota_per_minute, created_at=key.created_at,
        )  # fmt: skip


class KeyIn(Given):
    name: str = "Default"
    quota_per_minute: int = Field(0, ge=0, description="Accepted events a minute; 0 = no quota.")


class KeyPatch(Given):
    name: str | None = None
    active: bool | None = None
    quota_per_minute: int | None = Field(None, ge=0, description="Accepted events a minute; 0 = no quota.")


class IssueProjectOut(Schema):
    id: int
    slug: str
    name: str
    key: str


_ISSUE_FIELDS = (
    "id", "key", "title", "culprit", "type", "priority", "severity", "stage", "category", "level", "platform", "source",
    "count", "users", "comments", "first_seen", "last_seen", "created_at", "updated_at", "regressed", "first_release",
    "last_release", "version", "score", "waiting_on", "clock_state", "due_at", "parts", "parts_done", "blockers",
)  # fmt: skip


class IssueOut(Schema):
    """An issue as lists show it."""

    id: int
    key: str
    title: str
    culprit: str
    type: str
    priority: str
    severity: str
    stage: str
    category: str
    assignee: PersonOut | None
    deputy: PersonOut | None
    project: IssueProjectOut
    level: str
    platform: str
    source: str
    labels: list[str]
    count: int
    users: int
    comments: int
    first_seen: datetime
    last_seen: datetime
    created_at: datetime
    updated_at: datetime
    unhandled: bool
    regressed: bool
    first_release: str
    last_release: str
    version: int
    fields: dict[str, Any] = Field(description="The values of custom fields, by slug; people by e-mail address.")
    parent: str | None = Field(description="The key of the issue this one is a part of.")
    parts: int = Field(description="How many issues are a part of this one.")
    parts_done: int
    blockers: int = Field(description="How many open issues block this one.")
    due_at: datetime | None = Field(description="When the clock that is due first runs out.")
    clock_state: str = Field(description="running, at_risk, breached, paused or met; empty without a clock.")
    score: float = Field(description="By the basis for ranking of its project's template; greater comes first.")
    waiting_on: str

    @staticmethod
    def fields_of(row: IssueRow) -> dict[str, Any]:
        project = IssueProjectOut(id=row.project.id, slug=row.project.slug, name=row.project.name, key=row.project.key)
        return {name: getattr(row, name) for name in _ISSUE_FIELDS} | {
            "assignee": PersonOut.of(row.assignee),
            "deputy": PersonOut.of(row.deputy),
            "project": project,
            "labels": [label.name for label in row.labels],
            "unhandled": row.is_unhandled,
            "fields": dict(row.values),
            "parent": row.parent or None,
        }

    @staticmethod
    def of(row: IssueRow) -> "IssueOut":
        return IssueOut(**IssueOut.fields_of(row))


class MoveOut(Schema):
    """A move the issue can make from where it is, and what it asks for."""

    command: str
    stage: str
    requires: list[str]


class LinkIn(Given):
    """How an issue bears on another."""

    kind: LinkKind = Field(description="`blocks`: the other waits for it. `duplicates`, `causes`, `relates`.")
    issue: str = Field(description="The other's key.")


class LinkOut(Schema):
    id: int
    kind: str
    words: str
    issue: str
    title: str
    stage: str


class IssueDetailOut(IssueOut):
    """An issue as its page shows it."""

    description: str
    watchers: list[PersonOut]
    watching: bool
    links: list[LinkOut]
    moves: list[MoveOut]
    fingerprints: list[str] = Field(description="The groups of events it is made of, as signed 64-bit numbers.")
    merged_into: str

    @staticmethod
    def of_detail(issue: IssueDetail) -> "IssueDetailOut":
        people = [shown for person in issue.watchers if (shown := PersonOut.of(person))]
        links = [
            LinkOut(id=link.id, kind=link.kind, words=link.words, issue=link.issue_key, title=link.issue_title,
                    stage=link.issue_stage)
            for link in issue.links
        ]  # fmt: skip
        moves = [
            MoveOut(command=move.name, stage=move.to, requires=[need.fields[0] for need in move.needs])
            for move in issue.moves
            if move.allowed
        ]
        return IssueDetailOut(
            **IssueOut.fields_of(issue.row), description=issue.description, watchers=people, watching=issue.watching,
            links=links, moves=moves, fingerprints=[str(group) for group in issue.row.groups],
            merged_into=issue.merged_into,
        )  # fmt: skip


class IssueIn(Given):
    """An issue a person reports."""

    project: str = Field(description="The project's slug.")
    title: str = Field(min_length=1, max_length=256)
    description: str = Field("", description="Markdown.")
    type: str = Field("", description="Task, or the first of the project's types, when absent.")
    priority: str = "Medium"
    severity: str = "Minor"
    assignee: str | None = Field(None, description="An e-mail address.")
    labels: list[str] = []
    fields: dict[str, Any] = Field({}, description="Values of custom fields, by slug or name.")
    parent: str | None = Field(None, description="The key of the issue it is a part of.")


class IssuePatch(Given):
    """What changes; what is absent stays. `version` guards against overwriting somebody else's change."""

    title: str | None = None
    description: str | None = None
    type: str | None = None
    priority: str | None = None
    severity: str | None = None
    labels: list[str] | None = None
    fields: dict[str, Any] | None = Field(None, description="Custom fields that change; null takes a value away.")
    assignee: str | None = Field(None, description="An e-mail address; the empty text takes the assignee away.")
    deputy: str | None = Field(None, description="An e-mail address; the empty text takes the deputy away.")
    parent: str | None = Field(None, description="The key of the issue it is a part of; the empty text takes it out.")
    version: int | None = None


class TransitionIn(Given):
    """A move: to a stage by its name, or by the move's own name."""

    stage: str
    comment: str | None = None
    reason: str | None = None
    assignee: str | None = None
    override: str | None = Field(None, description="The reason to pass a retest without proof; a comment will do.")


class CommentIn(Given):
    body: str = Field(min_length=1, description="Markdown.")


class CommentOut(Schema):
    id: int
    author: PersonOut | None
    author_name: str
    body: str
    created_at: datetime
    edited_at: datetime | None

    @staticmethod
    def of(comment: CommentView) -> "CommentOut":
        return CommentOut(
            id=comment.id, author=PersonOut.of(comment.author), author_name=comment.author_name, body=comment.body,
            created_at=comment.created_at, edited_at=comment.edited_at,
        )  # fmt: skip


class ActivityOut(Schema):
    id: int
    kind: str
    actor: PersonOut | None
    actor_kind: str
    actor_name: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    evidence: dict[str, Any]
    at: datetime

    @staticmethod
    def of(activity: ActivityView) -> "ActivityOut":
        return ActivityOut(
            id=activity.id, kind=activity.kind, actor=PersonOut.of(activity.actor), actor_kind=activity.actor_kind,
            actor_name=activity.actor_name, before=dict(activity.before), after=dict(activity.after),
            reason=activity.reason, evidence=dict(activity.evidence), at=activity.at,
        )  # fmt: skip


_EVENT_FIELDS = (
    "title", "culprit", "level", "platform", "release", "environment", "transaction", "user", "trace_id", "tags",
)  # fmt: skip


class EventOut(Schema):
    """An event as listed."""

    id: str
    project: int
    timestamp: datetime
    received: datetime
    title: str
    culprit: str
    level: str
    platform: str
    release: str
    environment: str
    transaction: str
    handled: Literal["yes", "no", "unknown"]
    user: str
    trace_id: str
    tags: list[tuple[str, str]]

    @staticmethod
    def fields_of(event: StoredEvent) -> dict[str, Any]:
        facts = event.facts
        return {name: getattr(facts, name) for name in _EVENT_FIELDS} | {
            "id": event.event_id,
            "project": event.project_id,
            "timestamp": event.timestamp,
            "received": event.received,
            "handled": {1: "yes", 0: "no"}.get(facts.handled, "unknown"),
        }

    @staticmethod
    def of(event: StoredEvent) -> "EventOut":
        return EventOut(**EventOut.fields_of(event))


class EventDetailOut(EventOut):
    """One event with all that it says, in one shape whatever the client sent."""

    issue: str
    older: str | None
    newer: str | None
    message: str
    exceptions: list[dict[str, Any]] = Field(description="Oldest cause first; the last one was thrown.")
    threads: list[dict[str, Any]]
    breadcrumbs: list[dict[str, Any]]
    request: dict[str, Any] | None
    user: Any  # the whole user here, the distinct-user key in lists
    contexts: dict[str, Any]
    extra: dict[str, Any]
    modules: dict[str, Any]
    sdk: dict[str, Any] | None
    attachments: list[dict[str, Any]]


class AuditOut(Schema):
    """A write: who did what to what, and how that looked before and after."""

    sequence: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    actor_name: str
    action: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    ip: str
    request_id: str
    previous: str
    hash: str

    @staticmethod
    def of(entry: AuditEntry) -> "AuditOut":
        return AuditOut.from_orm(entry)
