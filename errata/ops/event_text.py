"""Events in a terminal."""

from errata.apps.issues.events import EventWhole
from errata.core.event.view import BreadcrumbView, EventView, ExceptionView, FrameView

_CRUMBS_SHOWN = 15
_LOCAL_WIDTH = 100


def describe(whole: EventWhole, shown: EventView) -> str:
    """An event on a page of text: what, where, to whom; the stack as Python prints it; the steps before."""
    blocks = [
        _head(whole),
        *(_trace(exception) for exception in shown.exceptions),
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
    frames = [line for frame in exception.frames for line in _frame(frame)]
    name = ": ".join(filter(None, (exception.type or "Error", exception.value)))
    return "\n".join([*frames, name])


def _frame(frame: FrameView) -> list[str]:
    mark = "▸" if frame.in_app else " "
    where = f"{mark} {frame.filename or frame.module or '?'}:{frame.lineno or '?'} in {frame.function or '?'}"
    lines = [where, f"      {frame.context_line.strip()}"] if frame.context_line else [where]
    if frame.in_app and isinstance(frame.vars, dict):
        lines += [f"        {name} = {_short(value)}" for name, value in frame.vars.items()]
    return lines


def _crumbs(crumbs: list[BreadcrumbView]) -> str:
    told = [f"  {crumb.category or crumb.type:<14} {crumb.message or ''}".rstrip() for crumb in crumbs]
    return "\n".join(["Breadcrumbs", *told]) if told else ""


def _tags(whole: EventWhole) -> str:
    told = [f"  {key:<22} {value}" for key, value in whole.body.event.facts.tags]
    return "\n".join(["Tags", *told]) if told else ""


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LOCAL_WIDTH else text[: _LOCAL_WIDTH - 1] + "…"
