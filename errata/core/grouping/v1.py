"""Grouping, first version: from the fields of an event to what its group is made of, and to a hash of it.

What a client asks for comes first (fingerprint, checksum), then the exceptions by their types and stacks, then the
message, then whatever there is. One path serves both group and explain, so that an explanation is what happened.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import msgspec

from errata.core.event.fields import (
    EventFields,
    ExceptionValue,
    Frame,
    LogEntry,
    Stacktrace,
    Thread,
)
from errata.core.event.origin import is_own
from errata.core.grouping.fingerprint import expand
from errata.core.grouping.frames import IN_FRAME, Family, family_of, line_of, named_key
from errata.core.grouping.message import parameterise
from errata.core.grouping.types import Variant
from errata.core.limits import FRAMES_MAX

ALGORITHM = "v1"
_BETWEEN_FRAMES = "\x1e"


class Stack(msgspec.Struct, gc=False):
    """The frames that count: `keys` in the order in which each is first met, and the last one."""

    keys: list[str]
    in_app: bool  # only the project's own frames were taken
    usable: bool  # it names a function or a line; otherwise it says little more than a file


class Basis(msgspec.Struct, gc=False):
    """What a group is made of."""

    variant: Variant
    values: list[str]


def group(fields: EventFields) -> int:
    """Hash what the event groups by, as a signed 64-bit number."""
    return hash_of(basis(fields))


def hash_of(found: Basis) -> int:
    """The hash of what a group is made of. The variant takes no part: a message is a message wherever it stood."""
    content = _BETWEEN_FRAMES.join(found.values).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)


def basis(fields: EventFields) -> Basis:
    """What the event groups by."""
    given = fields.fingerprint
    if given:
        asked = expand(fields, given if isinstance(given, list) else [given])
        if asked and not all(part.is_default for part in asked):
            values = [
                value for part in asked for value in (natural(fields).values if part.is_default else [part.value])
            ]
            return Basis("fingerprint", ["fingerprint", *values])
    elif fields.checksum:
        return Basis("checksum", ["checksum", fields.checksum])
    return natural(fields)


def natural(fields: EventFields) -> Basis:
    """What the event groups by when its client doesn't say."""
    return _by_exceptions(fields) or _by_message(fields) or _by_thread(fields) or _fallback(fields)


# --- exceptions


def exceptions_of(fields: EventFields) -> Sequence[ExceptionValue]:
    """The chain of exceptions, oldest cause first."""
    found = fields.exception
    return (found if isinstance(found, list) else found and found.values) or ()


def _by_exceptions(fields: EventFields) -> Basis | None:
    values = exceptions_of(fields)
    if not values:
        return None
    family = family_of(fields.platform)
    stacks = [stack_of(value.stacktrace, family) for value in values]
    parts = [contribution(value, stack) for value, stack in zip(values, stacks, strict=True)]
    if not any(parts):
        return None
    usable = [stack for stack in stacks if stack is not None and stack.usable]
    variant: Variant = "exception" if not usable else "in-app stack" if usable[-1].in_app else "stack"
    return Basis(variant, _chain(values, parts))


def contribution(value: ExceptionValue, stack: Stack | None) -> list[str]:
    """What one exception adds: its type and its frames; its message only where there is no type or no usable stack."""
    synthetic = is_synthetic(value)
    parts = [] if synthetic or not value.type else [value.type]
    usable = stack is not None and stack.usable
    if value.value and (synthetic or not usable):
        parts.append(parameterise(value.value).key)
    if stack is not None:
        parts += stack.keys
    if not value.value and not usable:
        parts += last_line(value.stacktrace)
    return parts


def is_synthetic(value: ExceptionValue) -> bool:
    """Whether the exception was made by the client to carry a message or a signal: then its type says nothing."""
    return value.mechanism is not None and value.mechanism.synthetic is True


def last_line(stacktrace: Stacktrace | None) -> list[str]:
    """Where it failed, by line number: the last resort, as it changes with every edit."""
    frames = frames_of(stacktrace)
    return [f"line {frames[-1].lineno}"] if frames and frames[-1].lineno else []


