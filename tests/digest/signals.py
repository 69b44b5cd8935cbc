"""Signals as intake makes them, for the digest's tests."""

import uuid
from typing import Any

import msgspec
import zstandard

from errata.core.signal import EventFacts, Signal

NOW_MS = 1_800_000_000_000
_encode = msgspec.msgpack.Encoder().encode


def facts(**changes: Any) -> EventFacts:
    return msgspec.structs.replace(
        EventFacts(
            fingerprint=1, title="ValueError: empty basket", culprit="shop.pay", level="error", platform="python",
            type="error", exception_type="ValueError", message="empty basket", handled=0, release="shop@1", dist="",
            environment="production", transaction="/pay", logger="", server_name="web-1", location="shop.py",
            trace_id="", span_id="", user="id:42", user_id="42", user_email="", user_name="", user_ip="",
            sdk="sentry.python/2", tags=[("browser", "Firefox")],
        ),
        **changes,
    )  # fmt: skip


def event(*, project: int = 1, fingerprint: int = 1, event_id: str = "", at_ms: int = NOW_MS, **changes: Any) -> Signal:
    signal_changes = {name: changes.pop(name) for name in list(changes) if name in Signal.__struct_fields__}
    payload = b'{"exception": {"values": [{"type": "ValueError", "value": "empty basket"}]}}'
    made = Signal(
        kind="event", project_id=project, key_id=1, received_ms=at_ms, timestamp_ms=at_ms,
        event_id=event_id or uuid.uuid4().hex, body=zstandard.compress(payload), dictionary=0, body_bytes=len(payload),
        facts=facts(fingerprint=fingerprint, **changes),
    )  # fmt: skip
    return msgspec.structs.replace(made, **signal_changes)


def other(kind: str, *, body: bytes = b"{}", event_id: str = "", name: str = "", project: int = 1) -> Signal:
    return Signal(
        kind=kind, project_id=project, key_id=1, received_ms=NOW_MS, timestamp_ms=NOW_MS, event_id=event_id,  # type: ignore[arg-type]
        body=zstandard.compress(body), dictionary=0, body_bytes=len(body), name=name,
    )  # fmt: skip


def record(signal: Signal) -> bytes:
    return _encode(signal)
