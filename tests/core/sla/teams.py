"""Teams that don't exist, whose issues take as long as we say: what predictions and advice are tried on."""

import math
import random
from typing import NamedTuple

from errata.core.sla.survival import LANDMARKS, Sample, landmark_of

# How many times as fast issues of these kinds are resolved, in this world.
TYPES = {"Error": 1.0, "Security": 2.2, "UI/UX": 0.5, "Inquiry": 1.6}
SEVERITIES = {"Critical": 2.0, "Major": 1.0, "Minor": 0.7, "Trivial": 0.45}
LOADS = {"light": 1.5, "usual": 1.0, "heavy": 0.55}
HOURS = {"working hours": 1.2, "night": 0.7}


class Past(NamedTuple):
    """An issue whose whole life is known. Minutes."""

    factors: dict[str, str]
    took: float
    target: float
    retest_from: float  # when its stage changed to Retest, which is most of the way


def issue(chance: random.Random, *, shape: float = 1.3, usual: float = 1_500.0) -> Past:
    factors = {
        "type": chance.choices(list(TYPES), weights=(6, 1, 3, 2))[0],
        "severity": chance.choices(list(SEVERITIES), weights=(1, 5, 4, 2))[0],
        "load": chance.choice(list(LOADS)),
        "hour": chance.choice(list(HOURS)),
        "colour": chance.choice(["red", "blue"]),  # means nothing
    }
    rate = TYPES[factors["type"]] * SEVERITIES[factors["severity"]] * LOADS[factors["load"]] * HOURS[factors["hour"]]
    # Weibull with proportional hazards, and what no factor tells: moods, holidays, luck.
    luck = chance.gammavariate(6, 1 / 6)
    took = usual * (-math.log(1 - chance.random()) / (rate * luck)) ** (1 / shape)
    target = {"Critical": 900.0, "Major": 2_000.0, "Minor": 3_000.0, "Trivial": 5_000.0}[factors["severity"]]
    return Past(factors, took, target, retest_from=took * chance.uniform(0.4, 0.95))


def at(past: Past, elapsed: float) -> dict[str, str]:
    """What was known of it then."""
    stage = "Retest" if elapsed >= past.retest_from else "Assigned"
    return past.factors | {"stage": stage, "landmark": landmark_of(elapsed=elapsed, target=past.target)}


def samples(team: list[Past]) -> list[Sample]:
    return [
        Sample(
            entry=mark * past.target,
            exit=past.took,
            resolved=True,
            target=past.target,
            factors=at(past, mark * past.target),
        )
        for past in team
        for mark in LANDMARKS
        if mark * past.target < past.took
    ]
