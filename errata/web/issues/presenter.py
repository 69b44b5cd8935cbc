"""An event as the page shows it: everything decided here, so that the template only writes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.safestring import SafeString

from errata.apps.issues.types import IssueRow
from errata.core.event.origin import is_own
from errata.core.event.view import BreadcrumbView, EventView, ExceptionView, FrameView, ThreadView
from errata.ports.event_store import EventBody, StoredSignal
from errata.web.highlight import highlighted
from errata.web.issues import request_view, search_links
from errata.web.issues.report import stack_markdown, stack_text
from errata.web.issues.request_view import RequestShown
from errata.web.templatetags.ui import crumb_icon

Rows = list[tuple[str, str]]
_VALUE_CHARS_MAX = 10_000
_OPEN_FRAMES = 1
# Two closed rows are as short as the one they would fold into.
_FOLDED_FRAMES_MIN = 3
_LIBRARIES_NAMED = 3


class Step(msgspec.Struct, frozen=True):
    """A button of the event navigator."""

    name: str
    icon: str
    url: str = ""
    key: str = ""
    attribute: str = ""


class Highlight(msgspec.Struct, frozen=True):
    name: str
    value: str
    url: str = ""


class SourceLine(msgspec.Struct, frozen=True):
    number: int
    code: SafeString
    failing: bool


class FrameShown(msgspec.Struct, frozen=True):
    file: str
    path: str
    function: str
    line: int | None
    in_app: bool
    open: bool
    lines: list[SourceLine]
    locals: Rows

    @property
    def expandable(self) -> bool:
        return bool(self.lines or self.locals)


class FrameRun(msgspec.Struct, frozen=True):
    """Frames in a row: a single one, or those between two places of interest, folded away under their words."""

    frames: list[FrameShown]
    words: str = ""


class TraceShown(msgspec.Struct, frozen=True):
    type: str
    value: str
    facts: list[str]
    relation: str
    runs: list[FrameRun]  # most recent call first


class CrumbShown(msgspec.Struct, frozen=True):
    icon: str
    category: str
    level: str
    message: str
    summary: str
    data: Rows
    at: datetime | None
    since: str


class TagShown(msgspec.Struct, frozen=True):
    key: str
    value: str
    url: str
    has_url: str


class ContextShown(msgspec.Struct, frozen=True):
    name: str
    rows: Rows


class FileShown(msgspec.Struct, frozen=True):
    name: str
    content_type: str
    size: int
    url: str


class EventPage(msgspec.Struct, frozen=True):
    id: str
    short_id: str
    at: datetime
    received: datetime
    kind: str
    title: str
    message: str
    steps: list[Step]
    highlights: list[Highlight]
    parts: list[tuple[str, str, int]]
    traces: list[TraceShown]
    crumbs: list[CrumbShown]
    request: RequestShown | None
    tags: list[TagShown]
    contexts: list[ContextShown]
    extra: Rows
    modules: Rows
    attachments: list[FileShown]
    sdk: str
    removed: int
    stack_markdown: str
    stack_text: str
    raw_url: str
    markdown_url: str


def steps(
    key: str,
    *,
    shown: str,
    oldest: str | None,
    older: str | None,
    newer: str | None,
    newest: str | None,
    query: str = "",
) -> list[Step]:
    """The event navigator; its addresses go on with `query`. Where one is already there is nowhere to go."""

    def url(event_id: str | None) -> str:
        return reverse("event", args=[key, event_id]) + query if event_id and event_id != shown else ""

    return [
        Step(name="Oldest", icon="skip-back", url=url(oldest)),
        Step(name="Older", icon="chevron-left", url=url(older), key="j", attribute="data-event-older"),
        Step(name="Newer", icon="chevron-right", url=url(newer), key="k", attribute="data-event-newer"),
        Step(name="Newest", icon="skip-forward", url=url(newest)),
    ]


def present(
    row: IssueRow, body: EventBody, event: EventView, *, steps: list[Step], signals: Sequence[StoredSignal]
) -> EventPage:
    """Everything of one event."""
    facts, event_id = body.event.facts, body.event.event_id
    shown = traces(event)
    crumbs = _crumbs(event.breadcrumbs, at=body.event.timestamp)
    page = EventPage(
        id=event_id,
        short_id=event_id[:8],
        at=body.event.timestamp,
        received=body.event.received,
        kind=facts.exception_type or "Message",
        title=facts.title,
        message=event.message if not event.exceptions or event.message != facts.message else "",
        steps=steps,
        highlights=_highlights(row, body, event),
        parts=[],
        traces=shown,
        crumbs=crumbs,
        request=request_view.shown(event.request) if event.request else None,
        tags=_tags(row, event.tags),
        contexts=_contexts(event),
        extra=pairs(event.extra),
        modules=event.modules,
        attachments=_files(row.key, event_id, signals),
        sdk=facts.sdk,
        removed=len(event.hints),
        stack_markdown=stack_markdown(event),
        stack_text=stack_text(event),
        raw_url=reverse("event-raw", args=[row.key, event_id]),
        markdown_url=reverse("event-markdown", args=[row.key, event_id]),
    )
    return msgspec.structs.replace(page, parts=_parts(page))


def pairs(values: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> Rows:
    """Names and values as text."""
    items = values.items() if isinstance(values, Mapping) else values
    return [(str(name), written(value)) for name, value in items]


def written(value: Any) -> str:
    """A value as a person reads it: text as it is, all else as JSON."""
    # The standard library's JSON: it takes integers of any size, and so do clients.
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return text if len(text) <= _VALUE_CHARS_MAX else text[:_VALUE_CHARS_MAX] + " …"


def _parts(page: EventPage) -> list[tuple[str, str, int]]:
    named = (
        ("part-message", "Message", bool(page.message), 0),
        ("part-stack", "Stack", bool(page.traces), 0),
        ("part-crumbs", "Breadcrumbs", bool(page.crumbs), len(page.crumbs)),
        ("part-request", "Request", page.request is not None, 0),
        ("part-tags", "Tags", bool(page.tags), len(page.tags)),
        ("part-contexts", "Contexts", bool(page.contexts), len(page.contexts)),
        ("part-extra", "Extra", bool(page.extra), len(page.extra)),
        ("part-attachments", "Attachments", bool(page.attachments), len(page.attachments)),
        ("part-modules", "Packages", bool(page.modules), len(page.modules)),
    )
    return [(id_, name, count) for id_, name, there, count in named if there]


def _highlights(row: IssueRow, body: EventBody, event: EventView) -> list[Highlight]:
    facts, slug = body.event.facts, row.project.slug
    names = {
        name: f"{context.get('name', '')} {context.get('version', '')}".strip()
        for name, context in event.contexts.items()
        if isinstance(context, Mapping)
    }
    found = [
        Highlight("Level", facts.level, search_links.tag("level", facts.level, project=slug)),
        Highlight("Handled", {0: "no", 1: "yes"}.get(facts.handled, "")),
        Highlight("Environment", facts.environment, search_links.tag("environment", facts.environment, project=slug)),
        Highlight("Release", facts.release, search_links.tag("release", facts.release, project=slug)),
        Highlight(
            "User",
            facts.user_email or facts.user_name or facts.user_id or facts.user_ip,
            search_links.search(f"user:{search_links.quoted(facts.user_email or facts.user_id)}", project=slug),
        ),
        Highlight("Transaction", facts.transaction, search_links.tag("transaction", facts.transaction, project=slug)),
        Highlight("Browser", names.get("browser", "")),
        Highlight("Runtime", names.get("runtime", "")),
        Highlight("System", names.get("os", "")),
        Highlight("Device", names.get("device", "")),
        Highlight("Host", facts.server_name, search_links.tag("server_name", facts.server_name, project=slug)),
        Highlight(
            "Trace", facts.trace_id[:16], search_links.search(f"trace:{facts.trace_id}") if facts.trace_id else ""
        ),
    ]
    return [item for item in found if item.value]


def traces(event: EventView) -> list[TraceShown]:
    """Exceptions newest first, as they were raised; where there are none, the stack of the thread that spoke."""
    shown = event.exceptions or [_spoken(thread) for thread in event.threads if thread.frames and _spoke(thread)]
    total = len(shown)
    return [_trace(exception, place, total) for place, exception in enumerate(reversed(shown))]


def _spoke(thread: ThreadView) -> bool:
    return bool(thread.crashed or thread.current)


def _spoken(thread: ThreadView) -> ExceptionView:
    return ExceptionView(type=f"Thread {thread.name or thread.id or ''}".strip(), frames=thread.frames)


def _trace(exception: ExceptionView, place: int, total: int) -> TraceShown:
    frames = list(reversed(exception.frames))
    own = [index for index, frame in enumerate(frames) if is_own(frame)][:_OPEN_FRAMES] or [0]
    opened = own if place == 0 else []
    mechanism = exception.mechanism
    facts = [
        f"{exception.module}" if exception.module else "",
        mechanism.type if mechanism else "",
        _handled(mechanism.handled) if mechanism else "",
    ]
    return TraceShown(
        type=exception.type or "Error",
        value=exception.value or "",
        facts=[fact for fact in facts if fact],
        relation="" if place == 0 else "the cause of the one above" if total > 1 else "",
        runs=[run for group in _grouped(frames, opened) for run in _runs(group, frames, opened)],
    )


def _grouped(frames: list[FrameView], opened: list[int]) -> Iterator[list[int]]:
    """Part the places of frames into rows of what is a library's and closed, and rows of what isn't."""
    places = range(len(frames))
    for _, group in groupby(places, key=lambda place: not is_own(frames[place]) and place not in opened):
        yield list(group)


def _runs(group: list[int], frames: list[FrameView], opened: list[int]) -> Iterator[FrameRun]:
    shown = [_frame(frames[place], is_open=place in opened) for place in group]
    first = frames[group[0]]
    if is_own(first) or group[0] in opened or len(group) < _FOLDED_FRAMES_MIN:
        yield from (FrameRun(frames=[frame]) for frame in shown)
        return
    names = list(dict.fromkeys(_library(frames[place]) for place in group))
    more = f" and {len(names) - _LIBRARIES_NAMED} more" if len(names) > _LIBRARIES_NAMED else ""
    words = f"{len(group)} frames in {', '.join(names[:_LIBRARIES_NAMED])}{more}"
    yield FrameRun(frames=shown, words=words)


def _library(frame: FrameView) -> str:
    """Name what a frame belongs to: the root of its module, else of its path."""
    if frame.module:
        return frame.module.partition(".")[0]
    path = frame.filename or frame.abs_path or "unknown"
    return path.rpartition("node_modules/")[2].lstrip("/").partition("/")[0]


def _handled(handled: bool | None) -> str:  # noqa: FBT001 (a fact, not a switch)
    if handled is None:
        return ""
    return "handled" if handled else "unhandled"


def _frame(frame: FrameView, *, is_open: bool) -> FrameShown:
    lines = _source(frame)
    return FrameShown(
        file=frame.filename or frame.module or frame.abs_path or "unknown",
        path=frame.abs_path or frame.filename or "",
        function=frame.function or "?",
        line=frame.lineno,
        in_app=is_own(frame),
        open=is_open,
        lines=lines,
        locals=pairs(frame.vars or {}),
    )


def _source(frame: FrameView) -> list[SourceLine]:
    if frame.context_line is None:
        return []
    before, after, number = list(frame.pre_context), list(frame.post_context), frame.lineno or 0
    first = number - len(before)
    code = [*before, frame.context_line, *after]
    return [
        SourceLine(number=first + index, code=highlighted(line), failing=index == len(before))
        for index, line in enumerate(code)
    ]


def _crumbs(crumbs: Sequence[BreadcrumbView], *, at: datetime) -> list[CrumbShown]:
    return [
        CrumbShown(
            icon=crumb_icon(f"{crumb.category or ''}.{crumb.type or ''}"),
            category=crumb.category or crumb.type or "default",
            level=crumb.level or "info",
            message=crumb.message or _said(crumb.data),
            summary=", ".join(list(map(str, crumb.data or {}))[:6]),
            data=pairs(crumb.data or {}),
            at=crumb.timestamp,
            since=_since(at, crumb.timestamp),
        )
        for crumb in crumbs
    ]


def _said(data: Mapping[str, Any] | None) -> str:
    """What an HTTP or navigation breadcrumb says without a message."""
    known = data or {}
    if "url" in known:
        return " ".join(
            str(known[key]) for key in ("method", "url", "status_code", "http.response.status_code") if key in known
        )
    if "from" in known or "to" in known:
        return f"{known.get('from', '')} → {known.get('to', '')}"
    return ""


def _since(at: datetime, moment: datetime | None) -> str:
    if moment is None:
        return ""
    seconds = (at - moment).total_seconds()
    if abs(seconds) < 1:
        return f"−{abs(seconds) * 1_000:.0f} ms"
    return f"−{seconds:.1f} s" if abs(seconds) < 60 else f"−{seconds / 60:.0f} min"


def _tags(row: IssueRow, tags: Sequence[tuple[str, str]]) -> list[TagShown]:
    slug = row.project.slug
    return [
        TagShown(
            key=key,
            value=value,
            url=search_links.tag(key, value, project=slug),
            has_url=search_links.has(key, project=slug),
        )
        for key, value in tags
    ]


def _contexts(event: EventView) -> list[ContextShown]:
    shown = [ContextShown(name="User", rows=pairs(event.user))] if event.user else []
    for name, context in event.contexts.items():
        if isinstance(context, Mapping):
            shown.append(
                ContextShown(name=name, rows=pairs({key: value for key, value in context.items() if key != "type"}))
            )
        else:
            shown.append(ContextShown(name=name, rows=[("value", written(context))]))
    if event.flags:
        shown.append(
            ContextShown(name="Feature flags", rows=[(flag.flag, written(flag.result)) for flag in event.flags])
        )
    return [context for context in shown if context.rows]


def _files(key: str, event_id: str, signals: Sequence[StoredSignal]) -> list[FileShown]:
    return [
        FileShown(
            name=signal.name,
            content_type=signal.content_type or "file",
            size=signal.body_bytes,
            url=reverse("event-file", args=[key, event_id, signal.name]),
        )
        for signal in signals
        if signal.kind == "attachment" and signal.name
    ]
