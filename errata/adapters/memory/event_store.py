"""The event store in memory: the same answers as ClickHouse's, for tests."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import RLock
from typing import Final

import msgspec

from errata.adapters.memory.search import matches
from errata.adapters.zstd.bodies import Bodies
from errata.core import timeline
from errata.core.ids import EventId, ProjectId
from errata.core.signal import EventFacts, Signal
from errata.ports.dictionaries import Dictionaries
from errata.ports.event_store import (
    SIGNALS_AFTER,
    SIGNALS_BEFORE,
    TAGS_EVENTS_MAX,
    Bucket,
    Course,
    EventBody,
    Scope,
    Spread,
    StoredEvent,
    StoredSignal,
    TagSummary,
    TagValue,
    Total,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_utc_now: Callable[[], datetime] = partial(datetime.now, UTC)


class MemoryDictionaries:
    """Dictionaries that were given to it."""

    def __init__(self, known: Mapping[int, bytes] | None = None) -> None:
        self._known = known or {}

    def get(self, number: int) -> bytes | None:
        """Find a dictionary."""
        return self._known.get(number)


class _Row(msgspec.Struct, frozen=True):
    event: StoredEvent
    signal: Signal


class MemoryEventStore:
    """Safe to share between threads."""

    def __init__(self, dictionaries: Dictionaries | None = None, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self._bodies = Bodies(dictionaries or MemoryDictionaries())
        self._clock = clock
        self._tokens: set[str] = set()
        self._rows: list[_Row] = []
        self._signals: list[Signal] = []
        self._lock = RLock()

    def prepare(self) -> None:
        """Do nothing: there are no tables."""

    def ping(self) -> None:
        """Always answer."""

    def put(self, signals: Sequence[Signal], *, token: str) -> None:
        """Store a batch, events and other signals alike. The same token again changes nothing."""
        with self._lock:
            if token in self._tokens:
                return
            self._tokens.add(token)
            self._rows += [_Row(_event(signal, signal.facts), signal) for signal in signals if signal.facts]
            self._signals += [signal for signal in signals if not signal.facts]

    def event(self, *, project_id: ProjectId, event_id: EventId) -> EventBody | None:
        """Find an event with its body."""
        for row in self._rows:
            if (row.event.project_id, row.event.event_id) == (project_id, event_id):
                return EventBody(event=row.event, payload=self._open(row.signal))
        return None

    def read(self, scope: Scope, *, event_id: EventId | None = None) -> EventBody | None:
        """Find the scope's event of that id, or its newest, with its body."""
        held = {event.event_id: event for event in self.events(scope, limit=len(self._rows), oldest_first=True)}
        event = held.get(event_id) if event_id is not None else next(reversed(held.values()), None)
        return self.event(project_id=event.project_id, event_id=event.event_id) if event else None

    def events(
        self, scope: Scope, *, limit: int, before: tuple[datetime, EventId] | None = None, oldest_first: bool = False
    ) -> list[StoredEvent]:
        """List a page of events, newest first (or oldest first); `before` is the last one of the page before."""
        found = sorted(self._scoped(scope), key=_place, reverse=not oldest_first)
        if before:
            found = [event for event in found if (_place(event) > before if oldest_first else _place(event) < before)]
        return found[:limit]

    def neighbours(self, scope: Scope, *, event: StoredEvent) -> tuple[EventId | None, EventId | None]:
        """Find the ids of the next older and the next newer event of the scope."""
        older = self.events(scope, limit=1, before=_place(event))
        newer = self.events(scope, limit=1, before=_place(event), oldest_first=True)
        return older[0].event_id if older else None, newer[0].event_id if newer else None

    def course(
        self, scope: Scope, *, event: StoredEvent | None, since: datetime, until: datetime, bucket_s: int
    ) -> Course:
        """Find the neighbours and the ends of the scope, and count per bucket from `since` to `until`."""
        held = sorted(self._scoped(scope), key=_place)
        older, newer = self.neighbours(scope, event=event) if event else (None, None)
        period = msgspec.structs.replace(scope, since=since, until=until)
        return Course(
            oldest=held[0].event_id if held else None,
            older=older,
            newer=newer,
            newest=held[-1].event_id if held else None,
            events=len(held),
            buckets=_buckets((one for one in held if since <= one.timestamp < until), period, bucket_s),
        )

    def fingerprints(self, scope: Scope, *, limit: int) -> list[tuple[ProjectId, int]]:
        """List the groups that have an event in the scope, most recent event first."""
        newest: dict[tuple[ProjectId, int], datetime] = {}
        for event in self._scoped(scope):
            newest[_group(event)] = max(event.timestamp, newest.get(_group(event), _EPOCH))
        return sorted(newest, key=lambda group: (_EPOCH - newest[group], group[1]))[:limit]

    def histogram(self, scope: Scope, *, bucket_s: int) -> list[Bucket]:
        """Count per bucket over the scope's time range, gaps filled with zero."""
        return _buckets(self._scoped(scope), scope, bucket_s)

    def sparklines(self, scope: Scope, *, bucket_s: int) -> dict[tuple[ProjectId, int], list[Bucket]]:
        """Count per bucket for each group of the scope that has an event in it."""
        groups: dict[tuple[ProjectId, int], list[StoredEvent]] = {}
        for event in self._scoped(scope):
            groups.setdefault(_group(event), []).append(event)
        return {group: _buckets(events, scope, bucket_s) for group, events in groups.items()}

    def spread(self, scope: Scope) -> list[Spread]:
        """How many events each project, release and environment of the scope has, the earliest first."""
        found: dict[tuple[ProjectId, str, str], list[StoredEvent]] = {}
        for event in self._scoped(scope):
            key = (event.project_id, event.facts.release, event.facts.environment)
            found.setdefault(key, []).append(event)
        spreads = [_spread(key, events) for key, events in found.items()]
        return sorted(spreads, key=lambda one: (one.first_at, one.release, one.environment))

    def count(self, scope: Scope) -> tuple[int, int]:
        """Count events and distinct users."""
        events = self._scoped(scope)
        return len(events), len({event.facts.user for event in events if event.facts.user})

    def totals(self, scope: Scope) -> dict[tuple[ProjectId, int], Total]:
        """Count each group of the scope that has an event in it."""
        groups: dict[tuple[ProjectId, int], list[StoredEvent]] = {}
        for event in self._scoped(scope):
            groups.setdefault(_group(event), []).append(event)
        return {
            group: Total(
                count=len(own),
                users=len({event.facts.user for event in own if event.facts.user}),
                first=min(event.timestamp for event in own),
                last=max(event.timestamp for event in own),
            )
            for group, own in groups.items()
        }

    def met_by(self, scope: Scope, *, users: int) -> dict[tuple[ProjectId, int], datetime]:
        """Find when each group of the scope had met so many people."""
        first: dict[tuple[ProjectId, int], dict[str, datetime]] = {}
        for event in self._scoped(scope):
            if user := event.facts.user:
                own = first.setdefault(_group(event), {})
                own[user] = min(own.get(user, event.timestamp), event.timestamp)
        return {group: sorted(own.values())[users - 1] for group, own in first.items() if len(own) >= users}

    def tags(self, scope: Scope, *, values_max: int = 10, events_max: int = TAGS_EVENTS_MAX) -> list[TagSummary]:
        """Summarise every tag key of the newest events, the most frequent first, with its most frequent values."""
        pairs = Counter(pair for event in self.events(scope, limit=events_max) for pair in event.facts.tags)
        keys: Counter[str] = Counter()
        for (key, _), count in pairs.items():
            keys[key] += count
        return [
            TagSummary(key=key, count=keys[key], values=_values(pairs, key)[:values_max]) for key in _frequent(keys)
        ]

    def tag_keys(self, scope: Scope, *, prefix: str, limit: int) -> list[str]:
        """List tag keys that begin with `prefix`, most frequent first."""
        keys = Counter(key for event in self._scoped(scope) for key, _ in event.facts.tags if key.startswith(prefix))
        return _frequent(keys)[:limit]

    def tag_values(self, scope: Scope, *, key: str, prefix: str, limit: int) -> list[str]:
        """List values of a tag that begin with `prefix`, most frequent first."""
        held = (value for event in self._scoped(scope) for name, value in event.facts.tags if name == key)
        return _frequent(Counter(value for value in held if value.startswith(prefix)))[:limit]

    def signals(
        self, *, project_id: ProjectId, event_id: EventId, received: datetime | None = None
    ) -> list[StoredSignal]:
        """List what else arrived with this event: attachments, feedback, user reports."""
        found = sorted(self._of(project_id, event_id), key=lambda signal: (signal.received_ms, signal.name))
        signals = [_stored_signal(signal) for signal in found]
        if received is None:
            return signals
        since, until = received - SIGNALS_BEFORE, received + SIGNALS_AFTER
        return [signal for signal in signals if since <= signal.received <= until]

    def signal_body(self, *, project_id: ProjectId, event_id: EventId, name: str) -> bytes | None:
        """Find the body of a signal; None when there is no such signal, or its body is in the blob store."""
        found = [signal for signal in self._of(project_id, event_id) if signal.name == name and not signal.blob]
        return self._open(max(found, key=lambda signal: signal.received_ms)) if found else None

    def sample_bodies(self, *, project_id: ProjectId, limit: int) -> list[bytes]:
        """List decompressed recent bodies: what a compression dictionary is trained on."""
        rows = [row for row in self._rows if row.event.project_id == project_id and row.signal.body]
        rows.sort(key=lambda row: row.signal.received_ms, reverse=True)
        return [self._open(row.signal) for row in rows[:limit]]

    def drop_before(self, *, received: datetime) -> None:
        """Drop the whole days before the day of `received`."""
        day_ms = received.timestamp() * 1000 // 86_400_000 * 86_400_000
        with self._lock:
            self._rows = [row for row in self._rows if row.signal.received_ms >= day_ms]
            self._signals = [signal for signal in self._signals if signal.received_ms >= day_ms]

    def _scoped(self, scope: Scope) -> list[StoredEvent]:
        now = self._clock()
        return [row.event for row in self._rows if _within(row.event, scope, now)]

    def _of(self, project_id: ProjectId, event_id: EventId) -> Iterable[Signal]:
        wanted = (project_id, event_id)
        return (signal for signal in self._signals if (signal.project_id, signal.event_id) == wanted)

    def _open(self, signal: Signal) -> bytes:
        return self._bodies.open(signal.body, dictionary=signal.dictionary, size=signal.body_bytes)


