"""How likely a clock runs out: the door for a model of the team's own history."""

from errata.apps.clocks.types import Probability
from errata.core.sla import Reading


def probability(_: Reading) -> Probability:
    """The probability that the clock breaches, with what speaks for it; none where the history is too short."""
    return Probability()
