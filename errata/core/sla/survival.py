"""How probably a clock will run out, learnt from how long a team's own issues took.

A proportional-hazards model: all issues share one curve of how resolutions come over time, and each factor (the type,
the stage, how much its holder has on the desk) makes them come so many times as fast. It is fitted on landmarks: what
was known of an issue when a quarter, half … of its time was gone, and how long it then still took, so that a prediction
asks the same question of the past as of the present. Ratios are shrunk towards 1 by what few cases can't tell.

Factors whose effect isn't proportional (who is in Retest is done soon, or not at all) would make it overconfident, so
what it says is compared, landmark by landmark, with what came, and bent to that: a probability of 70 % is one that came
true in seven of ten cases. No random numbers: the same history gives the same answer.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

# Below this, a team's history says less than its members' experience.
CLOSED_MIN = 30
# Where in its time an issue is looked at: a prediction uses the last of them that it has passed.
LANDMARKS = (0.0, 0.25, 0.5, 0.75, 0.9)
REASONS_MAX = 3

# A factor's ratio counts as if it had been seen in so many more resolutions that came as expected: the gamma prior of a
# frailty model. At 8, twenty resolutions that came twice as fast move a ratio to 1.7.
_PRIOR = 8.0
# Each pass adjusts every factor given the others; on data of 5,000 issues ratios move by less than 0.1 % after six.
_PASSES = 12
# What moves a probability by less is no reason.
_RATIO_LEAST = 1.1


class Sample(msgspec.Struct, frozen=True):
    """An issue at a landmark: what was known then, when it was, and how it went on. Times in minutes of its clock."""

    entry: float
    exit: float
    resolved: bool  # False: it was still open when last seen
    target: float
    factors: Mapping[str, str]  # `landmark` among them


class Bend(msgspec.Struct, frozen=True):
    """A line on the log-odds, which takes what the model says to what came."""

    offset: float = 0.0
    slope: float = 1.0

    def of(self, probability: float) -> float:
        """The probability as it came true."""
        return _from_odds(self.offset + self.slope * _odds(probability))


class Model(msgspec.Struct, frozen=True):
    """What was learnt. `hazard` is cumulative and belongs to `times`; a ratio above 1 means faster than usual."""

    times: tuple[float, ...]
    hazard: tuple[float, ...]
    ratios: Mapping[str, Mapping[str, float]]
    issues: int  # closed ones it was learnt from
    bends: Mapping[str, Bend] = {}  # by landmark

    def until(self, time: float) -> float:
        """The cumulative hazard of an ordinary issue."""
        place = bisect_right(self.times, time)
        return self.hazard[place - 1] if place else 0.0

    def ratio(self, factors: Mapping[str, str]) -> float:
        """How many times as fast as an ordinary one an issue with these factors is resolved."""
        return math.prod(self.ratios.get(name, {}).get(value, 1.0) for name, value in factors.items())


class Reason(msgspec.Struct, frozen=True):
    """A factor that makes a breach more or less probable."""

    factor: str
    value: str
    ratio: float  # below 1: such issues take longer


class Prediction(msgspec.Struct, frozen=True):
    probability: float
    reasons: tuple[Reason, ...]  # strongest first
    issues: int  # how many closed ones stand behind it


def landmark_of(*, elapsed: float, target: float) -> str:
    """The name of the last landmark that the elapsed time has passed."""
    share = elapsed / target if target > 0 else 0.0
    return f"{max(mark for mark in LANDMARKS if mark <= max(share, 0.0)):.0%}"


def fit(samples: Iterable[Sample], *, issues: int) -> Model | None:
    """Learn from samples of so many closed issues; None when they are fewer than CLOSED_MIN."""
    known = [sample for sample in samples if sample.exit > sample.entry >= 0]
    if issues < CLOSED_MIN or not any(sample.resolved for sample in known):
        return None
    ratios: dict[str, dict[str, float]] = {}
    model = Model(*_baseline(known, [1.0] * len(known)), ratios={}, issues=issues)
    for _ in range(_PASSES):
        ratios = _adjusted(model, known, ratios)
        weights = [math.prod(ratios[name][value] for name, value in s.factors.items()) for s in known]
        model = Model(*_baseline(known, weights), ratios=ratios, issues=issues)
    return msgspec.structs.replace(model, bends=_bends(model, known))


def predict(model: Model, *, elapsed: float, target: float, factors: Mapping[str, str]) -> Prediction:
    """The probability that an issue open after `elapsed` is not resolved when `target` is reached."""
    reasons = sorted(
        (
            Reason(name, value, ratio)
            for name, value in factors.items()
            if name != "landmark" and (ratio := model.ratios.get(name, {}).get(value, 1.0)) != 1.0
        ),
        key=lambda reason: (-abs(math.log(reason.ratio)), reason.factor),
    )
    told = tuple(r for r in reasons if max(r.ratio, 1 / r.ratio) >= _RATIO_LEAST)[:REASONS_MAX]
    if elapsed >= target:
        return Prediction(1.0, told, model.issues)
    bend = model.bends.get(factors.get("landmark", ""), Bend())
    return Prediction(bend.of(_still_open(model, elapsed, target, factors)), told, model.issues)


def _still_open(model: Model, elapsed: float, target: float, factors: Mapping[str, str]) -> float:
    hazard = model.until(target) - model.until(elapsed)
    return math.exp(-hazard * model.ratio(factors))


def _bends(model: Model, samples: Sequence[Sample]) -> dict[str, Bend]:
    """For each landmark, the line through what was said and what came."""
    pairs: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for sample in samples:
        if sample.entry < sample.target and (sample.resolved or sample.exit >= sample.target):
            said = _still_open(model, sample.entry, sample.target, sample.factors)
            pairs[sample.factors.get("landmark", "")].append((_odds(said), sample.exit > sample.target))
    return {landmark: _line(own) for landmark, own in sorted(pairs.items())}


def _line(pairs: Sequence[tuple[float, bool]]) -> Bend:
    """Logistic regression of the truth on the log-odds, by Newton's method, held near the model's own word."""
    offset, slope = 0.0, 1.0
    for _ in range(_PASSES):
        # The prior: as if some cases had said that the model is right.
        g0, g1 = -_PRIOR / 4 * offset, -_PRIOR / 4 * (slope - 1)
        h00 = h11 = _PRIOR / 4
        h01 = 0.0
        for x, truth in pairs:
            p = _from_odds(offset + slope * x)
            weight = p * (1 - p)
            g0 += truth - p
            g1 += (truth - p) * x
            h00 += weight
            h01 += weight * x
            h11 += weight * x * x
        determinant = h00 * h11 - h01 * h01
        offset += (h11 * g0 - h01 * g1) / determinant
        slope += (h00 * g1 - h01 * g0) / determinant
        # A line that falls would call the likely unlikely.
        slope = min(max(slope, 0.05), 3.0)
        offset = min(max(offset, -4.0), 4.0)
    return Bend(offset, slope)


def _odds(probability: float) -> float:
    held = min(max(probability, 0.001), 0.999)
    return math.log(held / (1 - held))


def _from_odds(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _adjusted(
    model: Model, samples: Sequence[Sample], ratios: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    """Each factor's ratios anew, one factor after the other: resolutions seen against those expected without it."""
    fresh = {name: dict(values) for name, values in ratios.items()}
    basis = [model.until(sample.exit) - model.until(sample.entry) for sample in samples]
    for name in sorted({name for sample in samples for name in sample.factors}):
        seen: dict[str, float] = defaultdict(float)
        expected: dict[str, float] = defaultdict(float)
        for sample, hazard in zip(samples, basis, strict=True):
            value = sample.factors.get(name)
            if value is not None:
                others = math.prod(
                    fresh[other][own] for other, own in sample.factors.items() if other != name and other in fresh
                )
                seen[value] += sample.resolved
                expected[value] += hazard * others
        fresh[name] = {value: (seen[value] + _PRIOR) / (expected[value] + _PRIOR) for value in sorted(expected)}
    return fresh


def _baseline(samples: Sequence[Sample], weights: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Breslow's estimate: at each moment of a resolution, resolutions by the weight of all that were open then."""
    entering = sorted(zip((s.entry for s in samples), weights, strict=True))
    leaving = sorted(zip((s.exit for s in samples), weights, (s.resolved for s in samples), strict=True))
    times: list[float] = []
    cumulative: list[float] = []
    at_risk, total, come = 0.0, 0.0, 0
    for time, group in groupby(leaving, key=lambda row: row[0]):
        while come < len(entering) and entering[come][0] < time:
            at_risk += entering[come][1]
            come += 1
        gone = list(group)
        resolved = sum(row[2] for row in gone)
        if resolved and at_risk > 0:
            total += resolved / at_risk
            times.append(time)
            cumulative.append(total)
        at_risk -= sum(row[1] for row in gone)
    return tuple(times), tuple(cumulative)
