from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.search import Interval, find_interval, interval, literal, number, pattern

NOW = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
DAY = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "operator", "expected"),
    [
        ("-24h", "=", Interval(since=NOW - timedelta(hours=24))),
        ("+7d", "=", Interval(until=NOW - timedelta(days=7))),
        ("-2w", ">", Interval(since=NOW - timedelta(weeks=2))),
        ("-2w", "<", Interval(until=NOW - timedelta(weeks=2))),
        ("2026-11-01", "=", Interval(DAY, DAY + timedelta(days=1))),
        ("2026-11-01", ">", Interval(since=DAY + timedelta(days=1))),
        ("2026-11-01", ">=", Interval(since=DAY)),
        ("2026-11-01", "<", Interval(until=DAY)),
        ("2026-11-01", "<=", Interval(until=DAY + timedelta(days=1))),
        ("2026-11-01T10:00", "=", Interval(DAY.replace(hour=10), DAY.replace(hour=10, minute=1))),
        ("2026-11-01T10:00:05Z", ">=", Interval(since=DAY.replace(hour=10, second=5))),
        ("today", "=", Interval(NOW.replace(hour=0, minute=0), NOW.replace(hour=0, minute=0) + timedelta(days=1))),
    ],
)
def test_a_date_means_a_stretch_of_time(value, operator, expected):
    assert interval(value=value, operator=operator, now=NOW) == expected


def test_a_day_is_the_day_where_the_person_is():
    berlin = timezone(timedelta(hours=1))

    found = interval(value="today", operator="=", now=NOW.astimezone(berlin))

    assert found.since == datetime(2026, 11, 23, tzinfo=berlin)
    assert interval(value="today", operator="=", now=(NOW + timedelta(hours=1)).astimezone(berlin)).since == datetime(
        2026, 11, 24, tzinfo=berlin
    )


@pytest.mark.parametrize(("value", "operator", "younger"), [("-7d", "=", True), ("7d", "<", True), ("+7d", "=", False)])
def test_an_age_is_a_time_before_now(value, operator, younger):
    week_ago = NOW - timedelta(days=7)

    found = interval(value=value, operator=operator, now=NOW, kind="age")

    assert found == (Interval(since=week_ago) if younger else Interval(until=week_ago))


@pytest.mark.parametrize(
    "value", ["soon", "24h", "2026-13-01", "2026-02-30", "-999999999y", "0001-01-01", "9999-12-31", ""]
)
def test_what_is_no_time_is_nothing(value):
    assert find_interval(value=value, operator="=", now=NOW) is None


@settings(max_examples=40)
@given(value=st.text(max_size=20), operator=st.sampled_from(["=", ">", ">=", "<", "<="]))
def test_any_text_is_a_time_or_nothing(value, operator):
    find_interval(value=value, operator=operator, now=NOW)


@pytest.mark.parametrize(
    ("text", "meant"), [("100", 100), ("1k", 1_000), ("1.5K", 1_500), ("2m", 2_000_000), ("-3", -3)]
)
def test_numbers_may_be_written_short(text, meant):
    assert number(text) == meant


@pytest.mark.parametrize(
    ("value", "pieces"),
    [
        ("abc", ("abc",)),
        ("a*c", ("a", "c")),
        ("*.js", ("", ".js")),
        (r"2\*2", ("2*2",)),
        (r"C:\new", (r"C:\new",)),
        (r"a\\*", ("a\\", "")),
    ],
)
def test_a_pattern_is_its_literal_pieces(value, pieces):
    assert pattern(value) == pieces


@settings(max_examples=40)
@given(text=st.text())
def test_a_literal_matches_exactly_itself(text):
    assert pattern(literal(text)) == (text,)
