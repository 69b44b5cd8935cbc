"""Reads of business calendars."""

from collections.abc import Collection, Mapping

import msgspec
from django.db.models import Max, QuerySet

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.calendars.holidays import countries
from errata.apps.calendars.models import BusinessCalendar, BusinessCalendarVersion
from errata.apps.calendars.types import CalendarVersionView, CalendarView, Definition
from errata.apps.records import storable
from errata.core.errors import Refusal
from errata.core.sla import ALWAYS, CalendarSince

__all__ = [
    "AROUND_THE_CLOCK", "CalendarNotFound", "calendar", "calendar_marks", "calendar_row", "calendars_in_force",
    "countries", "default_slug", "list_calendars", "list_versions",
]  # fmt: skip


class CalendarNotFound(Refusal):
    """The organisation has no such calendar."""

    code = "calendar_not_found"
    status = 404


def list_calendars(*, actor: Actor) -> list[CalendarView]:
    """Every calendar of the organisation, by name."""
    allow(actor, "issue:read")
    rows = BusinessCalendar.objects.filter(organization_id=actor.organization_id).order_by("name", "id")
    newest = _newest(rows)
    return [calendar_view(row, newest[row.id]) for row in rows]


def calendar(*, actor: Actor, slug: str) -> CalendarView:
    """A calendar as it is now. Raises CalendarNotFound."""
    allow(actor, "issue:read")
    row = calendar_row(actor, slug)
    return calendar_view(row, _newest([row])[row.id])


def list_versions(*, actor: Actor, slug: str) -> list[CalendarVersionView]:
    """What a calendar said before, newest first."""
    allow(actor, "issue:read")
    rows = BusinessCalendarVersion.objects.filter(calendar=calendar_row(actor, slug)).order_by("-number")
    return [
        CalendarVersionView(
            number=row.number, definition=definition_of(row), holds_from=row.holds_from, by=row.by_name, at=row.at
        )
        for row in rows
    ]


AROUND_THE_CLOCK = (CalendarSince(ALWAYS),)


def default_slug(actor: Actor) -> str:
    """The calendar that holds where a policy names none; "" when that is around the clock."""
    rows = BusinessCalendar.objects.filter(organization_id=actor.organization_id, is_default=True)
    return rows.values_list("slug", flat=True).first() or ""


def calendars_in_force(organization_ids: Collection[int]) -> dict[int, dict[str, tuple[CalendarSince, ...]]]:
    """What clocks count with: for each organisation its calendars by slug, and as "" the one that holds without."""
    found: dict[int, dict[str, tuple[CalendarSince, ...]]] = {
        organization_id: {"": AROUND_THE_CLOCK} for organization_id in organization_ids
    }
    rows = BusinessCalendarVersion.objects.filter(calendar__organization_id__in=organization_ids)
    for row in rows.select_related("calendar").order_by("calendar_id", "number"):
        own = found[row.calendar.organization_id]
        version = CalendarSince(definition_of(row).calendar(row.calendar.name), row.holds_from)
        # One that holds from the beginning makes those before it moot.
        earlier = own.get(row.calendar.slug, ()) if row.holds_from else ()
        own[row.calendar.slug] = (*earlier, version)
        if row.calendar.is_default:
            own[""] = own[row.calendar.slug]
    return found


def calendar_marks() -> tuple[object, ...]:
    """What changes whenever any calendar does, of whatever organisation."""
    rows = BusinessCalendar.objects.order_by("id").values_list("id", "slug", "name", "is_default")
    return (*rows, BusinessCalendarVersion.objects.aggregate(newest=Max("id"))["newest"])


def calendar_row(actor: Actor, slug: str) -> BusinessCalendar:
    """The row with this slug. Raises CalendarNotFound."""
    rows = BusinessCalendar.objects.filter(organization_id=actor.organization_id, slug=storable(slug))
    found = rows.first()
    if found is None:
        raise CalendarNotFound(f"There is no calendar “{slug}”.", calendar=slug)
    return found


def calendar_view(row: BusinessCalendar, newest: BusinessCalendarVersion) -> CalendarView:
    """A calendar as others may hold it."""
    return CalendarView(
        slug=row.slug,
        name=row.name,
        is_default=row.is_default,
        version=newest.number,
        definition=definition_of(newest),
        changed_at=newest.at,
        changed_by=newest.by_name,
    )


def definition_of(row: BusinessCalendarVersion) -> Definition:
    """What a version says."""
    return msgspec.convert(row.definition, Definition)


def _newest(rows: Collection[BusinessCalendar] | QuerySet[BusinessCalendar]) -> Mapping[int, BusinessCalendarVersion]:
    versions = BusinessCalendarVersion.objects.filter(calendar__in=[row.id for row in rows]).order_by("number")
    return {version.calendar_id: version for version in versions}
