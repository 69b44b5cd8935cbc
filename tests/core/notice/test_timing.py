"""When a message leaves."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.notice import timing
from errata.core.notice.preferences import DEFAULT, Preferences, PreferencesRefused, checked, minutes

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZONES = ("UTC", "Europe/Rome", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
clock_times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
wishes = st.builds(
    Preferences,
    zone=st.sampled_from(ZONES),
    quiet_from=clock_times,
    quiet_to=clock_times,
    digest=st.sampled_from(("off", "hourly", "daily")),
    digest_at=clock_times,
    urgent_wakes=st.booleans(),
    issue_hourly_max=st.integers(1, 5),
    channel_hourly_max=st.integers(1, 5),
)


@given(wishes, moments, st.booleans())
def test_a_message_never_leaves_in_the_past_nor_later_than_two_days_and_a_bit(wish, at, urgent):
    due = timing.plan(wish, at=at, urgent=urgent).due_at

    assert at <= due <= at + timedelta(days=2, hours=2)


@given(wishes, moments)
def test_what_waits_goes_together_and_says_why(wish, at):
    plan = timing.plan(wish, at=at)

    assert (plan.due_at > at) <= plan.together
    assert plan.together == bool(plan.why)


@given(wishes, moments)
def test_nothing_leaves_within_quiet_hours(wish, at):
    due = timing.plan(wish, at=at).due_at
    local = due.astimezone(ZoneInfo(wish.zone))
    begin, end, now = minutes(wish.quiet_from), minutes(wish.quiet_to), local.hour * 60 + local.minute
    within = begin <= now < end if begin <= end else now >= begin or now < end

    # At the end of quiet hours that a clock set back repeats, it is that minute twice.
    assert not within or local.utcoffset() != (local - timedelta(hours=2)).utcoffset()


@given(wishes, moments)
def test_what_is_urgent_waits_for_no_digest_and_no_throttle(wish, at):
    sent = [at - timedelta(minutes=one) for one in range(10)]

    due = timing.plan(wish, at=at, urgent=True, of_issue=sent, of_channel=sent).due_at

    assert due == at if wish.urgent_wakes else due == timing.quiet_until(wish, at)


@given(st.lists(st.integers(0, 600), min_size=1, max_size=120), st.integers(1, 10))
def test_no_hour_carries_more_messages_than_the_throttle_lets_through(gaps_s, most):
    """One after the other, each knowing what left before: what goes together is one message."""
    at, leaving = NOON, []
    for gap in gaps_s:
        at += timedelta(seconds=gap)
        plan = timing.of_organization(at=at, hourly_max=most, of_channel=leaving)
        if not plan.together or plan.due_at not in leaving:
            leaving.append(plan.due_at)

    ordered = sorted(leaving)
    for index, moment in enumerate(ordered):
        within = [one for one in ordered[index:] if one < moment + timing.WINDOW]
        assert len(within) <= most


def test_quiet_hours_follow_the_wall_clock_through_a_clock_set_forward():
    rome = Preferences(zone="Europe/Rome", quiet_from="22:00", quiet_to="07:00")
    night = datetime(2026, 3, 28, 23, tzinfo=UTC)  # at 1:00 UTC it becomes three o'clock

    assert timing.quiet_until(rome, night) == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_a_daily_digest_leaves_at_its_time_today_or_tomorrow():
    rome = Preferences(zone="Europe/Rome", digest="daily", digest_at="09:00")

    assert timing.plan(rome, at=NOON).due_at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert timing.plan(rome, at=NOON.replace(hour=7)).due_at == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_attempts_are_ever_rarer_and_come_to_an_end():
    waits = [timing.backoff(attempt) for attempt in range(1, len(timing.BACKOFF_S) + 1)]

    assert waits == sorted(waits)
    assert timing.backoff(len(timing.BACKOFF_S) + 1) is None


def test_a_receiver_may_ask_for_more_time_but_not_for_all_of_it():
    assert timing.backoff(1, retry_after_s=120) == timedelta(seconds=120)
    assert timing.backoff(1, retry_after_s=10**9) == timedelta(hours=1)


def test_statuses_are_taken_final_or_tried_again():
    assert [timing.is_taken(status) for status in (200, 204, 301, 400, 500)] == [True, True, False, False, False]
    assert [timing.is_final(status) for status in (301, 400, 404, 410, 429, 500)] == [
        True, True, False, True, False, False
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [
    {"zone": "Mars/Olympus"}, {"quiet_from": "22:00"}, {"quiet_from": "25:00", "quiet_to": "07:00"},
    {"digest_at": "noon"}, {"issue_hourly_max": 0}, {"channel_hourly_max": 10**6},
])  # fmt: skip
def test_wishes_that_mean_nothing_are_refused(wrong):
    with pytest.raises(PreferencesRefused):
        checked(Preferences(**wrong), zones=frozenset(ZONES), channels=frozenset())


def test_only_what_differs_from_the_default_is_kept():
    wish = Preferences(places={"stage": ("inbox",), "commented": ("inbox",), "nonsense": ("inbox",)})

    assert checked(wish, zones=frozenset(ZONES), channels=frozenset()).places == {"commented": ("inbox",)}
    assert checked(DEFAULT, zones=frozenset(ZONES), channels=frozenset()) == DEFAULT
