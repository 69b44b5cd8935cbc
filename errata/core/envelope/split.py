"""Bytes → items: the framing of Sentry envelopes, without copying a payload.

    envelope = header-line *( LF item ) [LF]
    item     = item-header LF payload

A payload is exactly `length` bytes, or without `length` whatever comes before the next LF. A CR belongs to the payload.
Runs of LF between items are skipped. What can be read is kept: a fault in a later item doesn't cost the earlier ones.
"""

import json
from typing import Any, NamedTuple

import msgspec

from errata.core import limits
from errata.core.errors import Refusal


class MalformedEnvelope(Refusal):
    """Nothing of the envelope can be read."""

    code = "malformed_envelope"
    status = 400


class EnvelopeTooLarge(Refusal):
    """The envelope has more items, or a longer header line, than is accepted."""

    code = "envelope_too_large"
    status = 413


class Item(NamedTuple):
    """One item: a place in the body. `payload` copies it out; `view` doesn't."""

    type: str
    header: dict[str, Any]
    body: bytes
    start: int
    end: int

    @property
    def payload(self) -> bytes:
        """The item's bytes, copied."""
        return self.body[self.start : self.end]

    @property
    def view(self) -> memoryview:
        """The item's bytes, in place."""
        return memoryview(self.body)[self.start : self.end]

    @property
    def size(self) -> int:
        """How many bytes the payload has."""
        return self.end - self.start


class Envelope(NamedTuple):
    header: dict[str, Any]
    items: list[Item]
    faults: list[str]  # why the rest of the body is not among the items; empty when all of it is


class _Fault(Exception):
    """The rest of the body can't be read."""


# A header's keys aren't needed one by one: most readers want two or three of them.
_decode_header = msgspec.json.Decoder(dict[str, Any]).decode


def split(body: bytes) -> Envelope:
    """Split an envelope into its header and items. Raise MalformedEnvelope when nothing in it can be read."""
    header, at = _envelope_header(body)
    items: list[Item] = []
    faults: list[str] = []
    size = len(body)
    try:
        while (at := _skip_newlines(body, at, size)) < size:
            if len(items) == limits.ENVELOPE_ITEMS_MAX:
                msg = f"The envelope has more than {limits.ENVELOPE_ITEMS_MAX} items. Send fewer items per envelope."
                raise EnvelopeTooLarge(msg, items_max=limits.ENVELOPE_ITEMS_MAX)
            item, at = _item(body, at, size, number=len(items) + 1)
            items.append(item)
    except _Fault as fault:
        if not items:
            raise MalformedEnvelope(str(fault), at=at) from None
        faults.append(str(fault))
    return Envelope(header, items, faults)


def _envelope_header(body: bytes) -> tuple[dict[str, Any], int]:
    try:
        return _header_line(body, 0, what="The envelope header (line 1)")
    except _Fault as fault:
        raise MalformedEnvelope(str(fault), at=0) from None


def _skip_newlines(body: bytes, at: int, size: int) -> int:
    while at < size and body[at] == 10:  # LF
        at += 1
    return at


def _item(body: bytes, at: int, size: int, *, number: int) -> tuple[Item, int]:
    header, start = _header_line(body, at, what=f"The header of item {number} (byte {at})")
    kind = header.get("type")
    length = header.get("length")
    end = _end_by_newline(body, start) if length is None else _end_by_length(body, start, size, length, number)
    return Item(kind if isinstance(kind, str) else "", header, body, min(start, size), end), end


def _end_by_newline(body: bytes, start: int) -> int:
    end = body.find(b"\n", start)
    return len(body) if end < 0 else end


def _end_by_length(body: bytes, start: int, size: int, length: Any, number: int) -> int:
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        msg = f"Item {number} says its length is {str(length)[:40]!r}, which is not a number of bytes."
        raise _Fault(msg)
    end = start + length
    if length and end > size:
        msg = f"Item {number} says it has {length} bytes, but the body ends after {max(0, size - start)} of them."
        raise _Fault(msg)
    if end < size and body[end] != 10:
        msg = f"Item {number} says it has {length} bytes, but no line feed follows them (byte {end})."
        raise _Fault(msg)
    return min(end, size)


def _header_line(body: bytes, at: int, *, what: str) -> tuple[dict[str, Any], int]:
    end = body.find(b"\n", at, at + limits.HEADER_LINE_BYTES_MAX)
    if end < 0:
        if len(body) - at > limits.HEADER_LINE_BYTES_MAX:
            msg = f"{what} is longer than {limits.HEADER_LINE_BYTES_MAX} bytes."
            raise EnvelopeTooLarge(msg, bytes_max=limits.HEADER_LINE_BYTES_MAX)
        end = len(body)
    line = body[at:end]
    try:
        return _decode_header(line), end + 1
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        header = _tolerantly(line)
    if header is None:
        msg = f"{what} is not a JSON object on one line."
        raise _Fault(msg)
    return header, end + 1


def _tolerantly(line: bytes) -> dict[str, Any] | None:
    """A header with what msgspec refuses and Python reads: lone surrogates in a file name, NaN, broken UTF-8."""
    try:
        header = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None
