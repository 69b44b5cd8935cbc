"""The words and signs of the pages: icons, times, numbers, people, stages."""

import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from errata.core.workflow import DEFAULT, GALLERY
from errata.web import draw, markdown
from errata.web.assets import asset_url

register = template.Library()

_KIND_ICONS = {
    "error": "bug",
    "performance": "gauge",
    "ui/ux": "layout-template",
    "compatibility": "monitor-smartphone",
    "compliance": "scale",
    "seo": "search",
    "security": "shield-alert",
    "cost": "badge-dollar-sign",
    "ci": "workflow",
    "inquiry": "life-buoy",
    "task": "square-check-big",
    "bug": "bug",
    "story": "book-open",
    "epic": "zap",
    "sub-task": "corner-down-right",
    "incident": "radio",
    "follow-up": "list-checks",
    "question": "circle-help",
    "problem": "triangle-alert",
    "request": "hash",
}
_LEVEL_ICONS = {
    "fatal": "circle-x",
    "error": "circle-alert",
    "warning": "triangle-alert",
    "info": "info",
    "debug": "code",
}
_CRUMB_ICONS = {
    "http": "globe",
    "httplib": "globe",
    "xhr": "globe",
    "fetch": "globe",
    "query": "database",
    "navigation": "arrow-right",
    "ui": "mouse-pointer-click",
    "user": "user",
    "auth": "key-round",
    "console": "terminal",
    "exception": "bug",
    "error": "circle-alert",
    "redis": "database",
    "subprocess": "terminal",
    "session": "history",
    "started": "play",
    "sentry": "signal",
}
_STAGE_SHAPES = {"new", "assigned", "revise", "retest", "fixed", "closed"}
# What a stage looks like whose name has no sign of its own.
_CATEGORY_SHAPES = {"new": "new", "active": "assigned", "verify": "retest", "done": "fixed", "closed": "closed"}
# Where only the name is known: what it means in the default workflow, else in one of the gallery.
_MEANT = {
    stage.name.lower(): stage.category
    for moves in (*(found.workflow for found in reversed(GALLERY)), DEFAULT)
    for stage in moves.stages
}
_DISTANCE = re.compile(r"(\d+)(s|min|h|d)")
_UNITS = ((60, "s", 1), (3_600, "min", 60), (86_400, "h", 3_600), (7 * 86_400, "d", 86_400))


@register.simple_tag
def asset(name: str) -> str:
    return asset_url(name)


@register.simple_tag
def icon(name: str, classes: str = "icon") -> SafeString:
    """Draw an icon of the sprite. It is decoration: the words beside it, or an aria-label, carry the meaning."""
    return _icon(name, classes, asset_url("icons.svg"))


# The same few dozen signs make up every row of every list.
@lru_cache(maxsize=1_024)
def _icon(name: str, classes: str, sprite: str) -> SafeString:
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, sprite, name)


@register.simple_tag
def severity_mark(value: str) -> SafeString:
    name = (value or "none").lower()
    words = f"Severity: {value}" if value else "No severity"
    return _mark(f"severity-{name}", f"icon sev-{name}", words)


@register.simple_tag
def priority_mark(value: str) -> SafeString:
    name = (value or "none").lower()
    words = f"Priority: {value}" if value else "No priority"
    return _mark(f"priority-{name}", f"icon pri pri-{name}", words)


@register.simple_tag
def kind_mark(value: str) -> SafeString:
    return _mark(_KIND_ICONS.get(value.lower(), "circle-dot"), "icon faint", f"Type: {value}")


@register.simple_tag
def level_mark(value: str) -> SafeString:
    drawn = icon(_LEVEL_ICONS.get(value, "info"))
    return format_html('<span class="level level-{}">{}{}</span>', value, drawn, value)


def _mark(name: str, classes: str, words: str) -> SafeString:
    return _drawn_mark(name, classes, words, asset_url("icons.svg"))


@lru_cache(maxsize=1_024)
def _drawn_mark(name: str, classes: str, words: str, sprite: str) -> SafeString:
    return format_html(
        '<svg class="{}" role="img" aria-label="{}" data-tip="{}"><use href="{}#{}"/></svg>',
        classes, words, words, sprite, name,
    )  # fmt: skip


@register.filter
def kind_icon(value: str) -> str:
    return _KIND_ICONS.get(value.lower(), "circle-dot")


@register.filter
def stage_shape(value: str, category: str = "") -> str:
    """The sign of a stage: its own, or that of what it means."""
    name = str(value).lower()
    shape = _CATEGORY_SHAPES.get(category or _MEANT.get(name, ""), "")
    # A team may call something else Closed than what is closed: what it means goes first.
    fits = not category or _MEANT.get(name) == category
    return name if name in _STAGE_SHAPES and fits else shape or "new"


@register.filter
def crumb_icon(category: str) -> str:
    """The sign of a breadcrumb, by the first part of its category that has one."""
    parts = (category or "").lower().replace(":", ".").split(".")
    return next((_CRUMB_ICONS[part] for part in parts if part in _CRUMB_ICONS), "circle-dot")


