"""What others may hold of issues."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from errata.apps.accounts.types import Person
from errata.core.signal import EventFacts
from errata.core.vocabulary import CLOSED_CATEGORIES
from errata.core.workflow import Move

ClockState = Literal["", "running", "at_risk", "breached", "paused", "met", "missed"]
LinkKind = Literal["blocks", "duplicates", "relates", "causes"]


class GroupDelta(msgspec.Struct, frozen=True):
    """The fresh events of one project and fingerprint in a batch, added up."""

    project_id: int
    fingerprint: int
    count: int
    first_ms: int
    last_ms: int
    users: Collection[str]  # distinct-user keys, as in EventFacts.user; may be empty
    sample: EventFacts  # of the newest event
    event_id: str  # of the newest event: what a regression shows as its evidence
    explain: Callable[[], bytes]  # the grouping's explanation as JSON; called for fingerprints not met before
    first_release: str = ""  # of the oldest event
    unhandled: bool = False  # any of them was
    releases: Collection[str] = ()  # of all of them; empty: that of the sample


class IssueOpened(msgspec.Struct, frozen=True):
    """A fingerprint met for the first time made an issue."""

    issue_id: int
    key: str
    project_id: int
    fingerprint: int


class IssueRegressed(msgspec.Struct, frozen=True):
    """An event came after Fixed or Closed."""

    issue_id: int
    key: str
    project_id: int
    fingerprint: int
    event_id: str


class Applied(msgspec.Struct, frozen=True):
    """What a batch of events did to the issues."""

    opened: list[IssueOpened]
    regressed: list[IssueRegressed]
    touched: int  # issues whose counts moved
    orphaned: int  # groups whose project is gone


class ProjectRef(msgspec.Struct, frozen=True):
    id: int
    slug: str
    name: str
    key: str
    platform: str


class LabelView(msgspec.Struct, frozen=True):
    name: str
    colour: int  # one of the ten hues of the pages


class IssueRow(msgspec.Struct, frozen=True):
    """An issue as a list shows it."""

    id: int
    key: str
    title: str
    culprit: str
    type: str
    priority: str
    severity: str
    stage: str
    category: str
    assignee: Person | None
    deputy: Person | None
    project: ProjectRef
    level: str
    platform: str
    source: str  # "event", "manual"
    count: int
    users: int
    first_seen: datetime
    last_seen: datetime
    created_at: datetime
    updated_at: datetime
    stage_changed_at: datetime
    labels: list[LabelView]
    comments: int
    is_unhandled: bool
    regressed: bool
    regressed_at: datetime | None
    reason: str  # why it was closed, when it was not for being fixed
    first_release: str
    last_release: str
    version: int
    seq: int
    groups: list[int]  # fingerprints
    parent: str = ""  # the key of the issue this one is a part of
    values: Mapping[str, Any] = {}  # of custom fields, by their slug
    waiting_on: str = ""
    score: float = 0
    clock_state: ClockState = ""
    clock_from: datetime | None = None
    due_at: datetime | None = None
    parts: int = 0  # issues that are a part of this one
    parts_done: int = 0  # of them, fixed or closed
    blockers: int = 0  # open issues that block this one; a finished one waits for nothing


class GroupView(msgspec.Struct, frozen=True):
    """A fingerprint of an issue, and why its events belong together."""

    fingerprint: int
    count: int
    users: int
    first_seen: datetime
    last_seen: datetime
    title: str
    explanation: Mapping[str, Any]


class LinkView(msgspec.Struct, frozen=True):
    id: int
    kind: LinkKind
    outward: bool  # this issue is the one that blocks, duplicates, causes
    words: str  # "blocks", "is blocked by"
    issue_key: str
    issue_title: str
    issue_stage: str
    issue_category: str


class PartView(msgspec.Struct, frozen=True):
    """An issue within another, as the tree of its page shows it."""

    key: str
    title: str
    stage: str
    category: str
    depth: int  # 1 for the issue's own parts
    assignee: Person | None


class MentionView(msgspec.Struct, frozen=True):
    """An issue whose description or comments name another."""

    key: str
    title: str
    stage: str
    category: str
    comment_id: int | None
    at: datetime


class Family(msgspec.Struct, frozen=True):
    """What an issue is a part of, its parts, and where it is mentioned."""

    ancestors: list[PartView]  # the outermost first
    parts: list[PartView]  # depth first, as a tree is read
    mentions: list[MentionView]

    @property
    def total(self) -> int:
        """How many parts of its own it has."""
        return sum(part.depth == 1 for part in self.parts)

    @property
    def done(self) -> int:
        """How many of them are finished."""
        return sum(part.depth == 1 and part.category in CLOSED_CATEGORIES for part in self.parts)

    @property
    def open_keys(self) -> list[str]:
        """Its own parts that aren't finished."""
        return [part.key for part in self.parts if part.depth == 1 and part.category not in CLOSED_CATEGORIES]


