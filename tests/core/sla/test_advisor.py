"""What a team can promise, on teams whose truth is known."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.sla.advisor import RESOLVED_MIN, Duration, advise
from tests.core.sla import teams


def quarter(chance: random.Random, count: int) -> list[float]:
    return [teams.issue(chance).took for _ in range(count)]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_advised_is_kept_in_the_next_quarter(seed):
    chance = random.Random(seed)
    history = [Duration(minutes, resolved=True) for minutes in quarter(chance, 300)]

    advice = advise(history, promised=None)

    assert advice.p80
    assert advice.p90
    later = quarter(chance, 300)
    kept = [sum(minutes <= limit for minutes in later) / len(later) for limit in (advice.p80, advice.p90)]
    assert 0.72 <= kept[0] <= 0.88
    assert 0.78 <= sum(kept) / 2 <= 0.92


def test_issues_still_open_count_for_as_long_as_they_are():
    closed = [Duration(100, resolved=True)] * 60
    stuck = [Duration(500, resolved=False)] * 40

    assert advise(closed, promised=None).p80 == 100
    assert advise([*closed, *stuck], promised=None).p80 is None


@pytest.mark.parametrize(
    ("promised", "verdict"),
    [(None, "no promise"), (20, "impossible"), (60, "tight"), (85, "realistic"), (300, "generous")],
)
def test_a_promise_is_judged(promised, verdict):
    history = [Duration(minutes, resolved=True) for minutes in range(1, 101)]

    advice = advise(history, promised=promised)

    assert (advice.p80, advice.p90, advice.verdict) == (80, 90, verdict)


def test_few_issues_are_no_basis():
    advice = advise([Duration(1, resolved=True)] * (RESOLVED_MIN - 1), promised=10)

    assert (advice.verdict, advice.p80) == ("too few", None)


@given(st.lists(st.builds(Duration, minutes=st.floats(0.1, 1e5), resolved=st.booleans()), max_size=80))
def test_nine_of_ten_take_no_less_than_four_of_five(durations):
    advice = advise(durations, promised=100)

    if advice.p80 is not None and advice.p90 is not None:
        assert advice.p80 <= advice.p90
    assert advice.kept is None or 0 <= advice.kept <= 1
