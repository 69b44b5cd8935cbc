"""A calendar, ready to be counted with. Moments are whole microseconds since 1970, so that sums are exact."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from errata.core.sla.calendar import DAY_MIN, Calendar, Day

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
# How far ahead a due time is looked for. A clock that has not run out by then is due at no time anybody plans with.
_AHEAD_DAYS_MAX = 10 * 366
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1)
_MONTH = timedelta(days=31)
# A local day lies within this of the same day in UTC: the widest zones are +14 and -12 hours.
_MARGIN = timedelta(days=2)


def to_us(moment: datetime) -> int:
    """The moment as microseconds since 1970."""
    return (moment - _EPOCH) // _US


def from_us(us: int) -> datetime:
    """The moment, in UTC."""
    return _EPOCH + timedelta(microseconds=us)


class _Table(NamedTuple):
    """The openings of some months. Made whole and never changed, so that threads may share it."""

    since_us: int
    until_us: int
    first: date
    last: date
    starts: list[int]
    ends: list[int]
    before: list[int]  # worked before each opening
    after: list[int]  # worked by the end of each

    def total(self, us: int) -> int:
        place = bisect_right(self.starts, us) - 1
        if place < 0:
            return 0
        return self.before[place] + min(us, self.ends[place]) - self.starts[place]


class Timetable:
    """The opening times of a calendar in order, with the time worked before each. Grows with what is asked of it."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._zone = ZoneInfo(calendar.zone)
        self._days = {day.date: day for day in reversed(calendar.days)}
        self._table: _Table | None = None

    def worked(self, since_us: int, until_us: int) -> int:
        """How much time counts between two moments."""
        if until_us <= since_us:
            return 0
        table = self._covering(since_us, until_us)
        return table.total(until_us) - table.total(since_us)

    def reached(self, since_us: int, amount_us: int) -> int | None:
        """The first moment at which so much time has counted since; None when that is beyond all planning."""
        if amount_us <= 0:
            return since_us
        ahead = max(2 * amount_us, 30 * DAY_MIN * MINUTE_US)
        furthest = since_us + _AHEAD_DAYS_MAX * DAY_MIN * MINUTE_US
        while True:
            table = self._covering(since_us, min(since_us + ahead, furthest))
            goal = table.total(since_us) + amount_us
            place = bisect_left(table.after, goal)
            if place < len(table.after):
                return table.starts[place] + goal - table.before[place]
            if since_us + ahead >= furthest:
                return None
            ahead *= 4

    def openings(self, since_us: int, until_us: int) -> Iterator[tuple[int, int]]:
        """The stretches between two moments in which time counts."""
        table = self._covering(since_us, until_us)
        for place in range(bisect_right(table.ends, since_us), len(table.starts)):
            if table.starts[place] >= until_us:
                return
            yield max(since_us, table.starts[place]), min(until_us, table.ends[place])

    def closings(self, since_us: int, until_us: int) -> Iterator[tuple[int, int, Day | None]]:
        """A stretch in which no time counts, cut by its days where one of them has a reason of its own."""
        begun_us, day = since_us, self.local(since_us).date()
        reason = self._days.get(day)
        while (midnight_us := self._instant(day, DAY_MIN)) < until_us:
            day += _ONE_DAY
            following = self._days.get(day)
            if following is not reason and midnight_us > begun_us:
                yield begun_us, midnight_us, reason
                begun_us = midnight_us
            reason = following
        yield begun_us, until_us, reason

    def local(self, us: int) -> datetime:
        """The moment as the team's own clocks show it."""
        return from_us(us).astimezone(self._zone)

    def _covering(self, since_us: int, until_us: int) -> _Table:
        table = self._table
        if table is not None and table.since_us <= since_us and until_us <= table.until_us:
            return table
        # A month more than is asked for, so that a day more doesn't mean to count anew; what was covered stays so.
        first = (from_us(since_us) - _MARGIN).date().replace(day=1)
        last = (from_us(until_us) + _MARGIN).date() + _MONTH
        if table is not None:
            first, last = min(first, table.first), max(last, table.last)
        self._table = table = self._counted(first, last)
        return table

    def _counted(self, first: date, last: date) -> _Table:
        since_us = to_us(datetime.combine(first, time(), UTC) + _MARGIN)
        until_us = to_us(datetime.combine(last, time(), UTC) + _ONE_DAY - _MARGIN)
        table = _Table(since_us, until_us, first, last, [], [], [], [])
        worked = 0
        for start, end in self._merged(first, last):
            table.starts.append(start)
            table.ends.append(end)
            table.before.append(worked)
            worked += end - start
            table.after.append(worked)
        return table

    def _merged(self, first: date, last: date) -> Iterator[tuple[int, int]]:
        """The openings, joined where one begins as the other ends."""
        open_us, close_us = 0, 0
        for start, end in self._spans(first, last):
            if start <= close_us and close_us > open_us:
                close_us = max(close_us, end)
                continue
            if close_us > open_us:
                yield open_us, close_us
            open_us, close_us = start, end
        if close_us > open_us:
            yield open_us, close_us

    def _spans(self, first: date, last: date) -> Iterator[tuple[int, int]]:
        day = first - _ONE_DAY
        while day <= last:
            own = self._days.get(day)
            for span in own.spans if own else self.calendar.week[day.weekday()]:
                start, end = self._instant(day, span.start_min), self._instant(day, span.end_min)
                if start < end:
                    yield start, end
            day += _ONE_DAY

    def _instant(self, day: date, minute: int) -> int:
        """When the team's clocks first show this. What they skip in spring is the moment at which they skip it."""
        if minute == DAY_MIN:
            day, minute = day + _ONE_DAY, 0
        wall = datetime.combine(day, time(minute // 60, minute % 60), self._zone)
        before, after = to_us(wall), to_us(wall.replace(fold=1))
        # Where the two readings differ the other way round, an hour is shown twice: the first one is meant.
        return self._skip(after, before) if after < before else before

    def _skip(self, low: int, high: int) -> int:
        """The moment between the two at which the clocks are put forward; zones do so at whole seconds."""
        old = self.local(low).utcoffset()
        while high - low > SECOND_US:
            middle = (low + high) // (2 * SECOND_US) * SECOND_US
            low, high = (middle, high) if self.local(middle).utcoffset() == old else (low, middle)
        return high
