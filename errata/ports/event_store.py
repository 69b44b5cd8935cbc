"""Where what happened is kept: ClickHouse SQL, from a laptop to a cluster."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from errata.core.ids import EventId, ProjectId
from errata.core.search.ast import Node
from errata.core.signal import EventFacts, Signal

# What a summary of tags looks at: the newest events. Enough for the shares of any value that a person would act on.
TAGS_EVENTS_MAX: Final = 10_000
# When the rest of an event arrives: attachments with it, a person's report within days.
SIGNALS_BEFORE: Final = timedelta(days=1)
SIGNALS_AFTER: Final = timedelta(days=7)


class StoreUnavailable(Exception):
    """The event store does not answer. Nothing is lost: what is accepted waits in the journal."""


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as listed: its columns, without the body."""

    event_id: EventId
    project_id: ProjectId
    timestamp: datetime
    received: datetime
    facts: EventFacts


class EventBody(msgspec.Struct, frozen=True):
    event: StoredEvent
    payload: bytes  # the scrubbed JSON, decompressed


class Scope(msgspec.Struct, frozen=True):
    """Which events: (project, fingerprints) pairs and a time range. `fingerprints=None` means all of the project."""

    projects: Mapping[ProjectId, Sequence[int] | None]
    since: datetime | None = None
    until: datetime | None = None
    where: Node | None = None  # the event-side part of a search


class Bucket(msgspec.Struct, frozen=True):
    start: datetime
    count: int


class Spread(msgspec.Struct, frozen=True):
    """The events of one project, release and environment."""

    project_id: ProjectId
    release: str
    environment: str
    events: int
    first_at: datetime
    last_at: datetime
    first_id: EventId


class Course(msgspec.Struct, frozen=True):
    """Where an event stands among the others of its scope, and how often they came."""

    oldest: EventId | None
    older: EventId | None
    newer: EventId | None
    newest: EventId | None
    events: int  # of the whole scope
    buckets: list[Bucket]


class Total(msgspec.Struct, frozen=True):
    """How often a group happened within a scope."""

    count: int  # exact
    users: int  # estimated
    first: datetime
    last: datetime


class TagValue(msgspec.Struct, frozen=True):
    value: str
    count: int


class TagSummary(msgspec.Struct, frozen=True):
    key: str
    count: int  # events that carry the key
    values: list[TagValue]  # the most frequent, most first


class StoredSignal(msgspec.Struct, frozen=True):
    kind: str
    name: str
    project_id: ProjectId
    event_id: EventId
    timestamp: datetime
    received: datetime
    content_type: str
    quantity: int
    body_bytes: int
    blob: str


class EventStore(Protocol):
    def prepare(self) -> None:
        """Create or migrate the tables. A no-op when they are current."""

    def put(self, signals: Sequence[Signal], *, token: str) -> None:
        """Store a batch of signals of all kinds. The same token again changes nothing. Raise StoreUnavailable."""

    def event(self, *, project_id: ProjectId, event_id: EventId) -> EventBody | None: ...

    def read(self, scope: Scope, *, event_id: EventId | None = None) -> EventBody | None:
        """The scope's event of that id, or its newest. The narrower the scope, the less is looked at."""

    def events(
        self, scope: Scope, *, limit: int, before: tuple[datetime, EventId] | None = None, oldest_first: bool = False
    ) -> list[StoredEvent]:
        """A page of events, newest first (or oldest first), keyset-paginated by (timestamp, event_id)."""

    def neighbours(self, scope: Scope, *, event: StoredEvent) -> tuple[EventId | None, EventId | None]:
        """The ids of the next older and next newer event of the scope."""

    def course(
        self, scope: Scope, *, event: StoredEvent | None, since: datetime, until: datetime, bucket_s: int
    ) -> Course:
        """The neighbours and ends of the scope, and its histogram from `since` to `until`, in one pass."""

    def fingerprints(self, scope: Scope, *, limit: int) -> list[tuple[ProjectId, int]]:
        """The groups that have an event in the scope, most recent event first."""

    def histogram(self, scope: Scope, *, bucket_s: int) -> list[Bucket]:
        """Counts per bucket over the scope's time range, gaps filled with zero."""

    def sparklines(self, scope: Scope, *, bucket_s: int) -> dict[tuple[ProjectId, int], list[Bucket]]:
        """A gap-filled histogram for each (project, fingerprint) of the scope."""

    def spread(self, scope: Scope) -> list[Spread]:
        """How many events each project, release and environment of the scope has, the earliest first."""

    def count(self, scope: Scope) -> tuple[int, int]:
        """Exact events and estimated distinct users of the scope."""

    def totals(self, scope: Scope) -> dict[tuple[ProjectId, int], Total]:
        """How often each group of the scope happened in it, for those that did."""

    def met_by(self, scope: Scope, *, users: int) -> dict[tuple[ProjectId, int], datetime]:
        """When each group of the scope had met exactly so many people, for those that have."""

    def tags(self, scope: Scope, *, values_max: int = 10, events_max: int = TAGS_EVENTS_MAX) -> list[TagSummary]:
        """Every tag key of the scope's newest events with its most frequent values."""

    def tag_keys(self, scope: Scope, *, prefix: str, limit: int) -> list[str]: ...

    def tag_values(self, scope: Scope, *, key: str, prefix: str, limit: int) -> list[str]:
        """For completion, most frequent first."""

    def signals(
        self, *, project_id: ProjectId, event_id: EventId, received: datetime | None = None
    ) -> list[StoredSignal]:
        """What else arrived with this event: attachments, feedback, user reports.

        With `received`, when the event came, only what came SIGNALS_BEFORE to SIGNALS_AFTER it.
        """

    def signal_body(self, *, project_id: ProjectId, event_id: EventId, name: str) -> bytes | None: ...

    def sample_bodies(self, *, project_id: ProjectId, limit: int) -> list[bytes]:
        """Decompressed recent bodies: what a compression dictionary is trained on."""

    def drop_before(self, *, received: datetime) -> None:
        """Retention: drop whole days."""

    def ping(self) -> None:
        """Raise StoreUnavailable unless the store answers."""
