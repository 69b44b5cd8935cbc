"""What others may hold of business calendars."""

from datetime import datetime

import msgspec

from errata.core.sla import Calendar, Day, Span


class Definition(msgspec.Struct, frozen=True):
    """When a team works, as it is written down. The holidays are kept as dates: no library decides them anew."""

    zone: str = "UTC"
    week: tuple[tuple[Span, ...], ...] = ()
    country: str = ""  # ISO 3166
    region: str = ""
    days: tuple[Day, ...] = ()  # of the team's own; they go before holidays
    holidays: tuple[Day, ...] = ()

    def calendar(self, name: str) -> Calendar:
        """What clocks count with."""
        return Calendar(name=name, zone=self.zone, week=self.week, days=(*self.days, *self.holidays))


class CalendarView(msgspec.Struct, frozen=True):
    slug: str
    name: str
    is_default: bool
    version: int
    definition: Definition
    changed_at: datetime
    changed_by: str


class CalendarVersionView(msgspec.Struct, frozen=True):
    number: int
    definition: Definition
    holds_from: datetime | None
    by: str
    at: datetime


class Country(msgspec.Struct, frozen=True):
    code: str
    name: str
    regions: tuple[str, ...] = ()
