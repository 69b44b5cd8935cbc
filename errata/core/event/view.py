"""Everything a person sees of an event, in one shape whatever its client sent."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from errata.core import limits
from errata.core.event import fields
from errata.core.event.coerce import Adapt, Coercion
from errata.core.event.decoder import in_values, with_current_names
from errata.core.event.facts import level_of, tags_of
from errata.core.event.message import message_of
from errata.core.event.parse import TooDeep, parse, shallow, without_nuls
from errata.core.event.times import milliseconds

_VARS_MAX = 100  # locals of one frame; SDKs send ten items a container
_HINTS_MAX = 200
_DEPTH_MAX = 50  # of a payload that is nested more deeply than can be followed; SDKs stop at ten


class FrameView(msgspec.Struct):
    """A stack frame. Lists of lines may be empty; `vars` are the locals, as their client wrote them down."""

    filename: str | None = None
    abs_path: str | None = None
    module: str | None = None
    package: str | None = None
    function: str | None = None
    lineno: int | None = None
    colno: int | None = None
    context_line: str | None = None
    pre_context: list[str] = []
    post_context: list[str] = []
    in_app: bool | None = None
    vars: dict[str, Any] = {}
    instruction_addr: str | None = None
    symbol: str | None = None


class MechanismView(msgspec.Struct):
    """How the exception was caught."""

    type: str | None = None
    description: str | None = None
    handled: bool | None = None
    synthetic: bool | None = None
    source: str | None = None
    exception_id: int | None = None
    parent_id: int | None = None
    is_exception_group: bool | None = None
    help_link: str | None = None
    data: dict[str, Any] = {}
    meta: dict[str, Any] = {}


class ExceptionView(msgspec.Struct):
    """One exception of the chain, its frames oldest call first."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    thread_id: str | None = None
    mechanism: MechanismView | None = None
    frames: list[FrameView] = []


