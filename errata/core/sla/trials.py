"""How resolutions went, as a model learns from them: how long each took, and what was known of it on the way."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from errata.core.sla.history import Calendars, History, stretches
from errata.core.sla.policy import PolicySince
from errata.core.sla.reckon import run_of
from errata.core.sla.timetable import MINUTE_US, from_us


class Sight(msgspec.Struct, frozen=True):
    """An issue when a share of its time was gone."""

    share: float
    at: datetime
    stage: str
    priority: str
    severity: str


class Trial(msgspec.Struct, frozen=True):
    """An issue's way to its resolution, in minutes of its clock."""

    took: float  # so far, if it isn't resolved
    resolved: bool
    target: float
    priority: str
    severity: str
    sights: tuple[Sight, ...]


def trial_of(
    history: History,
    *,
    policies: Sequence[PolicySince],
    calendars: Calendars,
    now: datetime,
    shares: Collection[float],
) -> Trial | None:
    """What an issue's life teaches; None where no resolution was promised."""
    run = run_of("resolution", stretches(history, policies=policies, calendars=calendars, now=now))
    if run is None or not run.life:
        return None
    sights: list[Sight] = []
    for share in sorted(shares):
        amount_us = int(share * run.target_us)
        place = run.place(amount_us) if amount_us < run.elapsed_us else None
        if place is None:
            break
        at_us, stretch = place
        sights.append(Sight(share, from_us(at_us), stretch.stage, stretch.priority, stretch.severity))
    return Trial(
        took=run.elapsed_us / MINUTE_US,
        resolved=not run.is_live,
        target=run.target_us / MINUTE_US,
        priority=run.last.priority,
        severity=run.last.severity,
        sights=tuple(sights),
    )
