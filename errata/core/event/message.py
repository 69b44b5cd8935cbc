"""What an event says in words: the message, with its parameters filled in."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from errata.core.event.fields import EventFields, LogEntry

# Widths and precisions are read and ignored: `%999999999d` must not make a gigabyte.
_PERCENT = re.compile(r"%(?:\((?P<name>[^)]*)\))?[-#0 +]*[0-9*]*(?:\.[0-9*]+)?[diouxXeEfFgGcrsaO%]")
_BRACE = re.compile(r"\{(?P<name>\w*)\}")
_PARAM_CHARS_MAX = 1_000


def message_of(event: EventFields) -> str:
    """The message as people read it; "" when there is none."""
    entry = event.logentry
    if entry is not None and (entry.formatted or entry.message):
        return formatted(entry)
    if isinstance(event.message, LogEntry):
        return formatted(event.message)
    return event.message or ""


def formatted(entry: LogEntry) -> str:
    """The entry's own text, else its template with the parameters in place."""
    if entry.formatted:
        return entry.formatted
    template = entry.message or ""
    return fill(template, entry.params) if entry.params else template


def fill(template: str, params: Any) -> str:
    """Put parameters into a `%s`, `%(name)s`, `{}` or `{name}` template; places without one stay as they are."""
    named: Mapping[Any, Any] = params if isinstance(params, Mapping) else {}
    ordered: Sequence[Any] = list(params) if isinstance(params, list | tuple) else []
    used = 0

    def put(place: re.Match[str]) -> str:
        nonlocal used
        text = place.group()
        if text[-1] == "%":
            return "%"
        name = place["name"]
        if name in named:
            return str(named[name])[:_PARAM_CHARS_MAX]
        if name and not name.isdecimal():
            return text
        position = int(name) if name else used
        used += not name
        return str(ordered[position])[:_PARAM_CHARS_MAX] if position < len(ordered) else text

    style = _PERCENT if _PERCENT.search(template) else _BRACE
    return style.sub(put, template)
