"""The signs of cards and rows: how much of a clock is used, how many parts are done, where a column leads."""

import json
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from errata.apps.issues.types import IssueRow
from errata.web import draw
from errata.web.clocks import drawing

register = template.Library()

_STATES = {
    "running": "In time",
    "at_risk": "At risk",
    "breached": "Too late",
    "paused": "The clock is paused",
    "missed": "It was too late",
}
# A column of a category has the sign of the stage that is it by default.
_SHAPES = {"new": "new", "active": "assigned", "verify": "retest", "done": "fixed", "closed": "closed"}
_STAGES = {"new", "assigned", "revise", "retest", "fixed", "closed"}
_IN_JSON = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.simple_tag(takes_context=True)
def clock_ring(context: template.Context, row: IssueRow) -> SafeString:
    """The clock that is due first, as a ring that fills; the words say the rest. Nothing without a clock."""
    return ring(row, now=context.get("now") or timezone.now())


def ring(row: IssueRow, *, now: datetime) -> SafeString:
    """The same, for who draws without a template. What was in time needs no sign."""
    if row.clock_state not in _STATES:
        return mark_safe("")
    state = _STATES[row.clock_state]
    words = f"{state}: {due_words(row.due_at, now=now).lower()}" if row.due_at else state
    share = 100 if row.clock_state == "missed" else draw.used_share(row.clock_from, row.due_at, now=now)
    return format_html(
        '<svg class="ring ring-{}" viewBox="0 0 16 16" role="img" aria-label="{}" data-tip="{}">'
        '<circle class="ring-track" cx="8" cy="8" r="6"/>'
        '<circle class="ring-used" cx="8" cy="8" r="6" pathLength="100" stroke-dasharray="{} 100"/>{}</svg>',
        row.clock_state, words, words, share, _inside(row.clock_state),
    )  # fmt: skip


@register.simple_tag
def progress_ring(done: int, total: int) -> SafeString:
    """How many of a number are done, as a ring. The numbers stand beside it."""
    share = round(100 * done / total) if total else 0
    return format_html(
        '<svg class="ring ring-parts" viewBox="0 0 16 16" aria-hidden="true"><circle class="ring-track" cx="8" cy="8"'
        ' r="6"/><circle class="ring-used" cx="8" cy="8" r="6" pathLength="100" stroke-dasharray="{} 100"/></svg>',
        share,
    )


@register.simple_tag(takes_context=True)
def due(context: template.Context, row: IssueRow) -> SafeString:
    """When an issue is due, as a distance."""
    if row.due_at is None:
        return mark_safe('<span class="faint">no date</span>')
    now = context.get("now") or timezone.now()
    late = row.due_at < now and row.clock_state != "met"
    return format_html(
        '<time class="due{}" datetime="{}" data-due>{}</time>',
        " due-late" if late else " due-risk" if row.clock_state == "at_risk" else "",
        row.due_at.isoformat(), due_words(row.due_at, now=now),
    )  # fmt: skip


def due_words(due_at: datetime, *, now: datetime) -> str:
    """`Due in 3 h`, `2 d late`: as the clocks themselves say it."""
    return drawing.due_words(due_at, now=now)


@register.filter
def column_shape(value: str) -> str:
    """The sign of a column: its stage's, or that of its category."""
    name = str(value).lower()
    return name if name in _STAGES else _SHAPES.get(name, "new")


@register.filter
def json_text(value: Any) -> SafeString:
    """The value as JSON that can stand in a script element of data."""
    return mark_safe(json.dumps(value, separators=(",", ":")).translate(_IN_JSON))  # noqa: S308 (escaped just here)


def _inside(state: str) -> SafeString:
    """A shape for each state, since colour only repeats it."""
    match state:
        case "breached" | "missed":
            return mark_safe('<path class="ring-sign" d="M8 5v3.6M8 10.7v.1"/>')
        case "at_risk":
            return mark_safe('<path class="ring-sign" d="M8 5.2V8l1.8 1.4"/>')
        case "paused":
            return mark_safe('<path class="ring-sign" d="M6.7 6v4M9.3 6v4"/>')
    return mark_safe("")