def _chain(values: Sequence[ExceptionValue], parts: list[list[str]]) -> list[str]:
    if any(value.mechanism is not None and value.mechanism.is_exception_group for value in values):
        return _grouped(values, parts)
    return [piece for part in parts for piece in ("exception", *part)]


def _grouped(values: Sequence[ExceptionValue], parts: list[list[str]]) -> list[str]:
    """An exception group: each distinct member counts once, in no order; one with a single kind of member is that."""
    roots: list[str] = []
    members: set[str] = set()
    for value, part in zip(values, parts, strict=True):
        if value.mechanism is not None and value.mechanism.is_exception_group:
            roots += ["group", *part]
        else:
            members.add(_BETWEEN_FRAMES.join(("exception", *part)))
    return list(members) if len(members) == 1 else [*roots, *sorted(members)]


# --- stacks


def frames_of(stacktrace: Stacktrace | None) -> list[Frame]:
    """The frames, oldest first; of an endless stack the newest."""
    frames = stacktrace.frames if stacktrace is not None else None
    return frames[-FRAMES_MAX:] if frames else []


def stack_of(stacktrace: Stacktrace | None, family: Family) -> Stack | None:
    """Choose the frames that count: the project's own if there are any, all of them otherwise."""
    frames = frames_of(stacktrace)
    if not frames:
        return None
    own = [frame for frame in frames if is_own(frame)]
    return (_chosen(own, family, in_app=True) if own else None) or _chosen(frames, family, in_app=False)


def key_of(frame: Frame, family: Family) -> str:
    """What one frame adds; "" when nothing of it is known or it never counts."""
    key, is_anonymous = named_key(frame.module, frame.filename or frame.abs_path, frame.function, family)
    if is_anonymous and (line := line_of(frame.context_line)):
        return f"{key}{IN_FRAME}{line}"
    return key


def _chosen(frames: list[Frame], family: Family, *, in_app: bool) -> Stack | None:
    keys = [key for frame in frames if (key := key_of(frame, family))]
    if not keys:
        return None
    return Stack(distinct(keys), in_app, usable=any(IN_FRAME in key for key in keys))


def distinct(keys: list[str]) -> list[str]:
    """Each frame once, and last the one that failed: recursion of any depth, through many functions too, is one."""
    once = list(dict.fromkeys(keys))
    if once[-1] != keys[-1]:
        once.append(keys[-1])
    return once


# --- no exception


def message_text(fields: EventFields) -> str:
    """The message to group by: the template before its parameters came in, unless it says nothing by itself."""
    entry = fields.logentry if fields.logentry is not None else fields.message
    if isinstance(entry, LogEntry):
        return _template(entry) or (fields.message if isinstance(fields.message, str) else "")
    return entry or ""


def _template(entry: LogEntry) -> str:
    template, text = entry.message or "", entry.formatted or ""
    says_something = any(character.isalpha() for character in template.replace("%s", "").replace("%r", ""))
    return template if says_something or not text else text


def _by_message(fields: EventFields) -> Basis | None:
    text = message_text(fields).strip()
    return Basis("message", ["message", parameterise(text).key]) if text else None


def thread_of(fields: EventFields) -> Thread | None:
    """The only thread that has a stack; of several nobody can say which one is meant."""
    found = fields.threads
    threads: Sequence[Thread] = (found if isinstance(found, list) else found and found.values) or ()
    with_stack = [thread for thread in threads if frames_of(thread.stacktrace)]
    return with_stack[0] if len(with_stack) == 1 else None


def lone_stack(fields: EventFields) -> Stacktrace | None:
    """A stack that belongs to no exception."""
    thread = thread_of(fields)
    return thread.stacktrace if thread is not None else fields.stacktrace


def _by_thread(fields: EventFields) -> Basis | None:
    stack = stack_of(lone_stack(fields), family_of(fields.platform))
    if stack is None or not stack.usable:
        return None
    return Basis("in-app stack" if stack.in_app else "stack", ["thread", *stack.keys])


def _fallback(fields: EventFields) -> Basis:
    return Basis("fallback", ["fallback", *(value for value in fallback_values(fields) if value)])


def fallback_values(fields: EventFields) -> Iterator[str]:
    """All that is left: how bad, and where."""
    yield str(fields.level or "")
    yield fields.logger or ""
    yield fields.culprit or fields.transaction or ""
