"""Writes of clocks: what the clockwork does by itself, and what people do."""

from datetime import datetime

from errata.apps.accounts.types import Actor
from errata.apps.calendars import operations as calendars
from errata.apps.calendars.queries import default_slug
from errata.apps.clocks.escalating import acknowledge, ring
from errata.apps.clocks.foretelling import learn_due
from errata.apps.clocks.keeping import Recounting, follow, notice
from errata.apps.records import together
from errata.apps.templates.queries import calendars_named

__all__ = ["Recounting", "acknowledge", "delete_calendar", "follow", "learn_due", "notice", "ring"]


def delete_calendar(*, slug: str, by: Actor, at: datetime) -> None:
    """Delete a calendar that no clock goes by, or went by: what was kept in its hours stays kept.

    Raises CalendarRefused for one that a template names, or named, and for the default.
    """
    with together():
        if default_slug(by) == slug:
            msg = "It holds wherever a policy names no calendar. Let it not be the default first."
            raise calendars.CalendarRefused(msg, field="default")
        if named := calendars_named(by.organization_id).get(slug):
            msg = f"The maximum time of {named} goes by it, or did: what was kept then would read as missed."
            raise calendars.CalendarRefused(msg, field="name")
        calendars.delete_calendar(slug=slug, by=by, at=at)
