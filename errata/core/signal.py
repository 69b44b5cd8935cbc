"""What intake hands to digest: an immutable fact with a time, in the form the journal carries."""

from typing import Literal

import msgspec

SignalKind = Literal[
    "event",  # error or message: becomes part of an issue
    "transaction",
    "span",
    "session",
    "check_in",
    "log",
    "metric",
    "feedback",
    "attachment",
    "profile",
    "replay",
    "client_report",
    "unknown",
]


class EventFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of an event without opening its body: the columns of the event store."""

    fingerprint: int  # signed 64 bit
    title: str
    culprit: str
    level: str  # fatal, error, warning, info, debug
    platform: str
    type: str  # error, default (a message), csp
    exception_type: str  # "" for messages
    message: str  # exception value or message, cut at limits.FACT_MESSAGE_CHARS_MAX
    handled: int  # 1 handled, 0 unhandled, -1 unknown
    release: str
    dist: str
    environment: str
    transaction: str
    logger: str
    server_name: str
    location: str  # file name of the frame that failed
    trace_id: str  # 32 hex or ""
    span_id: str  # 16 hex or ""
    user: str  # the distinct-user key: "id:42", "email:…", "username:…", "ip:…", or ""
    user_id: str
    user_email: str
    user_name: str
    user_ip: str
    sdk: str  # "sentry.python/2.75.0"
    tags: list[tuple[str, str]]


class Signal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One accepted item. `body` is the scrubbed payload as the client sent it, compressed once, and not parsed again
    until someone looks.
    """

    kind: SignalKind
    project_id: int
    key_id: int
    received_ms: int  # unix milliseconds, server clock
    timestamp_ms: int  # unix milliseconds, client clock, drift-corrected
    event_id: str  # 32 hex; "" where the kind has none
    body: bytes  # zstd; b"" when it lives in the blob store
    dictionary: int  # the zstd dictionary `body` needs; 0 = none
    body_bytes: int  # size before compression
    facts: EventFacts | None = None  # kind "event" only
    name: str = ""  # item type as sent; file name for attachments; check-in slug
    content_type: str = ""
    blob: str = ""  # key in the blob store, when the body is too large for the journal
    quantity: int = 1  # how many things the item holds (a log container holds many)
