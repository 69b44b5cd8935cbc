"""Retest over fixes that are none: how many pass, and how long a verdict takes."""

import random
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from errata.core.retest import Environment, Facts, Fix, Prior, Recurrence, judge

DEPLOYED = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE_H = 14 * 24
PARTS = 56


class Outcome:
    """One fix: whether it was real, what was decided, and after how many hours."""

    def __init__(self, *, real: bool, fixed: bool, hours: float) -> None:
        self.real, self.fixed, self.hours = real, fixed, hours


def arrivals(dice: random.Random, rate: float, hours: float) -> list[float]:
    """A Poisson process: the hours at which something happens."""
    times, now = [], dice.expovariate(rate)
    while now < hours:
        times.append(now)
        now += dice.expovariate(rate)
    return times


def simulate(dice: random.Random, *, real: bool, share: float) -> Outcome:
    per_day = 10 ** dice.uniform(0, 2.3)  # once a day … 200 times a day
    events_each = dice.choice([1, 1, 1, 5, 20])  # an occurrence may bring a burst
    before = arrivals(dice, per_day / 24, BEFORE_H) or [BEFORE_H / 2]
    counts = [0] * PARTS
    for hour in before:
        counts[int(hour / BEFORE_H * PARTS)] += events_each
    prior = Prior(
        events=len(before) * events_each,
        since=DEPLOYED - timedelta(hours=BEFORE_H),
        until=DEPLOYED,
        counts=tuple(counts),
    )
    silence_ends = float("inf") if real else dice.expovariate(per_day / 24 * share)
    return decide(prior, silence_ends, real=real)


def decide(prior: Prior, silence_ends: float, *, real: bool) -> Outcome:
    """Ask at every moment that matters: at the event that ends the silence, and when the silence would be enough."""
    ready = judge(at(prior, 0.0)).ready_at
    assert ready is not None
    hours = (ready - DEPLOYED) / timedelta(hours=1) + 0.001
    if silence_ends < hours:
        verdict = judge(at(prior, silence_ends, recurred=True))
        assert verdict.outcome == "fail"
        return Outcome(real=real, fixed=False, hours=silence_ends)
    assert judge(at(prior, hours)).outcome == "pass"
    return Outcome(real=real, fixed=True, hours=hours)


def at(prior: Prior, hours: float, *, recurred: bool = False) -> Facts:
    now = DEPLOYED + timedelta(hours=hours)
    event = Recurrence("shop@1.3.0", "production", 1, first_at=now, last_at=now, carries=True)
    return Facts(
        now=now,
        entered=DEPLOYED,
        fixes=(Fix("1a2b3c4", DEPLOYED),),
        environments=(Environment("production", True, "shop@1.3.0", carries=True, since=DEPLOYED),),
        prior=prior,
        recurrences=(event,) if recurred else (),
    )


def run(seed: int, fixes: int = 100) -> list[Outcome]:
    """Half of the fixes are real. Of the others half change nothing, and half make it half as frequent."""
    dice = random.Random(seed)
    return [simulate(dice, real=number % 2 == 0, share=1.0 if number % 4 == 1 else 0.5) for number in range(fixes)]


def share_of_false(outcomes: list[Outcome]) -> float:
    false = [each for each in outcomes if not each.real]
    return sum(each.fixed for each in false) / len(false)


def test_of_a_hundred_fixes_at_most_one_in_twenty_false_ones_passes():
    outcomes = run(seed=1)

    assert share_of_false(outcomes) <= 0.05
    assert all(each.fixed for each in outcomes if each.real)
    hours = median(each.hours for each in outcomes)
    real, false = (median(each.hours for each in outcomes if each.real is side) for side in (True, False))
    print(f"median decision: {hours:.1f} h; real fixes {real:.1f} h, false ones {false:.1f} h")
    assert hours < 48


def test_over_many_runs_the_share_stays_there():
    outcomes = [each for seed in range(40) for each in run(seed)]

    print(f"false Fixed: {share_of_false(outcomes):.2%} of {len(outcomes) // 2}")
    assert share_of_false(outcomes) <= 0.05


@pytest.mark.parametrize(("share", "most"), [(1.0, 0.02), (0.5, 0.07)])
def test_a_fix_that_changes_nothing_passes_more_seldom_than_one_that_halves_it(share, most):
    dice = random.Random(7)
    outcomes = [simulate(dice, real=False, share=share) for _ in range(2_000)]

    assert share_of_false(outcomes) <= most
