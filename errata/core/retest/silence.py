"""What it means that nothing happened: a Poisson test against how often it did before.

Events before the fix are n in T hours. If it still happened at `share` of that rate, the chance of none in E hours is
exp(-share · n/T · E); with the rate's own uncertainty, which n events leave, (1 + share · E/T)^-n, which tends to the
former as n grows. Silence counts once that chance is at most 5 %.

`share` is a half: a fix that only makes it rarer is the common false one. Tested against the full prior rate, one of
four fixes that halve it would pass. The price is twice the wait; errata.core.retest's simulation shows both.

Events come in bursts: a hundred within a minute are not a hundred chances to be met again. Where the counts of equal
parts of the time vary more than a Poisson process (variance over mean), n is divided by that much; but episodes with a
quiet part between them are as many occurrences, however unequal they are.
"""

from collections.abc import Sequence
from statistics import fmean, variance
from typing import Final

ALPHA: Final = 0.05
SHARE: Final = 0.5
# Fewer parts say nothing about how they vary.
_PARTS_MIN: Final = 10


def burst(counts: Sequence[int]) -> float:
    """How many events one occurrence brings, as the counts vary: 1 where each comes by itself."""
    if len(counts) < _PARTS_MIN or not any(counts):
        return 1.0
    return max(1.0, variance(counts) / fmean(counts))


def occurrences(events: int, counts: Sequence[int]) -> float:
    """The events as independent occurrences: at least one, if there was an event."""
    return min(float(events), max(1.0, events / burst(counts), float(episodes(counts)))) if events else 0.0


def episodes(counts: Sequence[int]) -> int:
    """How often it began after a quiet part of the time."""
    return sum(1 for before, now in zip((0, *counts), counts, strict=False) if now and not before)


def chance_of_silence(*, occurrences: float, hours: float, exposure: float, share: float = SHARE) -> float:
    """The chance that nothing happens for `exposure` hours though it still happens at `share` of the prior rate."""
    if occurrences <= 0 or hours <= 0:
        return 1.0
    return float((1 + share * max(0.0, exposure) / hours) ** -occurrences)


def exposure_needed(*, occurrences: float, hours: float, share: float = SHARE) -> float:
    """How many hours of silence bring the chance down to ALPHA."""
    if occurrences <= 0 or hours <= 0:
        return float("inf")
    return float(hours / share * (ALPHA ** (-1 / occurrences) - 1))
