"""An event as text: for a chat, another tracker, or a terminal."""

from errata.apps.issues.types import IssueRow
from errata.core.event.view import EventView, ExceptionView, FrameView


def markdown(row: IssueRow, event: EventView, *, url: str) -> str:
    """The issue and one of its events, whole enough to be worked on elsewhere."""
    seen = f"**First seen:** {row.first_seen:%Y-%m-%d %H:%M} UTC · **Last seen:** {row.last_seen:%Y-%m-%d %H:%M} UTC"
    facts = [
        f"**Stage:** {row.stage} · **Priority:** {row.priority} · **Severity:** {row.severity}",
        f"**Events:** {row.count} · **Users:** {row.users} · {seen}",
    ]
    release = [f"**Release:** {row.last_release}"] if row.last_release else []
    parts = [f"# [{row.key}]({url}) {row.title}", "\n".join([*facts, *release]), stack_markdown(event)]
    return "\n\n".join(part for part in parts if part) + "\n"


def stack_markdown(event: EventView) -> str:
    """The stack traces in a fence that no line of theirs can close."""
    text = stack_text(event)
    if not text:
        return ""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


def stack_text(event: EventView) -> str:
    """The stack traces as Python prints them, cause first, most recent call last."""
    return "\n\n".join(_trace(exception) for exception in event.exceptions)


def _trace(exception: ExceptionView) -> str:
    lines = ["Traceback (most recent call last):"] if exception.frames else []
    for frame in exception.frames:
        lines += _frame(frame)
    return "\n".join([*lines, f"{exception.type or 'Error'}: {exception.value or ''}".rstrip(": ")])


def _frame(frame: FrameView) -> list[str]:
    place = frame.abs_path or frame.filename or frame.module or "?"
    lines = [f'  File "{place}", line {frame.lineno or "?"}, in {frame.function or "?"}']
    if frame.context_line:
        lines.append(f"    {frame.context_line.strip()}")
    return lines
