"""A calendar, ready to be counted with. Moments are whole microseconds since 1970, so that sums are exact."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
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


class Timetable:
    """The opening times of a calendar in order, with the time worked before each. Grows with what is asked of it."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._zone = ZoneInfo(calendar.zone)
        self._days = {day.date: day for day in reversed(calendar.days)}
        self._first = self._last = date(1970, 1, 1)
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._before: list[int] = []  # worked before each opening
        self._after: list[int] = []  # worked by the end of each
        self._since_us, self._until_us = 1, 0  # what is covered: nothing yet

    def worked(self, since_us: int, until_us: int) -> int:
        """How much time counts between two moments."""
        if until_us <= since_us:
            return 0
        self._cover(since_us, until_us)
        return self._total(until_us) - self._total(since_us)

    def reached(self, since_us: int, amount_us: int) -> int | None:
        """The first moment at which so much time has counted since; None when that is beyond all planning."""
        if amount_us <= 0:
            return since_us
        ahead = max(2 * amount_us, 30 * DAY_MIN * MINUTE_US)
        furthest = since_us + _AHEAD_DAYS_MAX * DAY_MIN * MINUTE_US
        while True:
            self._cover(since_us, min(since_us + ahead, furthest))
            goal = self._total(since_us) + amount_us
            place = bisect_left(self._after, goal)
            if place < len(self._after):
                return self._starts[place] + goal - self._before[place]
            if since_us + ahead >= furthest:
                return None
            ahead *= 4

    def openings(self, since_us: int, until_us: int) -> Iterator[tuple[int, int]]:
        """The stretches between two moments in which time counts."""
        self._cover(since_us, until_us)
        for place in range(bisect_right(self._ends, since_us), len(self._starts)):
            if self._starts[place] >= until_us:
                return
            yield max(since_us, self._starts[place]), min(until_us, self._ends[place])

    def closings(self, since_us: int, until_us: int) -> Iterator[tuple[int, int, Day | None]]:
        """A stretch in which no time counts, cut by its days where one of them has a reason of its own."""
        begun_us, reason = since_us, self._reason(since_us)
        day = self.local(since_us).date()
        while (midnight_us := self._instant(day, DAY_MIN)) < until_us:
            day += _ONE_DAY
            following = self._days.get(day)
            if following is not reason and midnight_us > begun_us:
                yield begun_us, midnight_us, reason
                begun_us, reason = midnight_us, following
            elif midnight_us <= begun_us:
                reason = following
        yield begun_us, until_us, reason

    def local(self, us: int) -> datetime:
        """The moment as the team's own clocks show it."""
        return from_us(us).astimezone(self._zone)

    def _reason(self, us: int) -> Day | None:
        return self._days.get(self.local(us).date())

    def _total(self, us: int) -> int:
        place = bisect_right(self._starts, us) - 1
        if place < 0:
            return 0
        return self._before[place] + min(us, self._ends[place]) - self._starts[place]

    def _cover(self, since_us: int, until_us: int) -> None:
        if self._since_us <= since_us and until_us <= self._until_us:
            return
        # A month more than is asked for, so that a day more doesn't mean to count anew; what was covered stays so.
        first = (from_us(since_us) - _MARGIN).date().replace(day=1)
        last = (from_us(until_us) + _MARGIN).date() + _MONTH
        if self._starts or self._since_us < self._until_us:
            first, last = min(first, self._first), max(last, self._last)
        self._first, self._last = first, last
        self._since_us = to_us(datetime.combine(first, time(), UTC) + _MARGIN)
        self._until_us = to_us(datetime.combine(last, time(), UTC) + _ONE_DAY - _MARGIN)
        self._count()

    def _count(self) -> None:
        self._starts, self._ends, self._before, self._after = [], [], [], []
        for start, end in self._merged():
            worked = self._after[-1] if self._after else 0
            self._starts.append(start)
            self._ends.append(end)
            self._before.append(worked)
            self._after.append(worked + end - start)

    def _merged(self) -> Iterator[tuple[int, int]]:
        """The openings, joined where one begins as the other ends."""
        open_us, close_us = 0, 0
        for start, end in self._spans():
            if start <= close_us and close_us > open_us:
                close_us = max(close_us, end)
                continue
            if close_us > open_us:
                yield open_us, close_us
            open_us, close_us = start, end
        if close_us > open_us:
            yield open_us, close_us

    def _spans(self) -> Iterator[tuple[int, int]]:
        day = self._first - _ONE_DAY
        while day <= self._last:
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