@register.simple_tag
def stage_chip(stage: str, category: str = "") -> SafeString:
    shape = stage_shape(stage, category)
    return format_html('<span class="stage stage-{}">{}{}</span>', shape, icon(f"stage-{shape}"), stage)


@register.simple_tag
def avatar(person: Any, classes: str = "") -> SafeString:
    """A person as two letters on a colour of their own, or the empty place of nobody."""
    if person is None:
        return format_html(
            '<span class="avatar avatar-none {}" role="img" aria-label="Nobody" data-tip="Unassigned">{}</span>',
            classes, icon("user"),
        )  # fmt: skip
    name = person.name or person.email
    return format_html(
        '<span class="avatar hue-{} {}" role="img" aria-label="{}" data-tip="{}" data-letters="{}"></span>',
        hue(person.email or name), classes, name, name, getattr(person, "initials", "") or name[:1].upper(),
    )  # fmt: skip


@register.filter
def hue(value: str) -> int:
    """One of ten colours, always the same for the same text."""
    return zlib.crc32(str(value).encode()) % 10


@register.simple_tag(takes_context=True)
def ago(context: template.Context, moment: datetime | None, style: str = "short") -> SafeString:
    """A time as its distance from now; the script keeps it ticking and shows the absolute time."""
    if moment is None:
        return mark_safe('<span class="faint">never</span>')
    now = context.get("now") or timezone.now()
    words = distance(moment, now=now)
    text = _long(words) if style == "long" else words
    return format_html('<time datetime="{}" data-ago="{}">{}</time>', moment.isoformat(), style, text)


def _long(words: str) -> str:
    found = _DISTANCE.fullmatch(words)
    return f"{found[1]} {found[2]} ago" if found else words


def distance(moment: datetime, *, now: datetime) -> str:
    """The time between, in its largest unit: `now`, `4min`, `3h`, `5d`, or a date."""
    seconds = int((now - moment).total_seconds())
    if seconds < 5:
        return "now"
    for bound, unit, size in _UNITS:
        if seconds < bound:
            return f"{seconds // size}{unit}"
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b}" if moment.year == now.year else f"{local.day} {local:%b %Y}"


_SPELT = ((86_400, "d"), (3_600, "h"), (60, "min"))


@register.filter
def spell(seconds: int | None) -> str:
    """A length of time in its two largest units: `3 d 4 h`, `25 min`; a dash for none."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds} s"
    place = next(place for place, (size, _) in enumerate(_SPELT) if seconds >= size)
    size, unit = _SPELT[place]
    words = f"{seconds // size} {unit}"
    if place + 1 < len(_SPELT) and seconds // size < 10:
        smaller, name = _SPELT[place + 1]
        rest = seconds % size // smaller
        words += f" {rest} {name}" if rest else ""
    return words


@register.filter
def compact(value: int | None) -> str:
    """A count in at most four characters: 999, 1.2k, 45k, 3.1M."""
    number = value or 0
    for size, unit in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            amount = number / size
            return f"{amount:.1f}{unit}" if amount < 10 else f"{amount:.0f}{unit}"
    return str(number)


@register.filter
def grouped(value: int | None) -> str:
    return f"{value or 0:,}".replace(",", "\u202f")


@register.filter
def file_size(value: int | None) -> str:
    size = float(value or 0)
    for unit in ("B", "kB", "MB"):
        if size < 1_000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1_000
    return f"{size:.1f} GB"


@register.simple_tag
def spark(counts: Sequence[int] | None) -> SafeString:
    """A sparkline with its numbers for the tooltip."""
    if not counts:
        return mark_safe('<svg class="spark" viewBox="0 0 112 22" aria-hidden="true"></svg>')
    return format_html(
        '<svg class="spark" viewBox="0 0 112 22" preserveAspectRatio="none" role="img" aria-label="{} events"'
        ' data-spark="{}"><path class="base" d="M0 22h112"/><path d="{}"/></svg>',
        sum(counts), ",".join(map(str, counts)), draw.spark_path(counts),
    )  # fmt: skip


@register.filter(name="markdown")
def markdown_filter(text: str, titles: Mapping[str, str] | None = None) -> SafeString:
    url = reverse("issue", args=["KEY-1"]).replace("KEY-1", "{}")
    return mark_safe(markdown.to_html(text or "", issue_url=url, titles=titles))  # noqa: S308 (cleaned by nh3)


@register.filter
def share(part: int, whole: int) -> int:
    """A part as whole percent."""
    return round(100 * part / whole) if whole else 0


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key)


@register.simple_tag(takes_context=True)
def url_with(context: template.Context, **changes: Any) -> str:
    """The page's own address with some of its query changed; a page's cursor never survives a change."""
    query = context["request"].GET.copy()
    query.pop("cursor", None)
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    encoded = query.urlencode(safe=":,-")
    return f"?{encoded}" if encoded else context["request"].path


@register.inclusion_tag("components/editor_bar.html")
def editor_bar() -> dict[str, Any]:
    """What stands above a text in Markdown: to write or to see it, and its marks."""
    return {"marks": ("bold", "italic", "code", "link", "list", "quote")}
