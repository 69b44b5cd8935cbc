"""What is said of how the work goes."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from errata.core.progress import bucket, bucket_bounds, flow
from errata.core.progress import percentiles as percentiles_of

TODAY = date(2026, 11, 23)
CATEGORIES = ("new", "active", "closed")


def percentiles(seconds):
    """Told from buckets, as from all of them in order."""

    def pick(place, offset):
        return sorted(second for second in seconds if bucket(second) == place)[offset]

    return percentiles_of(Counter(map(bucket, seconds)), pick)


@given(st.integers(0, 10**12))
def test_a_duration_lies_within_the_bounds_of_its_bucket(seconds):
    least, end = bucket_bounds(bucket(seconds))

    assert least <= seconds
    assert end is None or seconds < end


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_percentiles_are_durations_that_were_really_taken_in_order(seconds):
    found = percentiles(seconds)

    assert found.count == len(seconds)
    assert {found.p50, found.p80, found.p90} <= set(seconds)
    assert found.p50 <= found.p80 <= found.p90
    assert sum(second <= found.p80 for second in seconds) >= 0.8 * len(seconds)


def test_of_ten_the_fifth_the_eighth_and_the_ninth_are_told():
    found = percentiles(list(range(10, 0, -1)))

    assert (found.p50, found.p80, found.p90) == (5, 8, 9)


def test_of_none_nothing_is_told():
    assert percentiles([]).p50 is None


_STAYS = st.lists(
    st.tuples(st.sampled_from(CATEGORIES), st.integers(0, 12), st.one_of(st.none(), st.integers(0, 12))).map(
        lambda stay: (stay[0], stay[1], None if stay[2] is None else min(stay[1], stay[2]))
    ),
    max_size=40,
)


@given(_STAYS)
def test_a_flow_told_backwards_is_what_was_counted_each_evening(stays):
    """A stay is (category, days ago that it began, days ago that it ended)."""
    day = lambda ago: TODAY - timedelta(days=ago)
    now = Counter(category for category, _, left in stays if left is None)
    came = Counter((day(entered), category) for category, entered, _ in stays)
    went = Counter((day(left), category) for category, _, left in stays if left is not None)

    told = flow(today=TODAY, days=10, now=now, came=came, went=went)

    for evening in told:
        ago = (TODAY - evening.day).days
        stood = Counter(c for c, entered, left in stays if entered >= ago and (left is None or left < ago))
        assert {c: n for c, n in evening.counts.items() if n} == dict(stood)
