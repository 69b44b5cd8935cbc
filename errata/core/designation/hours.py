"""When a rule holds: `08:00-16:00 Europe/Berlin`, `mon-fri 22:00-06:00 UTC`."""

import re
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from errata.core.errors import Refusal

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:\s*[-,]\s*[a-z]{3})*)\s+)?(?P<start>\d{1,2}:\d\d)\s*[-–]\s*(?P<end>\d{1,2}:\d\d)"
    r"(?:\s+(?P<zone>[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*))?\Z",
    re.IGNORECASE,
)


class HoursRefused(Refusal):
    """Hours that can't be read."""

    code = "hours_refused"
    status = 422


class Hours(msgspec.Struct, frozen=True):
    days: frozenset[int]  # Monday is 0; of a span over midnight, the day it begins
    start: time
    end: time  # not after `start`: on the next day
    zone: str

    def hold(self, at: datetime) -> bool:
        """Whether the moment is within, by the zone's own clock."""
        local = at.astimezone(ZoneInfo(self.zone))
        moment = local.time()
        if self.start < self.end:
            return self.start <= moment < self.end and local.weekday() in self.days
        if moment >= self.start:
            return local.weekday() in self.days
        return moment < self.end and (local - timedelta(days=1)).weekday() in self.days


@lru_cache(maxsize=1_024)
def hours(text: str) -> Hours:
    """Read the hours. Raises HoursRefused, which says what they look like."""
    found = _FORM.match(text.strip())
    if found is None:
        raise _refused(text)
    zone = found["zone"] or "UTC"
    try:
        start, end = _time(found["start"]), _time(found["end"])
        days = _days(found["days"])
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError) as error:  # an unknown zone is a KeyError, one that is a folder an OSError
        raise _refused(text) from error
    return Hours(days=days, start=start, end=end, zone=zone)


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour) % 24 if hour == "24" and minute == "00" else int(hour), int(minute))


def _days(text: str | None) -> frozenset[int]:
    if not text:
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.lower().split(","):
        ends = [_DAYS.index(name.strip()) for name in part.split("-")]
        last = ends[-1] if ends[-1] >= ends[0] else ends[-1] + 7
        found |= {day % 7 for day in range(ends[0], last + 1)}
    return frozenset(found)


def _refused(text: str) -> HoursRefused:
    return HoursRefused(
        f"“{text}” are no hours. Write them as “08:00-16:00 Europe/Berlin” or “mon-fri 22:00-06:00 UTC”.", hours=text
    )
