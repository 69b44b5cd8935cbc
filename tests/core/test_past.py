"""Which moment a text means, and what of a search can be told of it."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.past import AsOfRefused, UntoldOfThePast, check_told, moment, written
from errata.core.search import parse

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 25), timezones=st.just(UTC))


@given(MOMENTS)
def test_what_is_written_is_read_as_the_same_moment(at):
    assert moment(written(at), now=NOW) == at


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_every_offset_means_its_moment_also_where_its_plus_became_a_space(at, minutes):
    text = at.astimezone(timezone(timedelta(minutes=minutes))).isoformat()

    assert moment(text, now=NOW) == at
    assert moment(text.replace("+", " "), now=NOW) == at


def test_a_time_without_an_offset_is_of_the_zone():
    found = moment("2026-07-01T14:00", now=NOW, zone=ZoneInfo("Europe/Berlin"))

    assert found == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert moment("2026-07-01", now=NOW) == datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-13-01", "2026-11-03T25:00", "1", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "x" * 999],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(AsOfRefused, match="is no time") as refusal:
        moment(text, now=NOW)

    assert len(refusal.value.message) < 200


def test_what_is_to_come_is_refused_and_now_is_not():
    assert moment(written(NOW), now=NOW) == NOW
    with pytest.raises(AsOfRefused, match=f"still to come.* It is {written(NOW.replace(second=7))}\\."):
        moment(written(NOW + timedelta(minutes=1)), now=NOW.replace(second=7, microsecond=123_456))


@pytest.mark.parametrize(
    "query", ["", "is:open", "label:a (level:error OR -24h)", "!release:1 moved:+3d", "comments:>1"]
)
def test_what_has_a_time_can_be_told(query):
    check_told(parse(query).where)


@pytest.mark.parametrize(
    "query",
    ["is:[open, blocked]", "!(a OR has:clock)", "ended:-7d", "has:left.new", "due:<4h", "watcher:me", "is:handled"],
)
def test_what_has_none_can_not(query):
    with pytest.raises(UntoldOfThePast):
        check_told(parse(query).where)
