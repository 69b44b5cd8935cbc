"""Two payloads side by side: the lines that differ, with a line around each."""

import difflib
from typing import Literal

import msgspec
import orjson

_LINES_MAX = 200
_CHARS_MAX = 200


class Line(msgspec.Struct, frozen=True):
    kind: Literal["same", "before", "after"]
    text: str


def compared(before: bytes, after: bytes) -> list[Line]:
    """The difference of two JSON documents, written out."""
    kinds: dict[str, Literal["same", "before", "after"]] = {" ": "same", "-": "before", "+": "after"}
    lines = difflib.unified_diff(_written(before), _written(after), lineterm="", n=1)
    shown = [
        Line(kind=kinds[line[0]], text=line[1:][:_CHARS_MAX])
        for line in lines
        if not line.startswith(("---", "+++", "@@"))
    ]
    return shown[:_LINES_MAX]


def _written(payload: bytes) -> list[str]:
    return orjson.dumps(orjson.loads(payload), option=orjson.OPT_INDENT_2).decode().splitlines()
