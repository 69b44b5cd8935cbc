"""The event store over ClickHouse: a server, a cluster, or the engine of the `store` process; only the URL differs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from string import Template
from typing import Any, Final

from errata.adapters.clickhouse import schema
from errata.adapters.clickhouse.columns import (
    EVENT_COLUMNS,
    Block,
    batch_number,
    event_at,
    event_block,
    moment,
    place_of,
    signal_block,
    stored_event,
    stored_signal,
)
from errata.adapters.clickhouse.connection import Connection
from errata.adapters.clickhouse.parameters import Parameters
from errata.adapters.clickhouse.scope import behind, where
from errata.adapters.zstd.bodies import Bodies
from errata.core import timeline
from errata.core.ids import EventId, ProjectId
from errata.core.signal import Signal
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

# For questions whose condition is the sort key, over few columns. Reading the condition's columns first, to spare the
# others, takes a third longer than reading all at once; a large buffer is read anew for each column of a small part.
_NARROW: Final = "SETTINGS optimize_move_to_prewhere = 0, max_read_buffer_size_local_fs = 32768"

Clock = Callable[[], datetime]
"""What a search means by `-24h`."""
_utc_now: Clock = partial(datetime.now, UTC)


class ClickHouseEventStore:
    """Safe to share between threads, except `put`, which belongs to one."""

    def __init__(self, url: str, dictionaries: Dictionaries, *, clock: Clock = _utc_now) -> None:
        """`url` is `http://user:password@host:port/database`. Nothing is asked of the server yet."""
        self._clock = clock
        self._connection = Connection(url)
        self._bodies = Bodies(dictionaries)
        self._settled = False

    def prepare(self) -> None:
        """Create or migrate the tables. A no-op when they are current."""
        name = self._connection.database
        self._connection.run("CREATE DATABASE IF NOT EXISTS {name:Identifier}", {"name": name}, in_database=False)
        schema.migrate(self._connection)

    def ping(self) -> None:
        """Raise StoreUnavailable unless the store answers."""
        self._connection.rows("SELECT 1", {})

    def put(self, signals: Sequence[Signal], *, token: str) -> None:
        """Store a batch, events and other signals alike. The same token again changes nothing."""
        settled, self._settled = self._settled, False
        for block in _blocks(signals, batch_number(token)):
            if settled:
                self._connection.insert(block, token=token)
            else:
                self._complete(block, token)
        self._settled = True

    def _complete(self, block: Block, token: str) -> None:
        """Store what is missing of a batch that may be a replay.

        The engine writes a token down just before its rows become visible. A crash between the two leaves a token
        without rows, and a power cut may leave rows without a token: so the first batch of a process, and the one
        after a failure, are compared with what is there.
        """
        for attempt in (token, f"{token}:again"):
            block = self._missing(block, batch_number(token))
            if block.rows:
                self._connection.insert(block, token=attempt)

    def _missing(self, block: Block, batch: int) -> Block:
        if not block.rows:
            return block
        days = block.days()
        known = Parameters(batch=batch, first=min(block.received_ms), last=max(block.received_ms))
        stored = dict(self._rows("stored_rows", known, table=block.table))
        return block.only([stored.get(day, 0) < days.count(day) for day in days])

    def event(self, *, project_id: ProjectId, event_id: EventId) -> EventBody | None:
        """Find an event with its body."""
        return self._body("event", Parameters(project_id=project_id, event_id=event_id))

    def read(self, scope: Scope, *, event_id: EventId | None = None) -> EventBody | None:
        """Find the scope's event of that id, or its newest, with its body."""
        parameters = Parameters()
        conditions = where(scope, parameters, now=self._clock())
        if event_id is not None:
            conditions += f" AND event_id = {parameters.event_id(event_id)}"
        return self._body("read", parameters, scope=conditions)

    def _body(self, name: str, parameters: Parameters, **parts: str) -> EventBody | None:
        for *row, body, dictionary, size in self._rows(name, parameters, **parts):
            payload = self._bodies.open(body, dictionary=dictionary, size=size)
            return EventBody(event=stored_event(row), payload=payload)
        return None

    def events(
        self, scope: Scope, *, limit: int, before: tuple[datetime, EventId] | None = None, oldest_first: bool = False
    ) -> list[StoredEvent]:
        """List a page of events, newest first (or oldest first); `before` is the last one of the page before."""
        parameters = Parameters(limit=limit)
        conditions = where(scope, parameters, now=self._clock())
        if before:
            conditions += f" AND {behind(before, parameters, oldest_first=oldest_first)}"
        direction = "ASC" if oldest_first else "DESC"
        order = f"timestamp {direction}, event_id {direction}"
        return [stored_event(row) for row in self._rows("events", parameters, scope=conditions, order=order)]

    def neighbours(self, scope: Scope, *, event: StoredEvent) -> tuple[EventId | None, EventId | None]:
        """Find the ids of the next older and the next newer event of the scope."""
        [(older, newer)] = self._scoped("neighbours", scope, here=place_of(event))
        return event_at(older), event_at(newer)

    def course(
        self, scope: Scope, *, event: StoredEvent | None, since: datetime, until: datetime, bucket_s: int
    ) -> Course:
        """Find the neighbours and the ends of the scope, and count per bucket from `since` to `until`."""
        parameters = Parameters(here=place_of(event) if event else 0, bucket_ms=bucket_s * 1000)
        period = f"(timestamp >= {parameters.moment(since)} AND timestamp < {parameters.moment(until)})"
        conditions = where(scope, parameters, now=self._clock())
        rows = self._rows("course", parameters, period=period, scope=conditions)
        # Neither an oldest nor a newer event is at place 0: that is none.
        return Course(
            oldest=event_at(min((row[3] for row in rows), default=0)),
            older=event_at(max((row[4] for row in rows), default=0)),
            newer=event_at(min((row[5] for row in rows if row[5]), default=0)) if event else None,
            newest=event_at(max((row[6] for row in rows), default=0)),
            events=sum(row[2] for row in rows),
            buckets=_buckets({row[1]: row[2] for row in rows if row[0]}, since, until, bucket_s),
        )

    def fingerprints(self, scope: Scope, *, limit: int) -> list[tuple[ProjectId, int]]:
        """List the groups that have an event in the scope, most recent event first."""
        return [(ProjectId(project), group) for project, group in self._scoped("fingerprints", scope, limit=limit)]

    def histogram(self, scope: Scope, *, bucket_s: int) -> list[Bucket]:
        """Count per bucket over the scope's time range, gaps filled with zero."""
        counts = dict(self._scoped("histogram", scope, bucket_ms=bucket_s * 1000))
        return _buckets(counts, scope.since, scope.until, bucket_s)

    def sparklines(self, scope: Scope, *, bucket_s: int) -> dict[tuple[ProjectId, int], list[Bucket]]:
        """Count per bucket for each group of the scope that has an event in it."""
        counts: dict[tuple[ProjectId, int], dict[int, int]] = {}
        for project, group, bucket, count in self._scoped("sparklines", scope, bucket_ms=bucket_s * 1000):
            counts.setdefault((ProjectId(project), group), {})[bucket] = count
        return {key: _buckets(one, scope.since, scope.until, bucket_s) for key, one in counts.items()}

    def spread(self, scope: Scope) -> list[Spread]:
        """How many events each project, release and environment of the scope has, the earliest first."""
        return [
            Spread(
                project_id=ProjectId(project), release=release, environment=environment, events=events,
                first_at=moment(first_ms), last_at=moment(last_ms), first_id=EventId(first_id),
            )
            for project, release, environment, events, first_ms, last_ms, first_id in self._scoped("spread", scope)
        ]  # fmt: skip

    def count(self, scope: Scope) -> tuple[int, int]:
        """Count events exactly, and estimate distinct users."""
        [(events, users)] = self._scoped("count", scope)
        return events, users

    def totals(self, scope: Scope) -> dict[tuple[ProjectId, int], Total]:
        """Count each group of the scope that has an event in it."""
        return {(ProjectId(project), group): Total(*own) for project, group, *own in self._scoped("totals", scope)}

    def met_by(self, scope: Scope, *, users: int) -> dict[tuple[ProjectId, int], datetime]:
        """Find when each group of the scope had met so many people."""
        return {
            (ProjectId(project), group): at for project, group, at in self._scoped("met_by", scope, before=users - 1)
        }

    def tags(self, scope: Scope, *, values_max: int = 10, events_max: int = TAGS_EVENTS_MAX) -> list[TagSummary]:
        """Summarise every tag key of the newest events, the most frequent first, with its most frequent values."""
        found: dict[str, TagSummary] = {}
        for key, value, count, of_key in self._scoped("tags", scope, values_max=values_max, events_max=events_max):
            summary = found.setdefault(key, TagSummary(key=key, count=of_key, values=[]))
            summary.values.append(TagValue(value=value, count=count))
        return list(found.values())

    def tag_keys(self, scope: Scope, *, prefix: str, limit: int) -> list[str]:
        """List tag keys that begin with `prefix`, most frequent first."""
        return [key for (key,) in self._scoped("tag_keys", scope, prefix=prefix, limit=limit)]

    def tag_values(self, scope: Scope, *, key: str, prefix: str, limit: int) -> list[str]:
        """List values of a tag that begin with `prefix`, most frequent first."""
        return [value for (value,) in self._scoped("tag_values", scope, key=key, prefix=prefix, limit=limit)]

    def signals(
        self, *, project_id: ProjectId, event_id: EventId, received: datetime | None = None
    ) -> list[StoredSignal]:
        """List what else arrived with this event: attachments, feedback, user reports."""
        parameters, period = Parameters(project_id=project_id, event_id=event_id), "true"
        if received:
            since, until = received - SIGNALS_BEFORE, received + SIGNALS_AFTER
            period = f"received BETWEEN {parameters.moment(since)} AND {parameters.moment(until)}"
        return [stored_signal(row) for row in self._rows("signals", parameters, period=period)]

    def signal_body(self, *, project_id: ProjectId, event_id: EventId, name: str) -> bytes | None:
        """Find the body of a signal; None when there is no such signal, or its body is in the blob store."""
        parameters = Parameters(project_id=project_id, event_id=event_id, name=name)
        for body, dictionary, size in self._rows("signal_body", parameters):
            return self._bodies.open(body, dictionary=dictionary, size=size)
        return None

    def sample_bodies(self, *, project_id: ProjectId, limit: int) -> list[bytes]:
        """List decompressed recent bodies: what a compression dictionary is trained on."""
        rows = self._rows("sample_bodies", Parameters(project_id=project_id, limit=limit))
        return [self._bodies.open(body, dictionary=dictionary, size=size) for body, dictionary, size in rows if body]

    def drop_before(self, *, received: datetime) -> None:
        """Drop the whole days before the day of `received`."""
        day = received.strftime("%Y%m%d")
        for table, partition in self._rows("old_days", Parameters(day=day)):
            self._connection.run(f"ALTER TABLE {table} DROP PARTITION ID '{partition}'", {})

    def _scoped(self, name: str, scope: Scope, **values: object) -> list[tuple[Any, ...]]:
        parameters = Parameters(**values)
        return self._rows(name, parameters, scope=where(scope, parameters, now=self._clock()))

    def _rows(self, name: str, parameters: Parameters, **parts: str) -> list[tuple[Any, ...]]:
        sql = Template(schema.blocks("queries.sql")[name]).substitute(facts=EVENT_COLUMNS, narrow=_NARROW, **parts)
        return self._connection.rows(sql, parameters.values)


def _blocks(signals: Sequence[Signal], batch: int) -> list[Block]:
    events = [signal for signal in signals if signal.facts]
    others = [signal for signal in signals if not signal.facts]
    blocks = []
    if events:
        blocks.append(event_block(events, batch=batch))
    if others:
        blocks.append(signal_block(others, batch=batch))
    return blocks


def _buckets(counts: Mapping[int, int], since: datetime | None, until: datetime | None, bucket_s: int) -> list[Bucket]:
    filled = timeline.fill(counts, since=since, until=until, bucket_s=bucket_s)
    return [Bucket(start=start, count=count) for start, count in filled]