class IssueDetail(msgspec.Struct, frozen=True):
    """An issue as its page shows it."""

    row: IssueRow
    description: str
    created_by: Person | None
    watchers: list[Person]
    watching: bool
    links: list[LinkView]
    moves: list[Move]
    merged_into: str  # the key of the issue this one went into, or ""

    @property
    def key(self) -> str:
        return self.row.key


class ActivityView(msgspec.Struct, frozen=True):
    """Something that happened to an issue."""

    id: int
    kind: str
    actor_kind: str
    actor: Person | None
    actor_name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str
    evidence: Mapping[str, Any]
    at: datetime
    undone_at: datetime | None
    undoable: bool
    comment_id: int | None


class Followed(msgspec.Struct, frozen=True):
    """An activity as the apps above get it."""

    id: int
    issue_id: int
    key: str
    organization_id: int
    project_id: int
    kind: str
    actor_kind: str
    actor_id: int | None
    actor_name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str
    evidence: Mapping[str, Any]
    comment_id: int | None
    at: datetime


class Verified(msgspec.Struct, frozen=True):
    """An issue that is being retested."""

    id: int
    organization_id: int
    project_id: int
    key: str
    seq: int
    since: datetime  # when it came into its stage
    last_seen: datetime


class Deed(msgspec.Struct, frozen=True):
    """An activity, as far as clocks and charts care."""

    id: int
    kind: str
    machine: bool  # Errata itself did it, of its own accord
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    at: datetime


class Life(msgspec.Struct, frozen=True):
    """An issue with what happened to it, in order."""

    issue_id: int
    key: str
    organization_id: int
    project_id: int
    type: str
    stage: str
    is_open: bool
    priority: str
    severity: str
    waiting_on: str
    assignee_id: int | None
    deputy_id: int | None
    merged: bool
    created_at: datetime
    deeds: list[Deed]


class CommentView(msgspec.Struct, frozen=True):
    id: int
    author: Person | None
    author_name: str
    body: str  # Markdown
    created_at: datetime
    edited_at: datetime | None
    edits: int
    deleted: bool


class CommentEditView(msgspec.Struct, frozen=True):
    """What a comment said before an edit."""

    body: str
    by: str
    at: datetime


class Page(msgspec.Struct, frozen=True):
    """A page of issues. `partial` says in words what is missing, when the event store did not answer."""

    items: list[IssueRow]
    next: str | None
    partial: str = ""
    total: int | None = None  # of all pages, where that was asked for
    uncounted: frozenset[int] = frozenset()  # of a moment: the issues whose events nobody can count any more


class Changes(msgspec.Struct, frozen=True):
    """What changed behind a number: the newest number, and the issues, oldest change first."""

    seq: int
    items: list[IssueRow]
    more: bool


class Changed(msgspec.Struct, frozen=True):
    """What an operation did: the issue as it is now, and the activities that `undo` can take back."""

    key: str
    version: int
    activities: list[int]


class Assignment(msgspec.Struct, frozen=True):
    """An issue that is to get a person, with why."""

    issue_id: int
    assignee: int
    deputy: int | None = None  # None leaves the one it has
    reason: str = ""
    evidence: Mapping[str, Any] = {}
    deputy_reason: str = ""


class SavedViewView(msgspec.Struct, frozen=True):
    id: int
    name: str
    query: str
    shared: bool
    mine: bool
    position: int
    layout: str = "list"  # "list", "board"
    options: Mapping[str, str] = {}  # the rest of its address: columns, sort, lanes, limits, project


class Completion(msgspec.Struct, frozen=True):
    """A suggestion for the search bar: what to put in place of the text from `start` to `end`."""

    text: str
    detail: str
    start: int
    end: int


class Aside(msgspec.Struct, frozen=True):
    """An activity that a follower trips over, and has passed by."""

    follower: str
    activity: int
    key: str  # of its issue
    kind: str
    reason: str
    again: bool  # it is tried again in the follower's next turn
    at: datetime
