"""Predictions of breaches, on teams whose truth is known."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.sla.survival import CLOSED_MIN, Sample, fit, predict
from tests.core.sla import teams


def half_way(past: teams.Past) -> float:
    return past.target / 2


def forecasts(seed: int, *, learnt_from: int) -> list[tuple[float, bool]]:
    """Probability and truth for issues of a team that are open when half of their time is gone."""
    chance = random.Random(seed)
    model = fit(teams.samples([teams.issue(chance) for _ in range(learnt_from)]), issues=learnt_from)
    assert model
    later = [teams.issue(chance) for _ in range(4_000)]
    return [
        (
            predict(model, elapsed=half_way(p), target=p.target, factors=teams.at(p, half_way(p))).probability,
            p.took > p.target,
        )
        for p in later
        if p.took > half_way(p)
    ]


def brier(pairs: list[tuple[float, bool]]) -> float:
    return sum((probability - truth) ** 2 for probability, truth in pairs) / len(pairs)


@pytest.mark.parametrize("seed", range(6))
def test_predictions_beat_the_base_rate_by_far_and_mean_what_they_say(seed):
    pairs = forecasts(seed, learnt_from=800)

    base = sum(truth for _, truth in pairs) / len(pairs)
    assert brier(pairs) <= 0.85 * brier([(base, truth) for _, truth in pairs])
    assert calibration_error(pairs) <= 0.05


@pytest.mark.parametrize("seed", range(6))
def test_the_sum_of_the_probabilities_is_about_how_many_run_out(seed):
    pairs = forecasts(seed, learnt_from=800)

    for size in (200, len(pairs)):
        running = pairs[:size]
        expected, ran_out = sum(p for p, _ in running), sum(truth for _, truth in running)
        # Luck alone moves the count by two of its standard deviations, what was learnt by a twentieth of the clocks.
        luck = 2 * sum(p * (1 - p) for p, _ in running) ** 0.5
        assert abs(expected - ran_out) <= luck + 0.05 * size


def calibration_error(pairs: list[tuple[float, bool]], *, bins: int = 10) -> float:
    """How far off what was said is from what came, over ten bins of equally many."""
    ordered = sorted(pairs)
    size = len(ordered) / bins
    parts = [ordered[round(size * n) : round(size * (n + 1))] for n in range(bins)]
    off = (abs(sum(p for p, _ in part) - sum(truth for _, truth in part)) for part in parts)
    return sum(off) / len(ordered)


def test_the_strongest_reasons_are_the_true_ones():
    chance = random.Random(5)
    model = fit(teams.samples([teams.issue(chance) for _ in range(1_500)]), issues=1_500)
    assert model
    slow = {"type": "UI/UX", "severity": "Major", "load": "heavy", "hour": "working hours", "colour": "red"}

    told = predict(model, elapsed=100, target=2_000, factors=slow)

    assert {reason.factor for reason in told.reasons[:2]} == {"type", "load"}
    assert all(reason.ratio < 1 for reason in told.reasons[:2])
    assert "colour" not in {reason.factor for reason in told.reasons}


def test_too_little_history_predicts_nothing():
    chance = random.Random(6)
    few = [teams.issue(chance) for _ in range(CLOSED_MIN - 1)]

    assert fit(teams.samples(few), issues=len(few)) is None


def test_the_same_history_gives_the_same_answer_in_any_order():
    chance = random.Random(7)
    history = teams.samples([teams.issue(chance) for _ in range(60)])
    shuffled = random.Random(8).sample(history, len(history))

    first, second = fit(history, issues=60), fit(shuffled, issues=60)

    assert first
    assert second
    assert first.times == second.times
    assert first.hazard == pytest.approx(second.hazard)


def test_what_is_past_its_time_is_certain():
    chance = random.Random(9)
    model = fit(teams.samples([teams.issue(chance) for _ in range(60)]), issues=60)
    assert model

    assert predict(model, elapsed=10, target=10, factors={}).probability == 1.0


_TIMES = st.floats(0, 10_000, allow_nan=False)
_SAMPLES = st.lists(
    st.builds(
        Sample, entry=_TIMES, exit=_TIMES, resolved=st.booleans(), target=_TIMES,
        factors=st.fixed_dictionaries({"type": st.sampled_from("ab")}),
    ),
    max_size=40,
)  # fmt: skip


@given(_SAMPLES, _TIMES, _TIMES, _TIMES)
def test_a_probability_is_one_and_more_time_never_makes_a_breach_more_probable(history, elapsed, target, more):
    model = fit(history, issues=CLOSED_MIN)
    if model is None:
        return

    soon, late = (
        predict(model, elapsed=elapsed, target=limit, factors={"type": "a"}).probability
        for limit in (target, target + more)
    )

    assert 0 <= late <= soon <= 1
