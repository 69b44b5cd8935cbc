"""Rules that teams write: when something happens, if it fits, then do. Decides when; touches nothing."""

from errata.core.automation.fire import Change, Firing, bursts, is_meant, within_limits
from errata.core.automation.text import RuleRefused, parse, spell
from errata.core.automation.types import ACTIONS, TRIGGERS, Action, Limits, Rule, Trigger

__all__ = [
    "ACTIONS",
    "TRIGGERS",
    "Action",
    "Change",
    "Firing",
    "Limits",
    "Rule",
    "RuleRefused",
    "Trigger",
    "bursts",
    "is_meant",
    "parse",
    "spell",
    "within_limits",
]
