"""Retest with proof: what has to be true before an issue is Fixed, and what it says when it isn't. Pure."""

from errata.core.retest.rules import SETTLING, counting_from, duration, judge
from errata.core.retest.types import (
    PROOFS,
    CheckResult,
    CheckState,
    Environment,
    Facts,
    Fix,
    Outcome,
    Prior,
    Proof,
    ProofName,
    ProofState,
    Recurrence,
    Verdict,
)

__all__ = [
    "PROOFS",
    "SETTLING",
    "CheckResult",
    "CheckState",
    "Environment",
    "Facts",
    "Fix",
    "Outcome",
    "Prior",
    "Proof",
    "ProofName",
    "ProofState",
    "Recurrence",
    "Verdict",
    "counting_from",
    "duration",
    "judge",
]
