"""Signals as the columns of the tables, and rows of the tables as events."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import compress
from typing import Any, Final

import msgspec

from errata.core.ids import EventId, ProjectId
from errata.core.signal import EventFacts, Signal
from errata.ports.event_store import StoredEvent, StoredSignal

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS: Final = 86_400_000
_NO_EVENT: Final = bytes(16)

# Types as they are sent, not as they are kept: the engine turns a String into a LowCardinality(String) faster than
# Python could.
_SIGNAL: Final = {
    "project_id": "UInt64",
    "key_id": "UInt64",
    "received": "DateTime64(3, 'UTC')",
    "timestamp": "DateTime64(3, 'UTC')",
    "event_id": "FixedString(16)",
    "body": "String",
    "dictionary": "UInt32",
    "body_bytes": "UInt64",
    "blob": "String",
    "batch": "UInt64",
}
_FACTS: Final = {
    field.name: {"fingerprint": "Int64", "handled": "Int8", "tags": "Map(String, String)"}.get(field.name, "String")
    for field in msgspec.structs.fields(EventFacts)
}
_OTHERS: Final = {"kind": "String", "name": "String", "content_type": "String", "quantity": "UInt64"}

# What a listing reads: the order is that of `stored_event`.
EVENT_COLUMNS: Final = ", ".join(
    ["event_id", "project_id", "toUnixTimestamp64Milli(timestamp)", "toUnixTimestamp64Milli(received)", *_FACTS]
)


class Block(msgspec.Struct, frozen=True):
    """Rows on their way into a table, by column."""

    table: str
    names: list[str]
    types: list[str]
    columns: list[Sequence[Any]]

    @property
    def rows(self) -> int:
        return len(self.columns[0])

    @property
    def received_ms(self) -> Sequence[int]:
        return self.columns[self.names.index("received")]

    def days(self) -> list[int]:
        """The day of each row, counted from the epoch: the partition it lands in."""
        return [at // _DAY_MS for at in self.received_ms]

    def only(self, wanted: Sequence[bool]) -> "Block":
        """The rows marked as wanted."""
        return msgspec.structs.replace(self, columns=[list(compress(column, wanted)) for column in self.columns])


def batch_number(token: str) -> int:
    """The number that marks the rows of a batch."""
    return int.from_bytes(blake2b(token.encode(), digest_size=8).digest())


def event_block(signals: Sequence[Signal], *, batch: int) -> Block:
    """Events as columns."""
    facts = list(zip(*(msgspec.structs.astuple(signal.facts) for signal in signals if signal.facts), strict=True))
    facts[-1] = tuple(map(dict, facts[-1]))
    return _block("events", _SIGNAL | _FACTS, [*_signal_columns(signals, batch), *facts])


def signal_block(signals: Sequence[Signal], *, batch: int) -> Block:
    """Signals of other kinds as columns."""
    others = [[getattr(signal, name) for signal in signals] for name in _OTHERS]
    return _block("signals", _SIGNAL | _OTHERS, [*_signal_columns(signals, batch), *others])


def _block(table: str, types: dict[str, str], columns: list[Sequence[Any]]) -> Block:
    return Block(table=table, names=list(types), types=list(types.values()), columns=columns)


def _signal_columns(signals: Sequence[Signal], batch: int) -> list[Sequence[Any]]:
    return [
        [signal.project_id for signal in signals],
        [signal.key_id for signal in signals],
        [signal.received_ms for signal in signals],
        [signal.timestamp_ms for signal in signals],
        [bytes.fromhex(signal.event_id) or _NO_EVENT for signal in signals],
        [signal.body for signal in signals],
        [signal.dictionary for signal in signals],
        [signal.body_bytes for signal in signals],
        [signal.blob for signal in signals],
        [batch] * len(signals),
    ]


def stored_event(row: Sequence[Any]) -> StoredEvent:
    """An event from a row of EVENT_COLUMNS."""
    event_id, project_id, timestamp_ms, received_ms, *facts = row
    return StoredEvent(
        event_id=event_id_of(event_id),
        project_id=ProjectId(project_id),
        timestamp=moment(timestamp_ms),
        received=moment(received_ms),
        facts=EventFacts(*facts),
    )


def stored_signal(row: Sequence[Any]) -> StoredSignal:
    """A signal from a row of the query `signals`."""
    kind, name, project_id, event_id, timestamp_ms, received_ms, content_type, quantity, body_bytes, blob = row
    return StoredSignal(
        kind=kind,
        name=name,
        project_id=ProjectId(project_id),
        event_id=event_id_of(event_id),
        timestamp=moment(timestamp_ms),
        received=moment(received_ms),
        content_type=content_type,
        quantity=quantity,
        body_bytes=body_bytes,
        blob=blob,
    )


def event_id_of(raw: bytes) -> EventId:
    """The 32 hex digits of a stored id; "" for none."""
    return EventId("" if raw == _NO_EVENT else raw.hex())


def place_of(event: StoredEvent) -> int:
    """Where an event stands in time, as a number: its time above its id."""
    return (unix_ms(event.timestamp) << 128) + int(event.event_id or "0", 16)


def event_at(place: int) -> EventId | None:
    """The id of the event that stands at a place."""
    return event_id_of((place % 2**128).to_bytes(16)) or None


def moment(unix_ms: int) -> datetime:
    """The time that a count of milliseconds means. Exact, where `fromtimestamp` rounds."""
    return _EPOCH + timedelta(milliseconds=unix_ms)


def unix_ms(at: datetime) -> int:
    """The milliseconds of a time, rounded down."""
    return (at - _EPOCH) // timedelta(milliseconds=1)
