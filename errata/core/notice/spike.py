"""When events come so much faster than they did that somebody should know."""

from datetime import datetime, timedelta

# Long enough that a burst of one user's retries is not the whole of it, short enough to be news.
RECENT = timedelta(minutes=10)
BEFORE = timedelta(hours=24)
# Fewer events are no news, whatever the rate was.
EVENTS_MIN = 20
# Younger issues are news already, as new ones; and have nothing to compare with.
AGE_MIN = timedelta(hours=1)
_TIMES_MIN = 4.0
# Six standard deviations of a Poisson count: by chance alone, one of a billion looks.
_DEVIATIONS = 6.0


def is_spike(*, recent: int, before: int, age: timedelta) -> bool:
    """Whether so many events in RECENT are a spike, after so many in the time before it.

    `age` is how long the issue has been known; the time before is BEFORE, or less for a young issue.
    """
    if recent < EVENTS_MIN or age < AGE_MIN:
        return False
    usual = expected(before=before, age=age)
    return recent >= _TIMES_MIN * usual and recent >= usual + _DEVIATIONS * (usual + 1) ** 0.5


def is_over(*, recent: int, before: int, age: timedelta) -> bool:
    """Whether a spike has ended: at half of what began it, so that a rate on the edge is told once."""
    return not is_spike(recent=2 * recent, before=before, age=age)


def expected(*, before: int, age: timedelta) -> float:
    """How many events would be usual in RECENT."""
    span = min(BEFORE, max(age - RECENT, RECENT))
    return before * (RECENT / span)


def words(*, recent: int, before: int, age: timedelta) -> str:
    """What a spike is, as a sentence."""
    usual = expected(before=before, age=age)
    minutes = int(RECENT.total_seconds() // 60)
    shown = f"about {usual:.0f}" if usual >= 1 else "less than one"
    return f"{recent:,} events in {minutes} minutes, where {shown} would be usual."


def block(at: datetime) -> int:
    """The quarter of a day that a moment is in: the same spike is told once in each, even after a restart."""
    return int(at.timestamp() // (6 * 3_600))
