"""Signals as intake would make them, for event stores."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import zstandard

from errata.core.signal import EventFacts, Signal, SignalKind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DICTIONARY = b"what similar bodies share, again and again" * 50


def event_id(number: int) -> str:
    """A readable id."""
    return f"e{number:031x}"


def number_of(event_id: str) -> int:
    """The number it was made of."""
    return int(event_id[1:], 16)


def unix_ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def facts(*, fingerprint: int = 1, tags: Sequence[tuple[str, str]] = (), **others: Any) -> EventFacts:
    """Facts of an error, unless said otherwise."""
    usual: Mapping[str, Any] = {
        "title": "ValueError: no such plan",
        "culprit": "shop.pricing in quote",
        "level": "error",
        "platform": "python",
        "type": "error",
        "exception_type": "ValueError",
        "message": "no such plan",
        "handled": 0,
        "release": "shop@1.2.0",
        "dist": "",
        "environment": "production",
        "transaction": "/quote",
        "logger": "",
        "server_name": "web-1",
        "location": "shop/pricing.py",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": "00f067aa0ba902b7",
        "user": "id:7",
        "user_id": "7",
        "user_email": "ann@example.org",
        "user_name": "Ann",
        "user_ip": "192.0.2.7",
        "sdk": "sentry.python/2.75.0",
    }
    return EventFacts(fingerprint=fingerprint, tags=list(tags), **{**usual, **others})


def event(
    number: int,
    *,
    at: datetime = NOON,
    received: datetime | None = None,
    project: int = 1,
    payload: bytes = b'{"message": "no such plan"}',
    dictionary: int = 0,
    **known: Any,
) -> Signal:
    """An error event; `known` goes to its facts."""
    return Signal(
        kind="event",
        project_id=project,
        key_id=1,
        received_ms=unix_ms(received or at),
        timestamp_ms=unix_ms(at),
        event_id=event_id(number),
        body=compressed(payload, dictionary),
        dictionary=dictionary,
        body_bytes=len(payload),
        facts=facts(**known),
    )


def other(
    kind: SignalKind, number: int, *, at: datetime = NOON, payload: bytes = b"", blob: str = "", **known: Any
) -> Signal:
    """A signal that is no event; `known` goes to it."""
    return Signal(
        kind=kind,
        project_id=1,
        key_id=1,
        received_ms=unix_ms(at),
        timestamp_ms=unix_ms(at),
        event_id=event_id(number) if number else "",
        body=b"" if blob else compressed(payload, 0),
        dictionary=0,
        body_bytes=len(payload),
        blob=blob,
        **known,
    )


def compressed(payload: bytes, dictionary: int) -> bytes:
    shared = zstandard.ZstdCompressionDict(DICTIONARY) if dictionary else None
    return zstandard.ZstdCompressor(dict_data=shared).compress(payload)
