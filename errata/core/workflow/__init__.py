"""Stages and the moves between them: `(state, command) → Transition`, or a refusal. Decides; touches nothing."""

from errata.core.workflow.default import DEFAULT, EVIDENCE, REASONS
from errata.core.workflow.rules import OVERRIDE, PROOF_WORDS, TransitionRefused, decide, moves, regress
from errata.core.workflow.types import (
    ActorKind,
    Command,
    Effect,
    IssueState,
    Move,
    Requirement,
    Rule,
    Stage,
    Transition,
    Workflow,
)
from errata.core.workflow.validate import validate

__all__ = [
    "DEFAULT",
    "EVIDENCE",
    "OVERRIDE",
    "PROOF_WORDS",
    "REASONS",
    "ActorKind",
    "Command",
    "Effect",
    "IssueState",
    "Move",
    "Requirement",
    "Rule",
    "Stage",
    "Transition",
    "TransitionRefused",
    "Workflow",
    "decide",
    "moves",
    "regress",
    "validate",
]
