"""What a team can promise: the time within which it resolves four of five issues, and nine of ten, of each criticality.

By Kaplan and Meier's estimate, which lets issues that are still open count for the time they have been open so far.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

# A quantile is told of so many resolutions at the least: below, a few odd issues move it by half.
RESOLVED_MIN = 20
# Kept by fewer than half of the issues, a promise is none.
KEPT_MIN = 0.5
# Of two targets that differ by less, the promised one will do.
_TOLERANCE = 1.1


class Duration(msgspec.Struct, frozen=True):
    """How long an issue took, or has taken so far, in minutes of its clock."""

    minutes: float
    resolved: bool


class Advice(msgspec.Struct, frozen=True):
    """What was attained, and what could be promised; times in minutes, None where history can't tell."""

    resolved: int
    promised: float | None
    kept: float | None  # the share that is resolved within what is promised
    p80: float | None
    p90: float | None
    verdict: str  # "too few", "realistic", "tight", "impossible", "generous", "no promise"


def advise(durations: Iterable[Duration], *, promised: float | None) -> Advice:
    """Compare a promise with what was attained."""
    known = list(durations)
    resolved = sum(duration.resolved for duration in known)
    if resolved < RESOLVED_MIN:
        return Advice(resolved, promised, None, None, None, "too few")
    curve = _curve(known)
    p80, p90 = _quantile(curve, 0.8), _quantile(curve, 0.9)
    kept = None if promised is None else _share_within(curve, promised)
    return Advice(resolved, promised, kept, p80, p90, _verdict(promised, kept, p80, p90))


def _verdict(promised: float | None, kept: float | None, p80: float | None, p90: float | None) -> str:
    if promised is None or kept is None:
        return "no promise"
    if kept < KEPT_MIN:
        return "impossible"
    if p80 is None or promised * _TOLERANCE < p80:
        return "tight"
    if p90 is not None and promised > p90 * _TOLERANCE:
        return "generous"
    return "realistic"


def _curve(durations: Sequence[Duration]) -> list[tuple[float, float]]:
    """The share still open after each time at which one was resolved."""
    open_ = len(durations)
    share = 1.0
    curve: list[tuple[float, float]] = []
    for minutes, group in groupby(sorted(durations, key=lambda d: d.minutes), key=lambda d: d.minutes):
        gone = list(group)
        if resolved := sum(duration.resolved for duration in gone):
            share *= 1 - resolved / open_
            curve.append((minutes, share))
        open_ -= len(gone)
    return curve


def _quantile(curve: Sequence[tuple[float, float]], wanted: float) -> float | None:
    return next((minutes for minutes, still_open in curve if 1 - still_open >= wanted - 1e-9), None)


def _share_within(curve: Sequence[tuple[float, float]], minutes: float) -> float:
    return 1 - next((still_open for time, still_open in reversed(curve) if time <= minutes), 1.0)
