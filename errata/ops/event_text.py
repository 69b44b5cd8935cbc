"""Events in a terminal."""

from errata.apps.issues.events import EventWhole
from errata.core.event.origin import is_own
from errata.core.event.view import BreadcrumbView, EventView, ExceptionView, FrameView, RequestView, ThreadView

_CRUMBS_SHOWN = 15
_LOCAL_WIDTH = 100


def describe(whole: EventWhole, shown: EventView) -> str:
    """An event on a page of text: what, where, to whom; the stack as Python prints it; the steps before."""
    blocks = [
        _head(whole),
        *(_trace(exception) for exception in shown.exceptions),
        *(_thread(thread) for thread in shown.threads if thread.frames and not shown.exceptions),
        _request(shown.request),
        _crumbs(shown.breadcrumbs[-_CRUMBS_SHOWN:]),
        _tags(whole),
    ]
    return "\n\n".join(block for block in blocks if block)


def _head(whole: EventWhole) -> str:
    event, facts = whole.body.event, whole.body.event.facts
    pairs = (
        ("Issue", f"{whole.issue.key} ({whole.issue.stage})"),
        ("When", f"{event.timestamp:%Y-%m-%d %H:%M:%S} UTC"),
        ("Level", facts.level),
        ("Release", facts.release),
        ("Where", " on ".join(filter(None, (facts.environment, facts.server_name)))),
        ("User", facts.user),
        ("Client", facts.sdk),
    )
    lines = [f"  {name:<9}{value}" for name, value in pairs if value]
    return "\n".join([f"{facts.title}", f"{facts.culprit}" if facts.culprit else "", f"event {event.event_id}", *lines])


def _trace(exception: ExceptionView) -> str:
    name = ": ".join(filter(None, (exception.type or "Error", exception.value)))
    return "\n".join([*_lines(exception.frames), name])


def _thread(thread: ThreadView) -> str:
    return "\n".join([f"Thread {thread.name or thread.id or ''}".rstrip(), *_lines(thread.frames)])


def _request(request: RequestView | None) -> str:
    if request is None or not request.url:
        return ""
    query = "?" + "&".join(f"{name}={value}" for name, value in request.query) if request.query else ""
    return f"Request\n  {request.method or 'GET'} {request.url}{query}"


def _lines(frames: list[FrameView]) -> list[str]:
    return [line for frame in frames for line in _frame(frame)]


def _frame(frame: FrameView) -> list[str]:
    own = is_own(frame)
    mark = "▸" if own else " "
    where = f"{mark} {frame.filename or frame.module or '?'}:{frame.lineno or '?'} in {frame.function or '?'}"
    lines = [where, f"      {frame.context_line.strip()}"] if frame.context_line else [where]
    if own:
        lines += [f"        {name} = {_short(value)}" for name, value in frame.vars.items()]
    return lines


def _crumbs(crumbs: list[BreadcrumbView]) -> str:
    told = [f"  {crumb.category or crumb.type:<14} {_said(crumb)}".rstrip() for crumb in crumbs]
    return "\n".join(["Breadcrumbs", *told]) if told else ""


def _said(crumb: BreadcrumbView) -> str:
    """Its message; of a request, which has none, what was asked and answered."""
    asked = (crumb.data.get("method"), crumb.data.get("url"), crumb.data.get("status_code"))
    return crumb.message or " ".join(str(part) for part in asked if part)


def _tags(whole: EventWhole) -> str:
    told = [f"  {key:<22} {value}" for key, value in whole.body.event.facts.tags]
    return "\n".join(["Tags", *told]) if told else ""


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LOCAL_WIDTH else text[: _LOCAL_WIDTH - 1] + "…"
