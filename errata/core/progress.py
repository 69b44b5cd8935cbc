"""What is said of how the work goes: percentiles, a flow told backwards from today, ages."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import msgspec

# Of a list of durations: the middle one, and the ones that four of five and nine of ten stay under.
SHARES = (50, 80, 90)
# The ages that open issues are told in, in days; the last one has no end.
AGES = (1, 3, 7, 14, 30, 90)
# Durations are counted in buckets, four to each doubling up to some 34 years: a bucket holds a tenth at most,
# and a month is told from some ten thousand counts instead of every duration.
_TO_EACH_DOUBLING, _DOUBLINGS = 4, 30
_LEAST = sorted({0} | {-int(-(2 ** (n / _TO_EACH_DOUBLING)) // 1) for n in range(_TO_EACH_DOUBLING * _DOUBLINGS + 1)})


class Percentiles(msgspec.Struct, frozen=True):
    """Of so many durations in seconds; None where there is none."""

    count: int
    p50: int | None
    p80: int | None
    p90: int | None


class Day(msgspec.Struct, frozen=True):
    """How many issues stood in each category at the end of a day."""

    day: date
    counts: Mapping[str, int]


def bucket(seconds: int) -> int:
    """The bucket that a duration is counted in."""
    return bisect_right(_LEAST, max(0, seconds)) - 1


def bucket_bounds(number: int) -> tuple[int, int | None]:
    """The seconds that a bucket begins with, and those that it ends before; None is without end."""
    return _LEAST[number], _LEAST[number + 1] if number + 1 < len(_LEAST) else None


def percentiles(counts: Mapping[int, int], pick: Callable[[int, int], int]) -> Percentiles:
    """By the nearest rank, so each is a duration that some issue really took.

    `counts` has the number of durations by bucket; `pick` looks one up by its bucket and its place there, from zero.
    """
    count = sum(counts.values())
    if not count:
        return Percentiles(0, None, None, None)
    places = [_place(counts, max(0, -(-count * share // 100) - 1)) for share in SHARES]
    picked = {place: pick(*place) for place in dict.fromkeys(places)}
    p50, p80, p90 = (picked[place] for place in places)
    return Percentiles(count, p50, p80, p90)


def _place(counts: Mapping[int, int], rank: int) -> tuple[int, int]:
    for number in sorted(counts):
        if rank < counts[number]:
            return number, rank
        rank -= counts[number]
    raise AssertionError("a rank is less than the number of durations")


def flow(
    *, today: date, days: int, now: Mapping[str, int], came: Mapping[tuple[date, str], int],
    went: Mapping[tuple[date, str], int],
) -> list[Day]:  # fmt: skip
    """The counts at the end of each of the last days, told backwards from now: what came since is not there yet."""
    moved: dict[date, dict[str, int]] = {}
    for sign, moves in ((1, came), (-1, went)):
        for (day, category), count in moves.items():
            own = moved.setdefault(day, {})
            own[category] = own.get(category, 0) + sign * count
    counts = dict(now)
    found: list[Day] = []
    for back in range(days):
        day = today - timedelta(days=back)
        found.append(Day(day, dict(counts)))
        for category, count in moved.get(day, {}).items():
            counts[category] = counts.get(category, 0) - count
    return found[::-1]


def age_bounds() -> list[tuple[int, int | None]]:
    """From and to, in days."""
    return list(zip((0, *AGES), (*AGES, None), strict=True))
