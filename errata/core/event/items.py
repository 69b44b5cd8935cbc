"""What is read of items that aren't events: whose they are, when they happened, and how many things they hold.

Transactions, spans, sessions, check-ins, logs, metrics and feedback are kept whole and read when something needs them;
until then these few facts are enough to find and count them.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from errata.core.errors import Refusal


class MalformedItem(Refusal):
    """The payload of an item isn't the JSON object that it should be."""

    code = "invalid_json"
    status = 400


class ItemFacts(msgspec.Struct, frozen=True, gc=False):
    """Values are as the client wrote them: `times.milliseconds` and `event_id_of` read them."""

    event_id: Any = None
    timestamp: Any = None
    slug: Any = None  # of a check-in's monitor
    quantity: int = 1


class _Element(msgspec.Struct, gc=False):
    """A log record, a metric point or a span in its container."""

    timestamp: Any = None
    start_timestamp: Any = None


class _Aggregate(msgspec.Struct, gc=False):
    """The sessions of one minute. What a client leaves out is zero."""

    started: Any = None
    exited: int = 0
    errored: int = 0
    abnormal: int = 0
    unhandled: int = 0
    crashed: int = 0


class _Item(msgspec.Struct, gc=False):
    event_id: Any = None
    timestamp: Any = None
    started: Any = None
    monitor_slug: Any = None
    items: list[_Element] | None = None
    aggregates: list[_Aggregate] | None = None


class _OddItem(msgspec.Struct, gc=False):
    """The same, of a payload whose lists hold something unexpected."""

    event_id: Any = None
    timestamp: Any = None
    started: Any = None
    monitor_slug: Any = None
    items: Any = None


_decode = msgspec.json.Decoder(_Item).decode
_decode_odd = msgspec.json.Decoder(_OddItem).decode


def read_item(payload: bytes, *, item_type: str) -> ItemFacts:
    """Read the facts of an item. Raise MalformedItem for what isn't a JSON object; nothing else is too odd."""
    try:
        return _facts(_decode(payload))
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _malformed(item_type) from None
    try:
        odd = _decode_odd(payload)
    except msgspec.ValidationError:
        return ItemFacts()  # JSON, and kept as it is; what intake says of its shape is up to its kind.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _malformed(item_type) from None
    quantity = len(odd.items) if isinstance(odd.items, list) else 1
    return ItemFacts(odd.event_id, odd.timestamp or odd.started, odd.monitor_slug, max(1, quantity))


def _malformed(item_type: str) -> MalformedItem:
    return MalformedItem(f"The {item_type[:40]} item is not a JSON object.")


def _facts(item: _Item) -> ItemFacts:
    elements: Sequence[_Element] = item.items or ()
    aggregates: Sequence[_Aggregate] = item.aggregates or ()
    timestamp = item.timestamp or item.started
    if timestamp is None and elements:
        timestamp = elements[0].timestamp or elements[0].start_timestamp
    if timestamp is None and aggregates:
        timestamp = aggregates[0].started
    quantity = len(elements) or sum(map(_sessions, aggregates)) or 1
    return ItemFacts(item.event_id, timestamp, item.monitor_slug, quantity)


def _sessions(aggregate: _Aggregate) -> int:
    counts = (aggregate.exited, aggregate.errored, aggregate.abnormal, aggregate.unhandled, aggregate.crashed)
    return sum(count for count in counts if count > 0)
