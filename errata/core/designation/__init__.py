"""Who gets an issue: rules in order, a named owner and deputy, and the reason. Decides; touches nothing."""

from errata.core.designation.rules import DesignationRule

__all__ = ["DesignationRule"]
