"""When a team works: weekly hours in a time zone, and the days that are different. What can be said wrong with it."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

DAY_MIN = 24 * 60
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_HOURS = re.compile(r"[\d:,;\u2013-]*\d[-\u2013]\d[\d:,;\u2013-]*")

DayKind = Literal["holiday", "closed", "half"]


class Span(msgspec.Struct, frozen=True):
    """Minutes of a local day, from `start_min` on and before `end_min`; 1,440 is the end of the day."""

    start_min: int
    end_min: int

    def __str__(self) -> str:
        return f"{_clock(self.start_min)}-{_clock(self.end_min)}"


class Day(msgspec.Struct, frozen=True):
    """A day whose hours aren't those of its weekday: a holiday, a closed day, or one with hours of its own."""

    date: date
    name: str
    kind: DayKind = "holiday"
    spans: tuple[Span, ...] = ()


WHOLE_DAY = (Span(0, DAY_MIN),)


class Calendar(msgspec.Struct, frozen=True):
    """When time counts. Of two entries for one day the first holds."""

    name: str = "Around the clock"
    zone: str = "UTC"
    week: tuple[tuple[Span, ...], ...] = (WHOLE_DAY,) * 7  # from Monday
    days: tuple[Day, ...] = ()


class CalendarSince(msgspec.Struct, frozen=True):
    """A calendar and the moment from which it holds: None is from the beginning."""

    calendar: Calendar
    since: datetime | None = None


ALWAYS = Calendar()


def faults(calendar: Calendar) -> list[str]:
    """What is wrong with a calendar, as sentences; none means that it can be used."""
    found = [] if _is_zone(calendar.zone) else [f"There is no time zone “{calendar.zone}”. One is Europe/Berlin."]
    if len(calendar.week) != len(WEEKDAYS):
        found.append("A week has seven days.")
    for name, spans in zip(WEEKDAYS, calendar.week, strict=False):
        found += _span_faults(name, spans)
    if not any(calendar.week) and not any(day.spans for day in calendar.days):
        found.append("It is never open, so no clock that goes by it would ever run out.")
    for day in calendar.days:
        found += _span_faults(f"{day.date.isoformat()} ({day.name})", day.spans)
    return found


def parse_spans(text: str) -> tuple[Span, ...]:
    """The hours of a day as people write them: `09:00-12:30, 13:00-17:00`; nothing is closed. Raises ValueError."""
    return tuple(_span(part) for part in text.replace(";", ",").split(",") if part.strip())


def parse_day(line: str) -> Day:
    """A day of one's own: `2026-12-24 09:00-12:00 Christmas Eve`; without hours it is closed. Raises ValueError."""
    first, *words = line.split()
    hours = [word for word in words if _HOURS.fullmatch(word)]
    name = " ".join(word for word in words if word not in hours)
    kind: DayKind = "half" if hours else "closed"
    return Day(date.fromisoformat(first), name or "Closed", kind, parse_spans(",".join(hours)))


def write_day(day: Day) -> str:
    """The line that parse_day reads."""
    return " ".join(part for part in (day.date.isoformat(), write_spans(day.spans).replace(" ", ""), day.name) if part)


def parse_week(lines: Iterable[str]) -> tuple[tuple[Span, ...], ...]:
    """The hours of a week: `Mon-Fri 09:00-17:00`, `Sat 10:00-14:00`; other days are closed. Raises ValueError."""
    week: list[tuple[Span, ...]] = [()] * 7
    for line in lines:
        named, _, hours = line.strip().partition(" ")
        first, _, last = named.replace("\u2013", "-").partition("-")
        begin, end = _weekday(first), _weekday(last or first)
        # Fri-Mon goes on over the end of the week.
        for day in range(begin, end + 1 if end >= begin else end + 1 + len(WEEKDAYS)):
            week[day % len(WEEKDAYS)] = parse_spans(hours)
    return tuple(week)


def _weekday(text: str) -> int:
    found = [
        place for place, name in enumerate(WEEKDAYS) if len(text) >= 2 and name.casefold().startswith(text.casefold())
    ]
    if len(found) != 1:
        raise ValueError(text)
    return found[0]


def write_spans(spans: tuple[Span, ...]) -> str:
    """The hours of a day as people read them."""
    return ", ".join(str(span) for span in spans)


def _span(text: str) -> Span:
    start, dash, end = text.replace("\u2013", "-").partition("-")
    if not dash:
        raise ValueError(text)
    return Span(_minute(start), _minute(end) or DAY_MIN)


def _minute(text: str) -> int:
    hours, _, minutes = text.strip().partition(":")
    found = int(hours) * 60 + int(minutes or 0)
    if not (0 <= int(minutes or 0) < 60 and 0 <= found <= DAY_MIN):
        raise ValueError(text)
    return found


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _span_faults(where: str, spans: tuple[Span, ...]) -> list[str]:
    found = [
        f"{where}: {span} ends before it begins." for span in spans if not 0 <= span.start_min < span.end_min <= DAY_MIN
    ]
    if any(later.start_min < earlier.end_min for earlier, later in pairwise(spans)):
        found.append(f"{where}: its hours overlap or aren't in order.")
    return found
