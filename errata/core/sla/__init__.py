"""How long issues may take, in the time a team works. Decides and explains; touches nothing."""

from errata.core.sla.policy import ClockKind, ClockPolicy, EscalationStep, Target

__all__ = ["ClockKind", "ClockPolicy", "EscalationStep", "Target"]
