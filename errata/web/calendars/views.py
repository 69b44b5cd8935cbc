"""Business calendars: list, edit, and what a change would do before it is made."""

from typing import Any
from zoneinfo import available_timezones

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts.permissions import allow
from errata.apps.calendars import operations, queries
from errata.apps.calendars.types import CalendarView, Definition
from errata.apps.clocks import operations as clocks
from errata.apps.clocks.queries import preview_calendar
from errata.apps.clocks.types import Preview
from errata.core.errors import Refusal
from errata.core.sla import WEEKDAYS, Day, Span, parse_day, parse_spans, write_day, write_spans
from errata.web.answers import Toast, go
from errata.web.clocks.shown import flipped
from errata.web.forms import Form, posted, refused
from errata.web.requests import ActorRequest

_FIELDS = ("name", "zone", "country", "region", "days", *WEEKDAYS)
_FRESH = {"zone": "UTC", **dict.fromkeys(WEEKDAYS[:5], "09:00-17:00")}
_HOLIDAYS_SHOWN = 8


class Weekday(msgspec.Struct, frozen=True):
    name: str
    value: str
    error: str


class Bar(msgspec.Struct, frozen=True):
    """Opening hours of a day, as places on 24 hours."""

    x: float
    width: float


class Listed(msgspec.Struct, frozen=True):
    calendar: CalendarView
    week: list[tuple[str, str, list[Bar]]]
    next_days: list[Day]


def list_(request: ActorRequest) -> HttpResponse:
    """Every calendar of the organisation."""
    found = queries.list_calendars(actor=request.actor)
    return render(request, "calendars/list.html", {"listed": [_listed(one, request) for one in found]})


def new(request: ActorRequest) -> HttpResponse:
    """Write a calendar down."""
    allow(request.actor, "project:admin")
    if request.method != "POST":
        return _form(request, Form(values=_FRESH), None)
    return _saved(request, None)


def edit(request: ActorRequest, slug: str) -> HttpResponse:
    """Change a calendar; the button beside saving only says what would change."""
    view = queries.calendar(actor=request.actor, slug=slug)
    if request.method != "POST":
        return _form(request, Form(values=_values(view)), view)
    return _saved(request, view)


@require_POST
def delete(request: ActorRequest, slug: str) -> HttpResponse:
    """Delete a calendar."""
    clocks.delete_calendar(slug=slug, by=request.actor, at=request.now)
    return go(request, reverse("calendars"), toast=Toast(text="Deleted."))


def _saved(request: ActorRequest, view: CalendarView | None) -> HttpResponse:
    values = posted(request, *_FIELDS)
    is_default, from_now = request.POST.get("default") == "1", request.POST.get("holds") == "now"
    try:
        definition = _definition(request, values)
        if request.POST.get("do") == "preview":
            preview = preview_calendar(
                actor=request.actor, slug=view.slug if view else "", name=values["name"], definition=definition,
                now=request.now, is_default=is_default, from_now=from_now,
            )  # fmt: skip
            return _form(request, Form(values=_kept(request, values)), view, preview)
        if view is None:
            saved = operations.create_calendar(
                name=values["name"], definition=definition, is_default=is_default, by=request.actor, at=request.now
            )
        else:
            saved = operations.change_calendar(
                slug=view.slug, name=values["name"], definition=definition, is_default=is_default, from_now=from_now,
                by=request.actor, at=request.now,
            )  # fmt: skip
    except Refusal as refusal:
        form = refused(_kept(request, values), refusal)
        return _form(request, form, view)
    toast = Toast(text=f"Saved {saved.name}. Clocks that go by it are being reckoned anew.")
    return go(request, reverse("calendars"), toast=toast)


def _definition(request: ActorRequest, values: dict[str, str]) -> Definition:
    week = [_spans(name, values[name]) for name in WEEKDAYS]
    days = [_day(line) for line in values["days"].splitlines() if line.strip()]
    return operations.draft_definition(
        zone=values["zone"], week=week, country=values["country"], region=values["region"], days=days, at=request.now
    )


def _spans(name: str, text: str) -> tuple[Span, ...]:
    try:
        return parse_spans(text)
    except ValueError as error:
        msg = "Write hours as 09:00-12:30, 13:00-17:00; leave the field empty for a closed day."
        raise operations.CalendarRefused(msg, field=name) from error


def _day(line: str) -> Day:
    try:
        return parse_day(line)
    except ValueError as error:
        msg = f"“{line.strip()}” can’t be read. A day is written 2026-12-24 09:00-12:00 Christmas Eve."
        raise operations.CalendarRefused(msg, field="days") from error


def _form(request: ActorRequest, form: Form, view: CalendarView | None, preview: Preview | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "calendar": view,
        "week": [Weekday(name, form.values.get(name, ""), form.errors.get(name, "")) for name in WEEKDAYS],
        "zones": sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC"),
        "countries": queries.countries(),
        "versions": queries.list_versions(actor=request.actor, slug=view.slug) if view else [],
        "preview": preview,
        "flips": flipped(preview),
    }
    return render(request, "calendars/edit.html", context, status=422 if form.problem or form.errors else 200)


def _kept(request: ActorRequest, values: dict[str, str]) -> dict[str, str]:
    return values | {"default": request.POST.get("default", ""), "holds": request.POST.get("holds", "")}


def _values(view: CalendarView) -> dict[str, str]:
    told = view.definition
    week = {name: write_spans(spans) for name, spans in zip(WEEKDAYS, told.week, strict=True)}
    return week | {
        "name": view.name,
        "zone": told.zone,
        "country": told.country,
        "region": told.region,
        "days": "\n".join(write_day(day) for day in told.days),
        "default": "1" if view.is_default else "",
    }


def _listed(view: CalendarView, request: ActorRequest) -> Listed:
    told = view.definition
    days = sorted((*told.days, *told.holidays), key=lambda day: day.date)
    return Listed(
        calendar=view,
        week=[
            (name[:3], write_spans(spans) or "closed", [_bar(span) for span in spans])
            for name, spans in zip(WEEKDAYS, told.week, strict=True)
        ],
        next_days=[day for day in days if day.date >= request.now.date()][:_HOLIDAYS_SHOWN],
    )


def _bar(span: Span) -> Bar:
    return Bar(x=span.start_min / 14.4, width=(span.end_min - span.start_min) / 14.4)
