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
minutes = st.integers(1, 20_000)


@st.composite
def spans(draw):
    edges = sorted(draw(st.lists(st.integers(0, 1_440), max_size=6, unique=True)))
    return tuple(Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def calendars(draw):
    if draw(st.integers(0, 9)) == 0:
        return ALWAYS
    never = draw(st.integers(0, 9)) == 0
    beginning = draw(st.sampled_from(BEGINNINGS)).date()
    days = [
        Day(beginning + timedelta(days=offset), f"Day {offset}", kind, () if kind != "half" or never else draw(spans()))
        for offset, kind in draw(
            st.lists(st.tuples(st.integers(-3, 20), st.sampled_from(("holiday", "closed", "half"))), max_size=6)
        )
    ]
    week = ((),) * 7 if never else tuple(draw(spans()) for _ in range(7))
    return Calendar(name="Drawn", zone=draw(st.sampled_from(ZONES)), week=week, days=tuple(days))


@st.composite
def policies(draw):
    return ClockPolicy(
        calendar=draw(st.sampled_from(("", "night"))),
        targets=tuple(
            Target(
                priority=priority, response_min=draw(minutes), update_min=draw(minutes), resolution_min=draw(minutes)
            )
            for priority in ("High", "")
        ),
        paused_in=draw(st.sampled_from(((), ("Retest",)))),
        paused_while_waiting=draw(st.booleans()),
        on_reopen=draw(st.sampled_from(("restart", "continue"))),
    )


@st.composite
def facts(draw, beginning):
    at, found = beginning, []
    for _ in range(draw(st.integers(0, 12))):
        at += timedelta(microseconds=draw(st.integers(0, 3 * 86_400 * 10**6)))
        kind = draw(st.sampled_from(("stage", "stage", "priority", "waiting", "waiting", "word")))
        stage, is_open = draw(st.sampled_from(_STAGES))
        value = {"stage": stage, "waiting": draw(st.sampled_from(("", "the bank")))}.get(kind, "High")
        if kind == "priority":
            value = draw(st.sampled_from(_PRIORITIES))
        found.append(Fact(at=at, kind=kind, value=value, is_open=is_open))
    return tuple(found)


@st.composite
def cases(draw):
    """A history, the policies and calendars it runs under, and the moment of looking."""
    beginning = draw(st.sampled_from(BEGINNINGS)) + timedelta(minutes=draw(st.integers(0, 4_000)))
    happened = draw(facts(beginning))
    history = History(opened_at=beginning, stage="New", priority="Medium", severity="Minor", facts=happened)
    switched = beginning + timedelta(minutes=draw(st.integers(1, 10_000)))
    versions = [PolicySince(draw(policies()))]
    if draw(st.booleans()):
        versions.append(PolicySince(draw(policies()), switched))
    worked = [CalendarSince(draw(calendars()))]
    if draw(st.booleans()):
        worked.append(CalendarSince(draw(calendars()), switched + timedelta(hours=1)))
    last = happened[-1].at if happened else beginning
    now = last + timedelta(microseconds=draw(st.integers(-86_400 * 10**6, 5 * 86_400 * 10**6)))
    return {
        "history": history,
        "policies": tuple(versions),
        "calendars": {"": timetables(worked), "night": timetables([CalendarSince(draw(calendars()))])},
        "now": now,
    }


def day(text):
    return date.fromisoformat(text)
