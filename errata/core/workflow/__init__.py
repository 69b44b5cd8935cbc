"""Stages and the moves between them: `(state, command) → Transition`, or a refusal. Decides; touches nothing."""

from errata.core.workflow.default import DEFAULT, EVIDENCE, REASONS
from errata.core.workflow.difference import Line, difference
from errata.core.workflow.gallery import GALLERY, Blueprint, find_blueprint
from errata.core.workflow.meaning import Told, category_of, told_by
from errata.core.workflow.migration import Migration, StageUnknown, Step, plan
from errata.core.workflow.names import unknown_names
from errata.core.workflow.rules import OVERRIDE, PROOF_WORDS, TransitionRefused, decide, moves, regress
from errata.core.workflow.types import (
    Action,
    ActionKind,
    ActorKind,
    Command,
    Effect,
    Guard,
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
    "GALLERY",
    "OVERRIDE",
    "PROOF_WORDS",
    "REASONS",
    "Action",
    "ActionKind",
    "ActorKind",
    "Blueprint",
    "Command",
    "Effect",
    "Guard",
    "IssueState",
    "Line",
    "Migration",
    "Move",
    "Requirement",
    "Rule",
    "Stage",
    "StageUnknown",
    "Step",
    "Told",
    "Transition",
    "TransitionRefused",
    "Workflow",
    "category_of",
    "decide",
    "difference",
    "find_blueprint",
    "moves",
    "plan",
    "regress",
    "told_by",
    "unknown_names",
    "validate",
]
