"""What of an issue designation looks at."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from errata.core.event import EventFields
from errata.core.event.fields import Frame as RawFrame
from errata.core.event.fields import exceptions, threads
from errata.core.event.origin import is_own

# The frames of a chain of exceptions; recursion repeats the same few places.
FRAMES_MAX = 500
# Tags that name the service an event came from, the surest first.
_SERVICE_TAGS = ("service", "service.name", "service_name")


class Frame(msgspec.Struct, frozen=True):
    path: str = ""
    abs_path: str = ""
    module: str = ""
    in_app: bool = True


class Facts(msgspec.Struct, frozen=True):
    """An issue, and its newest event where there is one."""

    type: str = ""
    severity: str = ""
    labels: tuple[str, ...] = ()
    platform: str = ""
    frames: tuple[Frame, ...] = ()  # the project's own first, then by how near they are to the failure
    url: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    services: tuple[str, ...] = ()  # the names that its service may go by: service tag, transaction, server, project
    complete: bool = True  # False: the event store was away, so this is what the records know


def frames_of(event: EventFields) -> tuple[Frame, ...]:
    """Every different frame of the event: the project's own first, those nearest to the failure before the others."""
    found = dict.fromkeys(_frame(raw) for raw in _innermost_first(event))
    ordered = sorted(found, key=lambda frame: not frame.in_app)  # stable
    return tuple(ordered[:FRAMES_MAX])


def services_of(tags: Iterable[tuple[str, str]], *, others: Sequence[str]) -> tuple[str, ...]:
    """The names a service rule may mean."""
    named = dict(tags)
    return tuple(dict.fromkeys(name for name in (*map(named.get, _SERVICE_TAGS), *others) if name))


def _innermost_first(event: EventFields) -> Iterator[RawFrame]:
    stacks = [one.stacktrace for one in reversed(exceptions(event))]
    stacks += [event.stacktrace]
    stacks += [one.stacktrace for one in threads(event) if one.crashed or one.current]
    for stack in stacks:
        yield from reversed((stack.frames if stack else None) or [])


def _frame(raw: RawFrame) -> Frame:
    return Frame(path=raw.filename or "", abs_path=raw.abs_path or "", module=raw.module or "", in_app=is_own(raw))
