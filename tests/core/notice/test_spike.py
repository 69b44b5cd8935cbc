"""What is a spike."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from errata.core.notice import spike

DAY = timedelta(days=2)
counts = st.integers(0, 100_000)
ages = st.timedeltas(timedelta(0), timedelta(days=100))


def test_ten_times_the_usual_is_a_spike_and_the_usual_is_none():
    usual = 6 * 24 * 30  # thirty in ten minutes

    assert spike.is_spike(recent=300, before=usual, age=DAY)
    assert not spike.is_spike(recent=40, before=usual, age=DAY)
    assert spike.words(recent=300, before=usual, age=DAY) == "300 events in 10 minutes, where about 30 would be usual."


def test_a_few_events_are_no_spike_whatever_was_before():
    assert not spike.is_spike(recent=spike.EVENTS_MIN - 1, before=0, age=DAY)
    assert spike.is_spike(recent=spike.EVENTS_MIN, before=0, age=DAY)


def test_what_is_new_is_told_as_new():
    assert not spike.is_spike(recent=10_000, before=0, age=timedelta(minutes=30))


@given(counts, counts, ages)
def test_more_events_are_no_less_of_a_spike(recent, before, age):
    assert spike.is_spike(recent=recent + 1, before=before, age=age) >= spike.is_spike(
        recent=recent, before=before, age=age
    )


@given(counts, counts, ages)
def test_more_events_before_are_no_more_of_a_spike(recent, before, age):
    assert spike.is_spike(recent=recent, before=before + 1, age=age) <= spike.is_spike(
        recent=recent, before=before, age=age
    )


@given(counts, counts, ages)
def test_what_spikes_is_not_over(recent, before, age):
    assert not (
        spike.is_spike(recent=recent, before=before, age=age) and spike.is_over(recent=recent, before=before, age=age)
    )
