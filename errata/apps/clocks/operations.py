"""Writes of clocks: what the clockwork does by itself, and the one thing people do."""

from errata.apps.clocks.escalating import acknowledge, ring
from errata.apps.clocks.keeping import Recounting, follow, notice, recount

__all__ = ["Recounting", "acknowledge", "follow", "notice", "recount", "ring"]
