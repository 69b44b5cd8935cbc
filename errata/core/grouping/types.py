"""Why events group: what counted, what didn't, and the reason of each."""

from typing import Literal

import msgspec

Variant = Literal[
    "fingerprint",  # the client said so
    "checksum",  # the client said so, the old way
    "in-app stack",
    "stack",  # no frame is the project's own, so all count
    "exception",  # no usable stack
    "message",
    "fallback",  # nothing but where and how bad
]


class Span(msgspec.Struct, frozen=True):
    """A part of a message that changes from event to event, and what kind of thing it is."""

    start: int
    end: int
    kind: str


class MessagePart(msgspec.Struct, frozen=True, omit_defaults=True):
    text: str
    template: str  # with each span replaced by its kind: "<int> rows"
    counted: bool
    reason: str
    spans: tuple[Span, ...] = ()


class FramePart(msgspec.Struct, frozen=True, omit_defaults=True):
    """One frame, oldest first. `place` and `name` are what counted, or would have."""

    place: str
    name: str
    counted: bool
    reason: str


class ExceptionPart(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str
    counted: bool  # the type
    reason: str
    message: MessagePart | None = None
    frames: tuple[FramePart, ...] = ()


class FingerprintPart(msgspec.Struct, frozen=True):
    """One element of the client's fingerprint, and what it came to."""

    given: str
    value: str


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    algorithm: str
    variant: Variant
    sentence: str
    hash: str  # 16 hex digits
    fingerprint: tuple[FingerprintPart, ...] = ()
    exceptions: tuple[ExceptionPart, ...] = ()  # oldest cause first
    message: MessagePart | None = None
