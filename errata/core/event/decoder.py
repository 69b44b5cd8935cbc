"""Bytes → EventFields: the typed decoder for what current SDKs send, the tolerant way for everything else."""

from typing import Any

import msgspec

from errata.core.event import fields
from errata.core.event.coerce import Adapt, Coercion
from errata.core.event.fields import EventFields
from errata.core.event.parse import TooDeep, parse


class _Wire(EventFields, gc=False):
    """EventFields, and the names that clients of protocol 5 and 6 use instead: with one of them, the tolerant way."""

    legacy_exception: Any = msgspec.field(default=None, name="sentry.interfaces.Exception")
    legacy_stacktrace: Any = msgspec.field(default=None, name="sentry.interfaces.Stacktrace")
    legacy_message: Any = msgspec.field(default=None, name="sentry.interfaces.Message")
    legacy_user: Any = msgspec.field(default=None, name="sentry.interfaces.User")
    legacy_http: Any = msgspec.field(default=None, name="sentry.interfaces.Http")
    legacy_contexts: Any = msgspec.field(default=None, name="sentry.interfaces.Contexts")
    legacy_threads: Any = msgspec.field(default=None, name="sentry.interfaces.Threads")


LEGACY_NAMES = {
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.Message": "logentry",
    "sentry.interfaces.User": "user",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.Contexts": "contexts",
    "sentry.interfaces.Threads": "threads",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
}

_fast = msgspec.json.Decoder(_Wire).decode


def decode(payload: bytes | memoryview) -> EventFields:
    """Decode what grouping, titles and columns need. Raise MalformedEvent for what isn't a JSON object."""
    try:
        wire = _fast(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return decode_tolerantly(payload)
    except RecursionError:
        raise TooDeep from None
    return decode_tolerantly(payload) if _is_odd(wire) else wire


def decode_tolerantly(payload: bytes | memoryview) -> EventFields:
    """Decode any JSON object, whatever its shapes. Equal to the typed decoder wherever that one succeeds."""
    try:
        return _coerce(parse(payload), [])
    except RecursionError:
        raise TooDeep from None


def _is_odd(wire: _Wire) -> bool:
    """Whether the typed decoder succeeded by ignoring something: a legacy name, or one object in place of a list."""
    return (
        (type(wire.exception) is fields.ExceptionValues and wire.exception.values is None)
        or (type(wire.threads) is fields.ThreadValues and wire.threads.values is None)
        or (wire.exception is None and wire.legacy_exception is not None)
        or (wire.stacktrace is None and wire.legacy_stacktrace is not None)
        or (wire.logentry is None and wire.legacy_message is not None)
        or (wire.user is None and wire.legacy_user is not None)
        or (wire.request is None and wire.legacy_http is not None)
        or (wire.contexts is None and wire.legacy_contexts is not None)
        or (wire.threads is None and wire.legacy_threads is not None)
    )


def with_current_names(tree: Any) -> Any:
    """An event with the names of protocols 5 and 6 replaced by today's, unless today's are there too."""
    if not isinstance(tree, dict):
        return tree
    renamed = {new: tree[old] for old, new in LEGACY_NAMES.items() if tree.get(old) and tree.get(new) is None}
    return {**tree, **renamed} if renamed else tree


def in_values(tree: Any) -> Any:
    """A single exception or thread, as the list of one that it stands for."""
    if isinstance(tree, dict) and tree and "values" not in tree:
        return {"values": [tree]}
    return tree


ADAPT: dict[type, Adapt] = {
    _Wire: with_current_names,
    fields.ExceptionValues: in_values,
    fields.ThreadValues: in_values,
}

_coerce = Coercion(_Wire, ADAPT)
