"""Random calendars, policies and histories: with all that makes clocks wrong."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from errata.core.sla import (
    ALWAYS,
    Calendar,
    CalendarSince,
    ClockPolicy,
    Day,
    Fact,
    History,
    PolicySince,
    Span,
    Target,
    timetables,
)

# Zones that change by an hour, by half of one, at midnight, and that left out a whole day.
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia",
    "Asia/Kolkata", "America/Havana",
)  # fmt: skip
# The days around changes of the clocks, a leap day, the end of a year.
BEGINNINGS = (
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2028, 2, 28, tzinfo=UTC),
    datetime(2026, 12, 30, tzinfo=UTC),
    datetime(2011, 12, 28, tzinfo=UTC),
)
_PRIORITIES = ("Low", "Medium", "High")
_STAGES = (("New", True), ("Assigned", True), ("Retest", True), ("Closed", False))
# In microseconds.
_HOUR, _DAY = 3_600 * 10**6, 86_400 * 10**6


def cases(*, shrinking=True):
    """A history, the policies and calendars it runs under, and the moment of looking.

    Without shrinking an example is one number, which is ten times as quick; a failure is not made any smaller.
    """
    return st.builds(case, st.randoms(use_true_random=not shrinking))


def case(chance):
    beginning = chance.choice(BEGINNINGS) + timedelta(minutes=chance.randint(0, 4_000))
    happened = facts(chance, beginning)
    history = History(opened_at=beginning, stage="New", priority="Medium", severity="Minor", facts=happened)
    switched = beginning + timedelta(minutes=chance.randint(1, 10_000))
    versions = [PolicySince(policy(chance))]
    if chance.randint(0, 1):
        versions.append(PolicySince(policy(chance), switched))
    worked = [CalendarSince(calendar(chance))]
    if chance.randint(0, 1):
        worked.append(CalendarSince(calendar(chance), switched + timedelta(hours=1)))
    last = happened[-1].at if happened else beginning
    return {
        "history": history,
        "policies": tuple(versions),
        "calendars": {"": timetables(worked), "night": timetables([CalendarSince(calendar(chance))])},
        "now": last + timedelta(microseconds=_odd(chance, -_DAY, 5 * _DAY)),
    }


def facts(chance, beginning):
    at, found = beginning, []
    for _ in range(chance.randint(0, 12)):
        at += timedelta(microseconds=_odd(chance, 0, 3 * _DAY))
        kind = chance.choice(("stage", "stage", "priority", "waiting", "waiting", "word"))
        stage, is_open = chance.choice(_STAGES)
        value = {"stage": stage, "waiting": chance.choice(("", "the bank"))}.get(kind, "High")
        if kind == "priority":
            value = chance.choice(_PRIORITIES)
        found.append(Fact(at=at, kind=kind, value=value, is_open=is_open))
    return tuple(found)


def policy(chance):
    minutes = lambda: chance.randint(1, 20_000)
    return ClockPolicy(
        calendar=chance.choice(("", "night")),
        targets=tuple(
            Target(priority=priority, response_min=minutes(), update_min=minutes(), resolution_min=minutes())
            for priority in ("High", "")
        ),
        paused_in=chance.choice(((), ("Retest",))),
        paused_while_waiting=chance.choice((False, True)),
        on_reopen=chance.choice(("restart", "continue")),
    )


def calendar(chance):
    if chance.randrange(10) == 0:
        return ALWAYS
    never = chance.randrange(10) == 0
    beginning = chance.choice(BEGINNINGS).date()
    days = []
    for _ in range(chance.randint(0, 6)):
        offset, kind = chance.randint(-3, 20), chance.choice(("holiday", "closed", "half"))
        open_for = spans(chance) if kind == "half" and not never else ()
        days.append(Day(beginning + timedelta(days=offset), f"Day {offset}", kind, open_for))
    week = ((),) * 7 if never else tuple(spans(chance) for _ in range(7))
    return Calendar(name="Drawn", zone=chance.choice(ZONES), week=week, days=tuple(days))


def spans(chance):
    edges = sorted({chance.choice((0, 540, 1_440, chance.randint(0, 1_440))) for _ in range(chance.randint(0, 6))})
    return tuple(Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False))


def _odd(chance, least, most):
    """So many microseconds: as often as not none at all, or whole hours, for that is where clocks go wrong."""
    drawn = chance.randint(least, most)
    return chance.choice((0, drawn, drawn // _HOUR * _HOUR))


def day(text):
    return date.fromisoformat(text)
