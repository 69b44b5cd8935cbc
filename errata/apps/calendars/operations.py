"""Writes of business calendars. Clocks notice that one changed; they are reckoned anew behind the change."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db.models import Max
from django.utils.text import slugify

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.calendars.holidays import holidays_of
from errata.apps.calendars.models import BusinessCalendar, BusinessCalendarVersion
from errata.apps.calendars.queries import calendar_row, calendar_view, definition_of
from errata.apps.calendars.types import CalendarView, Definition
from errata.apps.records import storable, write
from errata.core.errors import Refusal
from errata.core.sla import Day, Span, faults

_NAME_CHARS_MAX = 80
# Three years of single days: what is longer is a rule, and belongs into the weekly hours.
_DAYS_MAX = 1_000
_CALENDARS_MAX = 200


class CalendarRefused(Refusal):
    """Hours, days or a name that can't be used."""

    code = "calendar_refused"
    status = 422


def draft_definition(
    *,
    zone: str,
    week: Sequence[tuple[Span, ...]],
    at: datetime,
    country: str = "",
    region: str = "",
    days: Sequence[Day] = (),
) -> Definition:
    """A definition with its holidays looked up, as it would be saved. Raises CalendarRefused with what is wrong."""
    if len(days) > _DAYS_MAX:
        raise CalendarRefused(f"{_DAYS_MAX:,} days of its own are the most a calendar has.", field="days")
    country, region = country.strip().upper()[:3], region.strip()
    found = Definition(
        zone=storable(zone).strip(),
        week=tuple(week),
        country=country,
        region=region,
        days=tuple(msgspec.structs.replace(day, name=storable(day.name)[:_NAME_CHARS_MAX]) for day in days),
        holidays=holidays_of(country, region, year=at.year),
    )
    if wrong := faults(found.calendar("")):
        raise CalendarRefused(" ".join(wrong), field="zone" if "time zone" in wrong[0] else "week")
    return found


def create_calendar(
    *, name: str, definition: Definition, by: Actor, at: datetime, is_default: bool = False
) -> CalendarView:
    """Create a calendar. As the default it holds for every policy that names none."""
    allow(by, "project:admin")
    name = _checked_name(name)
    with write():
        own = BusinessCalendar.objects.filter(organization_id=by.organization_id)
        if own.count() >= _CALENDARS_MAX:
            raise CalendarRefused(f"{_CALENDARS_MAX} calendars are the most.", field="name")
        slug = slugify(name)[:60] or "calendar"
        if own.filter(slug=slug).exists():
            raise CalendarRefused(f"There is a calendar {slug} already. Change that one.", field="name")
        row = BusinessCalendar(organization_id=by.organization_id, slug=slug, name=name, created_at=at)
        row.save()
        _set_default(row, is_default=is_default)
        version = _add_version(row, definition, holds_from=None, by=by, at=at)
        audit.record(by=by, action="calendar.created", target=slug, at=at, after=_told(row, definition))
        return calendar_view(row, version)


def change_calendar(
    *,
    slug: str,
    by: Actor,
    at: datetime,
    name: str | None = None,
    definition: Definition | None = None,
    is_default: bool | None = None,
    from_now: bool = False,
) -> CalendarView:
    """Change what is given. A definition corrects the past as well, unless it is to hold from now on."""
    allow(by, "project:admin")
    with write():
        row = calendar_row(by, slug)
        version = row.versions.order_by("-number")[0]
        before = _told(row, definition_of(version))
        if name is not None:
            row.name = _checked_name(name)
            row.save(update_fields=["name"])
        if is_default is not None:
            _set_default(row, is_default=is_default)
        if definition is not None and definition != definition_of(version):
            version = _add_version(row, definition, holds_from=at if from_now else None, by=by, at=at)
        after = _told(row, definition_of(version))
        if before != after:
            more = {"holds": "from now on" if version.holds_from else "from the beginning"}
            audit.record(by=by, action="calendar.changed", target=slug, at=at, before=before, after=after | more)
        return calendar_view(row, version)


def delete_calendar(*, slug: str, by: Actor, at: datetime) -> None:
    """Delete a calendar. Whether clocks go by it is asked where clocks are: errata.apps.clocks.operations."""
    allow(by, "project:admin")
    with write():
        row = calendar_row(by, slug)
        before = _told(row, definition_of(row.versions.order_by("-number")[0]))
        row.delete()
        audit.record(by=by, action="calendar.deleted", target=slug, at=at, before=before)


def _checked_name(name: str) -> str:
    tidy = storable(name).strip()
    if not tidy or len(tidy) > _NAME_CHARS_MAX:
        raise CalendarRefused(f"A calendar needs a name of at most {_NAME_CHARS_MAX} characters.", field="name")
    return tidy


def _set_default(row: BusinessCalendar, *, is_default: bool) -> None:
    if is_default:
        BusinessCalendar.objects.filter(organization_id=row.organization_id).update(is_default=False)
    BusinessCalendar.objects.filter(id=row.id).update(is_default=is_default)
    row.is_default = is_default


def _add_version(
    row: BusinessCalendar, definition: Definition, *, holds_from: datetime | None, by: Actor, at: datetime
) -> BusinessCalendarVersion:
    last = row.versions.aggregate(last=Max("number"))["last"] or 0
    return BusinessCalendarVersion.objects.create(
        calendar=row,
        number=last + 1,
        definition=msgspec.to_builtins(definition),
        holds_from=holds_from,
        by_name=by.name[:254],
        at=at,
    )


def _told(row: BusinessCalendar, definition: Definition) -> dict[str, object]:
    """For the audit log: without the holidays, which follow from country and region."""
    plain = msgspec.to_builtins(msgspec.structs.replace(definition, holidays=()))
    return {"name": row.name, "default": row.is_default, **plain}
