"""One item → one signal."""

from collections.abc import Callable
from typing import Any

import msgspec

from errata.core import limits
from errata.core.envelope import Item
from errata.core.errors import Refusal
from errata.core.event import decode, describe, event_id_of, times
from errata.core.event.items import ItemFacts, read_item
from errata.core.event.scrub import scrub
from errata.core.grouping import group
from errata.core.signal import EventFacts, Signal, SignalKind
from errata.ingest.compress import Compressor
from errata.ingest.items import SCRUBBED, ItemKind
from errata.ingest.request import Sender
from errata.ports.blobs import Blobs

_NAME_CHARS_MAX = 200
_TYPE_CHARS_MAX = 128
_QUANTITY_MAX = 1_000_000


class ItemTooLarge(Refusal):
    """One item is larger than its kind may be."""

    code = "too_large"
    status = 413


class Context(msgspec.Struct):
    """What the items of one envelope share."""

    sender: Sender
    received_ms: int
    sent_at_ms: int | None
    event_id: str  # the envelope's; else that of the first item which has one
    client_ip: str
    user_agent: str


class Signals:
    """Makes signals of items. Safe to share between threads."""

    def __init__(self, *, blobs: Blobs, compressor: Compressor, new_id: Callable[[], str]) -> None:
        self._blobs = blobs
        self._compressor = compressor
        self._new_id = new_id

    def signal(self, item: Item, kind: ItemKind, context: Context) -> Signal:
        """Make the signal of an item. Raise a Refusal for what can't be kept."""
        if item.size > kind.bytes_max:
            msg = f"The {item.type[:40]} item has {item.size} bytes, and at most {kind.bytes_max} are accepted."
            raise ItemTooLarge(msg)
        if kind.kind == "event":
            return self._event(item, context)
        if kind.kind == "unknown":
            return self._signal(kind.kind, item, b"", ItemFacts(), context)
        payload = item.payload
        read = read_item(payload, item_type=item.type) if kind.is_json else ItemFacts()
        if kind.kind in SCRUBBED:
            payload, _ = scrub(payload, context.sender.project.scrub)
        return self._signal(kind.kind, item, payload, read, context)

    def _event(self, item: Item, context: Context) -> Signal:
        rules = context.sender.project.scrub
        payload, _ = scrub(item.payload, rules)
        fields = decode(payload)
        event_id = self._own_id(fields.event_id, context)
        if fields.type == "transaction":
            read = ItemFacts(event_id=event_id, timestamp=fields.timestamp)
            return self._signal("transaction", item, payload, read, context)
        facts, timestamp_ms = describe(
            fields,
            fingerprint=group(fields),
            received_ms=context.received_ms,
            sent_at_ms=context.sent_at_ms,
            client_ip="" if rules.enabled and rules.ip_addresses else context.client_ip,
            user_agent=context.user_agent,
        )
        return self._made("event", payload, context, timestamp_ms=timestamp_ms, event_id=event_id, facts=facts)

    def _signal(self, kind: SignalKind, item: Item, payload: bytes, read: ItemFacts, context: Context) -> Signal:
        timestamp_ms = times.corrected(
            times.milliseconds(read.timestamp), received_ms=context.received_ms, sent_at_ms=context.sent_at_ms
        )
        return self._made(
            kind,
            payload,
            context,
            timestamp_ms=timestamp_ms,
            event_id=self._event_id(kind, item, read, context),
            name=_name(kind, item, read),
            content_type=_text(item.header.get("content_type"))[:_TYPE_CHARS_MAX],
            quantity=_quantity(item, read),
            body_bytes=item.size if kind == "unknown" else len(payload),
        )

    def _made(
        self,
        kind: SignalKind,
        payload: bytes,
        context: Context,
        *,
        timestamp_ms: int,
        event_id: str,
        facts: EventFacts | None = None,
        name: str = "",
        content_type: str = "",
        quantity: int = 1,
        body_bytes: int = -1,
    ) -> Signal:
        body, dictionary, blob = b"", 0, ""
        if payload:
            body, dictionary = self._compressor.compress(payload, dictionary=context.sender.project.dictionary)
        if len(body) > limits.JOURNAL_BODY_BYTES_MAX:
            body, blob = b"", self._blobs.put(body)
        return Signal(
            kind=kind,
            project_id=context.sender.key.project_id,
            key_id=context.sender.key.key_id,
            received_ms=context.received_ms,
            timestamp_ms=timestamp_ms,
            event_id=event_id,
            body=body,
            dictionary=dictionary,
            body_bytes=len(payload) if body_bytes < 0 else body_bytes,
            facts=facts,
            name=name,
            content_type=content_type,
            blob=blob,
            quantity=quantity,
        )

    def _event_id(self, kind: SignalKind, item: Item, read: ItemFacts, context: Context) -> str:
        if kind == "transaction" or item.type == "feedback":
            return self._own_id(read.event_id, context)
        if kind == "feedback":  # A user report speaks of an event; its envelope need not.
            return event_id_of(read.event_id, context.event_id)
        return context.event_id if kind in _ATTACHED else ""

    def _own_id(self, sent: Any, context: Context) -> str:
        """The id of an event: the envelope's wins over the payload's, and there must be one."""
        context.event_id = context.event_id or event_id_of(sent) or self._new_id()
        return context.event_id


# Kinds that belong to the event of their envelope.
_ATTACHED: frozenset[SignalKind] = frozenset({"attachment", "profile", "replay"})


def _name(kind: SignalKind, item: Item, read: ItemFacts) -> str:
    if kind == "attachment":
        return _text(item.header.get("filename"))[:_NAME_CHARS_MAX]
    if kind == "check_in":
        return _text(read.slug)[:_NAME_CHARS_MAX]
    return _text(item.type)[:_NAME_CHARS_MAX]


def _quantity(item: Item, read: ItemFacts) -> int:
    said = item.header.get("item_count")
    if isinstance(said, int) and not isinstance(said, bool):
        return min(max(1, said), _QUANTITY_MAX)
    return min(read.quantity, _QUANTITY_MAX)


def _text(value: Any) -> str:
    """A text that any store can hold: no NULs, no lone surrogates."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "ignore").decode()
