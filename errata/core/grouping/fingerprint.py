"""The fingerprint a client asks for: its elements, with the variables among them filled in."""

import re
from typing import Any

import msgspec

from errata.core.event.fields import EventFields, ExceptionValue, Frame, LogEntry

_VARIABLE = re.compile(r"\{\{\s*([\w.\-]+)\s*\}\}")
_DEFAULT = re.compile(r"\{\{\s*default\s*\}\}")
_PLAIN = frozenset(
    {"transaction", "level", "logger", "release", "environment", "platform", "dist", "server_name", "culprit"}
)
_OF_EXCEPTION = {"type": "type", "error.type": "type", "value": "value", "error.value": "value"}
_OF_FRAME = {
    "function": ("function",),
    "module": ("module",),
    "package": ("package",),
    "path": ("abs_path", "filename"),
    "abs_path": ("abs_path", "filename"),
    "filename": ("filename", "abs_path"),
}
_PARTS_MAX = 64
_CHARS_MAX = 1_024


class Part(msgspec.Struct, frozen=True):
    given: str
    value: str
    is_default: bool = False  # `{{ default }}`: what the event would group by without a fingerprint


def expand(fields: EventFields, given: list[str | int | float]) -> list[Part]:
    """Fill in the variables of each element; elements that hold nothing are left out."""
    texts = [str(element).strip()[:_CHARS_MAX] for element in given[:_PARTS_MAX]]
    return [_part(fields, text) for text in texts if text]


def _part(fields: EventFields, text: str) -> Part:
    if _DEFAULT.fullmatch(text):
        return Part(text, "", is_default=True)
    return Part(text, _VARIABLE.sub(lambda match: _variable(fields, match[1]), text))


def _variable(fields: EventFields, name: str) -> str:
    """The value of a variable. One without a value leaves a word in its place, which still sets groups apart."""
    value = _tag(fields, name.removeprefix("tags.")) if name.startswith("tags.") else _fact(fields, name)
    return str(value) if value not in (None, "") else f"<no {name}>"


def _fact(fields: EventFields, name: str) -> Any:
    if name in _PLAIN:
        return getattr(fields, name)
    if name == "message":
        return _message(fields)
    if (attribute := _OF_EXCEPTION.get(name)) is not None:
        return getattr(_exception(fields), attribute, None)
    frame = _frame(fields)
    found = (getattr(frame, attribute) for attribute in _OF_FRAME.get(name.removeprefix("stack."), ()) if frame)
    return next((value for value in found if value), None)


def _exception(fields: EventFields) -> ExceptionValue | None:
    found = fields.exception
    values = found if isinstance(found, list) else found and found.values
    return values[-1] if values else None


def _frame(fields: EventFields) -> Frame | None:
    """The frame that failed: the project's own, if there is one."""
    last = _exception(fields)
    stacktrace = last.stacktrace if last is not None else fields.stacktrace
    frames = (stacktrace.frames if stacktrace is not None else None) or []
    own = [frame for frame in frames if frame.in_app]
    return (own or frames)[-1] if frames else None


def _message(fields: EventFields) -> str | None:
    for entry in (fields.logentry, fields.message):
        text = (entry.formatted or entry.message) if isinstance(entry, LogEntry) else entry
        if text:
            return text
    last = _exception(fields)
    return last.value if last is not None else None


def _tag(fields: EventFields, key: str) -> Any:
    tags = fields.tags
    if isinstance(tags, dict):
        return tags.get(key)
    pairs = [(tag["key"], tag.get("value")) for tag in tags or () if isinstance(tag, dict) and "key" in tag]
    pairs += [(tag[0], tag[1]) for tag in tags or () if isinstance(tag, list | tuple) and len(tag) == 2]
    return next((value for name, value in pairs if name == key), None)