def _within(event: StoredEvent, scope: Scope, now: datetime) -> bool:
    if event.project_id not in scope.projects:
        return False
    groups = scope.projects[event.project_id]
    return (
        (groups is None or event.facts.fingerprint in groups)
        and (scope.since is None or event.timestamp >= scope.since)
        and (scope.until is None or event.timestamp < scope.until)
        and (scope.where is None or matches(scope.where, event, now=now))
    )


def _buckets(events: Iterable[StoredEvent], scope: Scope, bucket_s: int) -> list[Bucket]:
    counts = Counter(timeline.bucket_of(event.timestamp, bucket_s=bucket_s) for event in events)
    filled = timeline.fill(counts, since=scope.since, until=scope.until, bucket_s=bucket_s)
    return [Bucket(start=start, count=count) for start, count in filled]


def _values(pairs: Mapping[tuple[str, str], int], key: str) -> list[TagValue]:
    counts = {value: count for (name, value), count in pairs.items() if name == key}
    return [TagValue(value=value, count=counts[value]) for value in _frequent(counts)]


def _frequent(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda text: (-counts[text], text))


def _spread(key: tuple[ProjectId, str, str], events: Sequence[StoredEvent]) -> Spread:
    first, last = min(events, key=_place), max(events, key=_place)
    project, release, environment = key
    return Spread(
        project_id=project, release=release, environment=environment, events=len(events), first_at=first.timestamp,
        last_at=last.timestamp, first_id=first.event_id,
    )  # fmt: skip


def _place(event: StoredEvent) -> tuple[datetime, EventId]:
    return event.timestamp, event.event_id


def _group(event: StoredEvent) -> tuple[ProjectId, int]:
    return event.project_id, event.facts.fingerprint


def _event(signal: Signal, facts: EventFacts) -> StoredEvent:
    return StoredEvent(
        event_id=EventId(signal.event_id),
        project_id=ProjectId(signal.project_id),
        timestamp=_moment(signal.timestamp_ms),
        received=_moment(signal.received_ms),
        facts=facts,
    )


def _stored_signal(signal: Signal) -> StoredSignal:
    return StoredSignal(
        kind=signal.kind,
        name=signal.name,
        project_id=ProjectId(signal.project_id),
        event_id=EventId(signal.event_id),
        timestamp=_moment(signal.timestamp_ms),
        received=_moment(signal.received_ms),
        content_type=signal.content_type,
        quantity=signal.quantity,
        body_bytes=signal.body_bytes,
        blob=signal.blob,
    )


def _moment(unix_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=unix_ms)
