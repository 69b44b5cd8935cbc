"""From a body to journal records: everything that is decided about what a client sent.

No I/O, but for the blob store when something is too large for the journal; and no body is that large unless the caller
allows it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec

from errata.core import limits
from errata.core.envelope import Envelope, Item, split, split_store
from errata.core.errors import Refusal
from errata.core.event import event_id_of, times
from errata.core.signal import Signal, SignalKind
from errata.ingest import replies
from errata.ingest.compress import Compressor
from errata.ingest.counts import REPORT_NAME, Counts, Dropped, Key, report
from errata.ingest.encodings import decompress
from errata.ingest.items import LIMITED_CATEGORIES, ItemKind, counted_as, kind_of
from errata.ingest.replies import RateLimit, Reply
from errata.ingest.request import Request, RequestRefused, Sender, identify
from errata.ingest.signals import Context, Signals
from errata.ports.blobs import Blobs
from errata.ports.keys import KeySnapshot
from errata.ports.quotas import MINUTE_MS, Quota, Quotas

_encode: Callable[[Signal], bytes] = msgspec.msgpack.Encoder().encode

Kinds = list[tuple[Item, ItemKind]]


class Accepted(NamedTuple):
    """What goes into the journal, and the answer once it is there. Without records the answer can go out at once."""

    records: list[bytes]
    reply: Reply
    kinds: Sequence[SignalKind] = ()  # of the records


class Acceptor:
    """Accepts bodies. Safe to share between threads."""

    def __init__(
        self,
        *,
        blobs: Blobs,
        compressor: Compressor,
        quotas: Quotas,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._signals = Signals(blobs=blobs, compressor=compressor, new_id=new_id)
        self._compressor = compressor
        self._quotas = quotas
        self._clock = clock
        self._counts = Counts()

    def accept(
        self, request: Request, body: bytes, *, sender: Sender | None, snapshot: KeySnapshot, bytes_max: int
    ) -> Accepted:
        """Decide about a body. Raise a Refusal when nothing of it can be accepted: Overflow when it unfolds too far."""
        envelope = _envelope(request, body, bytes_max)
        if sender is None:
            dsn = envelope.header.get("dsn")
            sender = identify(request, snapshot, dsn=dsn if isinstance(dsn, str) else "")
            assert sender is not None
        received_ms = self._now_ms()
        items = [(item, kind_of(item.type)) for item in envelope.items]
        kept, exhausted = self._within_quotas(items, sender, received_ms)
        context = _context(request, envelope, sender, received_ms)
        return self._accept(envelope, context, kept, _rate_limit(exhausted, received_ms))

    def drop(self, sender: Sender, refusal: Refusal) -> None:
        """Count a body that was refused whole."""
        self._counts.add(_key(sender), [Dropped("invalid", "unknown", refusal.code)])

    def take_reports(self) -> list[bytes]:
        """The counts of what was not accepted since they were last taken, as journal records."""
        at_ms = self._now_ms()
        return [_encode(self._report(key, report(counted), at_ms)) for key, counted in self._counts.take().items()]

    def dropped(self) -> dict[Dropped, int]:
        """Count what was not accepted since the beginning."""
        return self._counts.total()

    def _accept(self, envelope: Envelope, context: Context, kept: Kinds, limit: RateLimit | None) -> Accepted:
        if not context.event_id:  # Attachments take the id of their event, which may come behind them.
            kept = sorted(kept, key=lambda pair: pair[1].kind not in ("event", "transaction"))
        records: list[bytes] = []
        kinds: list[SignalKind] = []
        refusals: list[Refusal] = []
        dropped: list[Dropped] = []
        for item, kind in kept:
            try:
                records.append(_encode(self._signals.signal(item, kind, context)))
            except Refusal as refusal:
                refusals.append(refusal)
                dropped.append(Dropped("invalid", counted_as(kind.kind), refusal.code))
            else:
                kinds.append(kind.kind)
        dropped += [Dropped("invalid", "unknown", "malformed_envelope") for _ in envelope.faults]
        if dropped:
            self._counts.add(_key(context.sender), dropped)
        if records:
            return Accepted(records, replies.accepted(context.event_id, limit), kinds)
        if limit:
            return Accepted([], replies.limited(limit))
        if refusals:
            causes = [refusal.message for refusal in refusals] + envelope.faults
            return Accepted([], replies.refused(refusals[0], causes=causes))
        return Accepted([], replies.accepted(context.event_id))

    def _within_quotas(self, items: Kinds, sender: Sender, at_ms: int) -> tuple[Kinds, Quota | None]:
        """The items that the quotas allow. Each event, transaction, … counts once; attachments go with them."""
        quotas = _quotas(sender)
        if not quotas:
            return items, None
        wanted = sum(_is_counted(kind) for _, kind in items)
        quantity, exhausted = self._quotas.take(quotas, wanted=wanted, at_ms=at_ms)
        if exhausted is None:
            return items, None
        kept: Kinds = []
        dropped: list[Dropped] = []
        left = quantity
        for item, kind in items:
            allowed = left > 0 if _is_counted(kind) else quantity > 0 or not kind.category
            left -= allowed and _is_counted(kind)
            if allowed:
                kept.append((item, kind))
            else:
                dropped.append(Dropped("rate_limited", counted_as(kind.kind), f"{exhausted.scope}_quota"))
        self._counts.add(_key(sender), dropped)
        return kept, exhausted

    def _report(self, key: Key, body: bytes, at_ms: int) -> Signal:
        compressed = self._compressor.compress(body)
        return Signal(
            kind="client_report",
            project_id=key[0],
            key_id=key[1],
            received_ms=at_ms,
            timestamp_ms=at_ms,
            event_id="",
            body=compressed.body,
            dictionary=0,
            body_bytes=len(body),
            name=REPORT_NAME,
        )

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)


def body_in_query(query: str) -> bytes:
    """The event that a GET to /store/ carries in its query. Raise RequestRefused when there is none."""
    values = parse_qs(query).get("sentry_data")
    if not values:
        msg = "A GET to the store endpoint carries the event as ?sentry_data=. Use POST otherwise."
        raise RequestRefused(msg)
    value = values[0].strip()
    # A plus sign of base64 that was not escaped has become a space.
    return (value if value.startswith("{") else value.replace(" ", "+")).encode("utf-8", "surrogateescape")


def _envelope(request: Request, body: bytes, bytes_max: int) -> Envelope:
    plain = decompress(body, encoding=request.content_encoding, bytes_max=bytes_max)
    if not plain or plain.isspace():
        raise RequestRefused("The body is empty.")
    if request.endpoint == "envelope":
        return split(plain)
    return split_store(plain, content_type=request.content_type, bytes_max=limits.EVENT_BYTES_MAX)


def _context(request: Request, envelope: Envelope, sender: Sender, received_ms: int) -> Context:
    return Context(
        sender=sender,
        received_ms=received_ms,
        sent_at_ms=times.milliseconds(envelope.header.get("sent_at")),
        event_id=event_id_of(envelope.header.get("event_id")),
        client_ip=request.client_ip,
        user_agent=request.user_agent,
    )


def _is_counted(kind: ItemKind) -> bool:
    return bool(kind.category) and kind.kind != "attachment"


def _quotas(sender: Sender) -> list[Quota]:
    key, project = sender
    both = (
        Quota("key", key.key_id, key.quota_per_minute),
        Quota("project", project.project_id, project.quota_per_minute),
    )
    return [quota for quota in both if quota.per_minute > 0]


def _rate_limit(exhausted: Quota | None, at_ms: int) -> RateLimit | None:
    if exhausted is None:
        return None
    retry_s = (MINUTE_MS - at_ms % MINUTE_MS + 999) // 1000
    return RateLimit(retry_s, LIMITED_CATEGORIES, exhausted.scope, f"{exhausted.scope}_quota")


def _key(sender: Sender) -> Key:
    return sender.key.project_id, sender.key.key_id
