"""JSON that strict parsers refuse → a tree: NaN, lone surrogates, control characters, text that isn't UTF-8."""

import json
import math
import re
from typing import Any

from errata.core.errors import Refusal

# Python's own limit for text to int; what is longer is not a number anybody meant.
_INT_DIGITS_MAX = 4_300


class MalformedEvent(Refusal):
    """The payload is not a JSON object."""

    code = "malformed_event"
    status = 400


class TooDeep(MalformedEvent):
    """The payload is nested more deeply than the parser can follow: some hundreds of levels, where SDKs stop at ten."""

    def __init__(self) -> None:
        super().__init__("The payload is nested too deeply.")


def parse(payload: bytes | memoryview) -> dict[str, Any]:
    """Parse an object as tolerantly as can be done without guessing. Raise MalformedEvent for anything else.

    The result may hold lone surrogates and NULs: `coerce` cleans what it reads.
    """
    text = bytes(payload).decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        tree = _decode(text.strip())
    except RecursionError:
        raise TooDeep from None
    except ValueError as error:
        msg = f"The payload is not JSON: {error}."
        raise MalformedEvent(msg) from None
    if not isinstance(tree, dict):
        msg = "The payload is JSON, but not an object."
        raise MalformedEvent(msg)
    return tree


_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u0000|(.))", re.DOTALL)


def shallow(payload: bytes, *, depth_max: int) -> bytes:
    """The JSON with whatever is nested more deeply than that replaced by an ellipsis."""
    pieces: list[bytes] = []
    kept = depth = 0
    for token in _TOKEN.finditer(payload):
        if (mark := token[0]) in (b"{", b"["):
            depth += 1
            if depth == depth_max + 1:
                pieces.append(payload[kept : token.start()])
        elif mark in (b"}", b"]"):
            if depth == depth_max + 1:
                pieces.append(b'"..."')
                kept = token.end()
            depth -= 1
    return b"".join((*pieces, payload[kept:]))


def without_nuls(payload: bytes) -> bytes:
    """The JSON without the NULs in its texts, which some databases and screens can't hold."""
    if b"\\u0000" not in payload:
        return payload
    return _ESCAPE.sub(lambda escape: escape[0] if escape[1] else b"", payload)


def _int(text: str) -> int | None:
    return int(text) if len(text) <= _INT_DIGITS_MAX else None


def _float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _constant(_text: str) -> None:
    """NaN and the infinities: no number, so absent."""


_decode = json.JSONDecoder(strict=False, parse_int=_int, parse_float=_float, parse_constant=_constant).decode
