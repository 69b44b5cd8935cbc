"""Clocks over random histories, and over the few whose right answer anybody can work out."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings

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
    parse_spans,
    parse_week,
    reckon,
    timetables,
)
from tests.core.sla.histories import cases, day

HOUR = timedelta(hours=1)
NINE_TO_FIVE = (Span(540, 1_020),)
OFFICE = Calendar(name="Office", zone="Europe/Berlin", week=((Span(540, 1_020),),) * 5 + ((), ()))
TARGETS = (Target(priority="High", resolution_min=240), Target(response_min=60, update_min=480, resolution_min=960))
# A Monday, 9 o'clock in Berlin.
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


def read(*facts, calendar=OFFICE, policy=None, now, kind="resolution", opened_at=MONDAY, **more):
    history = History(opened_at=opened_at, stage="New", priority="Medium", severity="Minor", facts=facts)
    readings = reckon(
        history,
        policies=[PolicySince(policy or ClockPolicy(targets=TARGETS))],
        calendars={"": timetables([CalendarSince(calendar)])},
        now=now,
        explained=True,
        **more,
    )
    return next((reading for reading in readings if reading.kind == kind), None)


@given(cases())
def test_the_parts_of_every_clock_follow_one_another_and_those_that_count_make_up_its_elapsed(case):
    check_parts(case)


@pytest.mark.slow
@settings(max_examples=10_000)
@given(cases(shrinking=False))
def test_the_parts_make_up_the_whole_over_ten_thousand_histories(case):
    check_parts(case)


def check_parts(case):
    for reading in reckon(**case, explained=True):
        end = reading.stopped_at or reading.as_of
        wall, parts = end - reading.started_at, reading.parts

        assert sum((part.length for part in parts), timedelta()) == wall
        assert sum((part.length for part in parts if part.kind == "counted"), timedelta()) == reading.elapsed
        assert all(part.length > timedelta() or part.kind == "switch" for part in parts)
        assert all(earlier.until == later.since for earlier, later in pairwise(parts))
        if parts:
            assert (parts[0].since, parts[-1].until) == (reading.started_at, end)


@given(cases())
def test_a_clock_is_due_where_its_elapsed_reaches_the_target(case):
    for reading in reckon(**case):
        if reading.due_at is None:
            continue
        if reading.due_at <= reading.as_of:
            assert reading.elapsed >= reading.target
        elif reading.is_live and not _happens_before(case, reading.as_of, reading.due_at):
            later = reckon(**case | {"now": reading.due_at})
            there = next(one for one in later if one.kind == reading.kind)
            assert (there.elapsed, there.state) == (reading.target, "breached")


@given(cases())
def test_the_time_that_a_clock_has_run_never_goes_back_while_it_runs(case):
    moments = [case["now"] + HOUR * step for step in range(4)]
    for earlier, later in pairwise([reckon(**case | {"now": moment}) for moment in moments]):
        for before in earlier:
            after = next((one for one in later if one.kind == before.kind), None)
            if after and after.started_at == before.started_at:
                assert before.elapsed <= after.elapsed <= before.elapsed + HOUR


@given(cases())
def test_the_state_says_what_the_numbers_say(case):
    for reading in reckon(**case):
        assert reading.left == reading.target - reading.elapsed
        if not reading.is_live:
            assert reading.state == ("met" if reading.left >= timedelta() else "missed")
        elif reading.state == "breached":
            assert reading.left <= timedelta()
            assert reading.due_at <= reading.as_of
        else:
            assert reading.left > timedelta()
            assert reading.state != "paused" or reading.due_at is None


@given(cases())
def test_the_next_mark_is_the_first_that_is_still_ahead(case):
    for reading in reckon(**case):
        if reading.next_at is not None:
            assert reading.next_at >= reading.as_of
            assert reading.share * 100 < reading.next_percent


def _happens_before(case, since, until):
    happened = [fact.at for fact in case["history"].facts]
    happened += [policy.since for policy in case["policies"] if policy.since]
    happened += [version.since for versions in case["calendars"].values() for version in versions if version.since]
    return any(since < at <= until for at in happened)


def test_only_working_hours_count():
    reading = read(now=MONDAY + 26 * HOUR)

    assert reading.elapsed == 10 * HOUR
    assert reading.due_at == datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert [(part.kind, part.length / HOUR) for part in reading.parts] == [
        ("counted", 8), ("outside", 16), ("counted", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "since", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Pacific/Apia", "2011-12-30", 0),  # the day that Samoa left out
        ("America/Santiago", "2026-09-06", 23),  # begins at one o'clock
        ("UTC", "2028-02-29", 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_of_its_zone_make_it(zone, since, hours):
    just_that = Calendar(zone=zone, week=((),) * 7, days=(Day(day(since), "That day", "half", (Span(0, 1_440),)),))
    opened = datetime.fromisoformat(since).replace(tzinfo=UTC) - 48 * HOUR

    reading = read(calendar=just_that, opened_at=opened, now=opened + 120 * HOUR)

    assert reading.elapsed == hours * HOUR


def test_hours_that_the_clocks_skip_begin_where_they_are_put_forward():
    night = Calendar(zone="Europe/Berlin", week=((Span(150, 240),),) * 7)  # 2:30 to 4:00; there is no 2:30
    opened = datetime(2026, 3, 29, tzinfo=UTC)

    reading = read(calendar=night, opened_at=opened, now=opened + 12 * HOUR)

    assert reading.elapsed == HOUR
    assert reading.parts[1].since == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_holidays_and_half_days_are_named():
    days = (
        Day(day("2026-12-24"), "Christmas Eve", "half", (Span(540, 720),)),
        Day(day("2026-12-25"), "Christmas Day"),
    )
    opened = datetime(2026, 12, 24, 8, tzinfo=UTC)

    reading = read(
        calendar=Calendar(name="Office", zone="Europe/Berlin", week=OFFICE.week, days=days),
        opened_at=opened,
        now=opened + 98 * HOUR,
    )

    assert reading.elapsed == 5 * HOUR
    assert [(part.kind, part.label) for part in reading.parts] == [
        ("counted", "Office"), ("closed", "Christmas Eve"), ("holiday", "Christmas Day"),
        ("outside", "Outside working hours"), ("counted", "Office"),
    ]  # fmt: skip


def test_a_calendar_that_never_opens_makes_nothing_due():
    reading = read(calendar=Calendar(week=((),) * 7), now=MONDAY + 24 * 365 * HOUR)

    assert (reading.elapsed, reading.due_at, reading.next_at, reading.state) == (timedelta(), None, None, "running")


def test_a_stage_and_waiting_stop_the_clock_without_counting_twice():
    policy = ClockPolicy(targets=TARGETS, paused_in=("Retest",))
    facts = (
        Fact(MONDAY + 1 * HOUR, "waiting", "the bank"),
        Fact(MONDAY + 2 * HOUR, "stage", "Retest"),
        Fact(MONDAY + 3 * HOUR, "waiting", ""),
        Fact(MONDAY + 4 * HOUR, "stage", "Assigned"),
    )

    paused = read(*facts[:3], policy=policy, now=MONDAY + 3.5 * HOUR)
    reading = read(*facts, policy=policy, now=MONDAY + 5 * HOUR)

    assert (paused.state, paused.paused_by, paused.due_at) == ("paused", "Retest", None)
    assert reading.elapsed == 2 * HOUR
    assert [(part.kind, part.label) for part in reading.parts] == [
        ("counted", "Office"), ("waiting", "the bank"), ("paused", "Retest"), ("counted", "Office"),
    ]  # fmt: skip


@pytest.mark.parametrize(("rule", "hours"), [("continue", 3), ("restart", 1)])
def test_a_reopened_issue_goes_on_or_begins_anew_as_the_policy_says(rule, hours):
    facts = (
        Fact(MONDAY + 2 * HOUR, "stage", "Fixed", is_open=False),
        Fact(MONDAY + 4 * HOUR, "stage", "Revise"),
    )

    reading = read(*facts, policy=ClockPolicy(targets=TARGETS, on_reopen=rule), now=MONDAY + 5 * HOUR)

    assert reading.elapsed == hours * HOUR


def test_a_finished_issue_was_in_time_or_was_not():
    in_time = read(Fact(MONDAY + 2 * HOUR, "stage", "Closed", is_open=False), now=MONDAY + 99 * HOUR)
    late = read(Fact(MONDAY + 52 * HOUR, "stage", "Closed", is_open=False), now=MONDAY + 99 * HOUR)

    assert (in_time.state, in_time.elapsed, in_time.stopped_at) == ("met", 2 * HOUR, MONDAY + 2 * HOUR)
    assert (late.state, late.left) == ("missed", -4 * HOUR)


def test_the_first_word_answers_and_each_one_is_an_update():
    word = Fact(MONDAY + HOUR / 2, "word")

    answered = read(word, kind="response", now=MONDAY + 3 * HOUR)
    updated = read(word, kind="update", now=MONDAY + 3 * HOUR)
    silent = read(Fact(MONDAY, "word"), kind="response", now=MONDAY + 3 * HOUR)

    assert (answered.state, answered.elapsed) == ("met", HOUR / 2)
    assert (updated.started_at, updated.elapsed) == (MONDAY + HOUR / 2, 2.5 * HOUR)
    assert silent.state == "breached"


def test_a_higher_priority_shortens_what_is_left_and_is_shown_as_a_switch():
    reading = read(Fact(MONDAY + 3 * HOUR, "priority", "High"), now=MONDAY + 3.5 * HOUR)

    assert (reading.target, reading.left, reading.risk) == (4 * HOUR, HOUR / 2, 75)
    assert [part.label for part in reading.parts if part.kind == "switch"] == [
        "Priority Medium \u2192 High: 16 h become 4 h"
    ]


def test_risk_grows_in_steps_and_ends_in_the_breach():
    found = [read(now=MONDAY + 24 * HOUR * at, calendar=ALWAYS) for at in (0, 1 / 3, 0.5, 0.6, 2 / 3)]

    assert [(reading.risk, reading.state) for reading in found] == [
        (0, "running"), (50, "at_risk"), (75, "at_risk"), (90, "at_risk"), (100, "breached"),
    ]  # fmt: skip


def test_what_happens_after_the_moment_of_looking_is_not_known_yet():
    closed = Fact(MONDAY + 2 * HOUR, "stage", "Closed", is_open=False)

    assert read(closed, now=MONDAY + HOUR).is_live


def test_hours_are_written_as_people_write_them():
    assert parse_spans("9-12:30, 13:00\u201317:00") == (Span(540, 750), Span(780, 1_020))
    assert parse_week(["Fri-Mon 9-17"]) == (NINE_TO_FIVE,) + ((),) * 3 + (NINE_TO_FIVE,) * 3
    assert parse_spans("00:00-24:00") == parse_spans("0-0") == (Span(0, 1_440),)
    assert parse_spans("") == ()
    for wrong in ("nine to five", "9", "25:00-26:00", "9:75-10"):
        with pytest.raises(ValueError):
            parse_spans(wrong)
