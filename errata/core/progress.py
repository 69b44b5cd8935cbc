"""What is said of how the work goes: percentiles, a flow told backwards from today, ages."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

# Of a list of durations: the middle one, and the ones that four of five and nine of ten stay under.
SHARES = (0.5, 0.8, 0.9)
# The ages that open issues are told in, in days; the last one has no end.
AGES = (1, 3, 7, 14, 30, 90)


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


def percentiles(seconds: Sequence[int]) -> Percentiles:
    """By the nearest rank: each is a duration that some issue really took."""
    if not seconds:
        return Percentiles(0, None, None, None)
    ordered = sorted(seconds)
    p50, p80, p90 = (ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)] for share in SHARES)
    return Percentiles(len(ordered), p50, p80, p90)


def flow(
    *, today: date, days: int, now: Mapping[str, int], came: Mapping[tuple[date, str], int],
    went: Mapping[tuple[date, str], int],
) -> list[Day]:  # fmt: skip
    """The counts at the end of each of the last days, told backwards from now: what came since is not there yet."""
    counts = dict(now)
    found: list[Day] = []
    for back in range(days):
        day = today - timedelta(days=back)
        found.append(Day(day, dict(counts)))
        for category in {c for d, c in (*came, *went) if d == day}:
            moved = came.get((day, category), 0) - went.get((day, category), 0)
            counts[category] = counts.get(category, 0) - moved
    return found[::-1]


def age_bounds() -> list[tuple[int, int | None]]:
    """From and to, in days."""
    return list(zip((0, *AGES), (*AGES, None), strict=True))
