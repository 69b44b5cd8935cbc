"""What a template promises: the maximum time, when it stands still, and what happens as it runs out."""

from datetime import datetime
from typing import Literal

import msgspec

ClockKind = Literal["response", "update", "resolution"]
EscalationAction = Literal["notify", "deputise", "raise_priority", "chain"]


class Target(msgspec.Struct, frozen=True):
    """The most that each clock may take, in minutes of the calendar; None promises nothing.

    The first target that fits an issue's priority and severity holds; "" fits every one.
    """

    priority: str = ""
    severity: str = ""
    response_min: int | None = None
    update_min: int | None = None
    resolution_min: int | None = None


class EscalationStep(msgspec.Struct, frozen=True):
    """What happens when a share of the time is gone: 100 is the breach."""

    percent: int
    action: EscalationAction
    to: tuple[str, ...] = ()  # of notify and chain: see core/recipients.py; in order
    kinds: tuple[ClockKind, ...] = ("response", "resolution")
    every_min: int = 15  # of chain: how long each has to acknowledge before the next is told


class ClockPolicy(msgspec.Struct, frozen=True):
    calendar: str = ""  # a business calendar's slug; "" is the organisation's own, or around the clock without one
    targets: tuple[Target, ...] = ()
    paused_in: tuple[str, ...] = ()  # stages in which the clocks stand still
    paused_while_waiting: bool = True  # on somebody outside of the team, as the issue says
    on_reopen: Literal["restart", "continue"] = "continue"
    escalation: tuple[EscalationStep, ...] = ()

    def target_for(self, priority: str, severity: str) -> Target | None:
        """The first target that fits."""
        fits = (t for t in self.targets if t.priority in ("", priority) and t.severity in ("", severity))
        return next(fits, None)

    def allowed_min(self, kind: ClockKind, priority: str, severity: str) -> int | None:
        """How many minutes a clock may take; None when nothing is promised."""
        target = self.target_for(priority, severity)
        if target is None:
            return None
        return {"response": target.response_min, "update": target.update_min, "resolution": target.resolution_min}[kind]

    def steps_for(self, kind: ClockKind) -> tuple[EscalationStep, ...]:
        """What happens to a clock of this kind, in order."""
        return tuple(sorted((step for step in self.escalation if kind in step.kinds), key=lambda step: step.percent))


class PolicySince(msgspec.Struct, frozen=True):
    """A policy and the moment from which it holds: None is from the beginning."""

    policy: ClockPolicy
    since: datetime | None = None