class ThreadView(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    crashed: bool | None = None
    current: bool | None = None
    main: bool | None = None
    state: str | None = None
    frames: list[FrameView] = []


class BreadcrumbView(msgspec.Struct):
    """A step the program took before the event."""

    timestamp: datetime | None = None
    type: str | None = None
    category: str | None = None
    level: str | None = None
    message: str | None = None
    data: dict[str, Any] = {}


class RequestView(msgspec.Struct):
    """The HTTP request; the query and the fragment are taken out of the URL."""

    url: str | None = None
    method: str | None = None
    query: list[tuple[str, str]] = []
    fragment: str | None = None
    data: Any = None
    headers: list[tuple[str, str]] = []
    cookies: list[tuple[str, str]] = []
    env: dict[str, Any] = {}


class FlagView(msgspec.Struct):
    flag: str = ""
    result: Any = None


class HintView(msgspec.Struct):
    """Something that was removed or cut before or at intake: where, by which rule, how much."""

    path: str
    rule: str
    length: int | None = None


class EventView(msgspec.Struct):
    event_id: str
    timestamp: datetime | None
    platform: str
    level: str
    message: str
    template: str  # the message before its parameters went in, or ""
    logger: str
    transaction: str
    release: str
    dist: str
    environment: str
    server_name: str
    exceptions: list[ExceptionView]  # oldest cause first; the last one was thrown
    threads: list[ThreadView]
    breadcrumbs: list[BreadcrumbView]  # oldest first
    request: RequestView | None
    user: dict[str, Any]
    tags: list[tuple[str, str]]
    contexts: dict[str, Any]
    flags: list[FlagView]
    extra: dict[str, Any]
    modules: list[tuple[str, str]]
    sdk: dict[str, Any]
    hints: list[HintView]
    notes: list[str]  # what of the payload could not be read, and was left out


class _Trace(msgspec.Struct):
    frames: list[FrameView] | None = None


class _Exception(msgspec.Struct):
    type: str | None = None
    value: str | None = None
    module: str | None = None
    thread_id: str | None = None
    mechanism: MechanismView | None = None
    stacktrace: _Trace | None = None


class _Exceptions(msgspec.Struct):
    values: list[_Exception] | None = None


class _Thread(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    crashed: bool | None = None
    current: bool | None = None
    main: bool | None = None
    state: str | None = None
    stacktrace: _Trace | None = None


class _Threads(msgspec.Struct):
    values: list[_Thread] | None = None


class _Crumb(msgspec.Struct):
    timestamp: Any = None
    type: str | None = None
    category: str | None = None
    level: str | None = None
    message: str | None = None
    data: dict[str, Any] = {}


class _Crumbs(msgspec.Struct):
    values: list[_Crumb] | None = None


class _Request(msgspec.Struct):
    url: str | None = None
    method: str | None = None
    query_string: Any = None
    fragment: str | None = None
    data: Any = None
    headers: Any = None
    cookies: Any = None
    env: dict[str, Any] = {}


class _Flags(msgspec.Struct):
    values: list[FlagView] | None = None


class _Whole(msgspec.Struct):
    event_id: str | None = None
    timestamp: Any = None
    exception: _Exceptions | None = None
    threads: _Threads | None = None
    stacktrace: _Trace | None = None
    breadcrumbs: _Crumbs | None = None
    request: _Request | None = None
    user: dict[str, Any] = {}
    contexts: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    modules: dict[str, Any] = {}
    sdk: dict[str, Any] = {}


def _numbered(value: Any) -> Any:
    """A frame whose locals are a list has them by number."""
    if isinstance(value, dict) and isinstance(value.get("vars"), list):
        return {**value, "vars": {str(place): each for place, each in enumerate(value["vars"])}}
    return value


def _listed(value: Any) -> Any:
    """A bare list, or a single one, as the `{"values": […]}` that it stands for."""
    return {"values": value} if isinstance(value, list) else in_values(value)


_ADAPT: dict[type, Adapt] = {_Exceptions: _listed, _Threads: _listed, _Crumbs: _listed, FrameView: _numbered}

_whole = Coercion(_Whole, _ADAPT)
_flags = Coercion(_Flags, {})
_narrow = Coercion(fields.EventFields, {fields.ExceptionValues: in_values, fields.ThreadValues: in_values})


def view(payload: bytes) -> EventView:
    """Read a stored payload whole. Whatever can't be read is left out with a note; only what isn't JSON raises."""
    plain = without_nuls(payload)
    try:
        return _view(parse(plain))
    except (TooDeep, RecursionError):
        return _view(parse(shallow(plain, depth_max=_DEPTH_MAX)))


def _view(parsed: dict[str, Any]) -> EventView:
    tree = with_current_names(parsed)
    notes: list[str] = []
    whole, narrow = _whole(tree, notes), _narrow(tree, [])
    platform = narrow.platform or "other"
    flags = whole.contexts.get("flags")
    return EventView(
        event_id=(whole.event_id or "").replace("-", ""),
        timestamp=_moment(whole.timestamp),
        platform=platform,
        level=level_of(narrow),
        message=_cut(message_of(narrow)),
        template=(narrow.logentry.message or "") if narrow.logentry and narrow.logentry.formatted else "",
        logger=_text(narrow.logger),
        transaction=_text(narrow.transaction),
        release=_text(narrow.release),
        dist=_text(narrow.dist),
        environment=_text(narrow.environment),
        server_name=_text(narrow.server_name),
        exceptions=[_exception(each) for each in (whole.exception.values or [] if whole.exception else [])],
        threads=_threads(whole),
        breadcrumbs=_crumbs(whole),
        request=_request(whole.request),
        user={name: value for name, value in whole.user.items() if value not in (None, "", {})},
        tags=tags_of(narrow, platform, ""),
        contexts={name: context for name, context in whole.contexts.items() if context and name != "flags"},
        flags=_flags(flags, notes).values or [] if isinstance(flags, dict) else [],
        extra=whole.extra,
        modules=sorted((name, str(version)) for name, version in whole.modules.items() if name),
        sdk=whole.sdk,
        hints=list(_hints(tree.get("_meta")))[:_HINTS_MAX],
        notes=notes,
    )


def _exception(one: _Exception) -> ExceptionView:
    return ExceptionView(
        type=one.type,
        value=_cut(one.value) if one.value else one.value,
        module=one.module or None,
        thread_id=one.thread_id,
        mechanism=one.mechanism,
        frames=_frames(one.stacktrace),
    )


def _threads(whole: _Whole) -> list[ThreadView]:
    values = whole.threads.values or [] if whole.threads else []
    if whole.stacktrace and whole.stacktrace.frames:  # old clients, and PHP today: the stack of a message
        values = [_Thread(current=True, stacktrace=whole.stacktrace), *values]
    return [
        ThreadView(
            id=one.id, name=one.name, crashed=one.crashed, current=one.current, main=one.main, state=one.state,
            frames=_frames(one.stacktrace),
        )
        for one in values
    ]  # fmt: skip


def _frames(trace: _Trace | None) -> list[FrameView]:
    frames = (trace.frames or [] if trace else [])[-limits.FRAMES_MAX :]
    for frame in frames:
        frame.pre_context = [line.rstrip("\n") for line in frame.pre_context]
        frame.post_context = [line.rstrip("\n") for line in frame.post_context]
        if frame.context_line is not None:
            frame.context_line = frame.context_line.rstrip("\n")
        if len(frame.vars) > _VARS_MAX:
            frame.vars = dict(list(frame.vars.items())[:_VARS_MAX])
    return frames


def _crumbs(whole: _Whole) -> list[BreadcrumbView]:
    values = (whole.breadcrumbs.values or [] if whole.breadcrumbs else [])[-limits.BREADCRUMBS_MAX :]
    return [
        BreadcrumbView(
            timestamp=_moment(one.timestamp), type=one.type, category=one.category, level=_crumb_level(one.level),
            message=_cut(one.message) if one.message else one.message, data=one.data,
        )
        for one in values
    ]  # fmt: skip


def _crumb_level(level: str | None) -> str | None:
    return {"log": "info", "warn": "warning", "critical": "fatal"}.get(level or "", level)


def _request(request: _Request | None) -> RequestView | None:
    if request is None:
        return None
    url, _, fragment = (request.url or "").partition("#")
    url, _, query = url.partition("?")
    shown = RequestView(
        url=url or None,
        method=request.method,
        query=_pairs(request.query_string or query, parting="&"),
        fragment=request.fragment or fragment or None,
        data=request.data,
        headers=_pairs(request.headers),
        cookies=_pairs(request.cookies, parting=";"),
        env=request.env,
    )
    return shown if shown != RequestView() else None


def _pairs(value: Any, *, parting: str = "\n") -> list[tuple[str, str]]:
    """Names and values from an object, a list of pairs, or a text such as a query string."""
    match value:
        case Mapping():
            return [(str(name), text) for name, values in value.items() for text in _texts(values)]
        case list():
            pairs = (each for each in value if isinstance(each, list) and len(each) == 2)
            return [(str(name), text) for name, values in pairs for text in _texts(values)]
        case str():
            parts = (each.partition("=") for each in value.lstrip("?").split(parting) if each.strip())
            return [(unquote_plus(name.strip()), unquote_plus(text)) for name, _, text in parts]
    return []


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        yield one if isinstance(one, str) else "" if one is None else str(one)


def _hints(meta: Any, path: tuple[str, ...] = ()) -> Iterator[HintView]:
    """Walk the `_meta` tree: it mirrors the payload, and says at the key "" what was done to the value there."""
    if not isinstance(meta, dict) or len(path) > limits.JSON_DEPTH_MAX:
        return
    here = meta.get("")
    if isinstance(here, dict):
        for remark in here.get("rem") or []:
            if isinstance(remark, list) and remark:
                length = here.get("len")
                yield HintView(".".join(path), str(remark[0]), length if isinstance(length, int) else None)
    for key, child in meta.items():
        if key:
            yield from _hints(child, (*path, str(key)))


def _moment(value: Any) -> datetime | None:
    unix_ms = milliseconds(value)
    return datetime.fromtimestamp(unix_ms / 1000, UTC) if unix_ms is not None else None


def _cut(text: str) -> str:
    return text if len(text) <= limits.MESSAGE_CHARS_MAX else text[: limits.MESSAGE_CHARS_MAX - 3] + "..."


def _text(value: Any) -> str:
    return "" if value is None else str(value)
