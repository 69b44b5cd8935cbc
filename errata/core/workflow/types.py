"""A workflow as data, and what is said about moving an issue through it."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from errata.core.vocabulary import Category

ActorKind = Literal["person", "token", "system"]
Effect = Literal[
    "clear_assignee",
    "keep_reason",  # what was given as the reason stays with the issue
    "clear_reason",
    "mark_regressed",
    "clear_regressed",
]
Guard = Literal[
    "holder",  # the assignee or the deputy makes the move, nobody else
    "other",  # anybody but the assignee: four eyes
    "admin",  # an owner or an admin
]
ActionKind = Literal[
    "set_priority",
    "set_severity",
    "set_type",
    "set_assignee",
    "set_deputy",
    "set_field",
    "clear_assignee",
    "clear_deputy",
    "clear_field",
    "add_label",
    "remove_label",
    "comment",
    "notify",  # goes with the move as its evidence; who tells of the move tells them
]


class Stage(msgspec.Struct, frozen=True):
    name: str
    category: Category
    meaning: str = ""


class Requirement(msgspec.Struct, frozen=True):
    """What a transition asks for: any one of `fields`, given with the command or already on the issue."""

    fields: tuple[str, ...]
    ask: str  # the sentence a person reads
    options: tuple[str, ...] = ()  # the values its first field may take; empty = anything


class Action(msgspec.Struct, frozen=True):
    """What is done to an issue once it has moved."""

    kind: ActionKind
    value: str = ""
    field: str = ""  # the slug, for a custom field


class Rule(msgspec.Struct, frozen=True):
    """One move. Several may lead to the same stage, from different ones or on different terms."""

    name: str  # the command
    label: str  # what a button says
    sources: tuple[str, ...]
    to: str
    requires: tuple[Requirement, ...] = ()
    effects: tuple[Effect, ...] = ()
    by: tuple[ActorKind, ...] = ("person", "token", "system")
    on: Literal["", "recurrence"] = ""  # what makes the system move by itself
    evidence: tuple[str, ...] = ()  # what has to be proven first, where it applies; see errata.core.retest
    guards: tuple[Guard, ...] = ()
    actions: tuple[Action, ...] = ()


class Workflow(msgspec.Struct, frozen=True):
    name: str
    version: int
    stages: tuple[Stage, ...]  # in the order of lists and boards; the first is where issues begin
    rules: tuple[Rule, ...]
    lasting_reasons: tuple[str, ...] = ()  # reasons for closing that a recurrence doesn't undo
    types: tuple[str, ...] = ()  # of the issues that move through it; empty = all that the organisation has

    @property
    def initial(self) -> Stage:
        """Where issues begin."""
        return self.stages[0]

    def find_stage(self, name: str) -> Stage | None:
        """The stage of that name, in any case."""
        wanted = name.strip().casefold()
        return next((stage for stage in self.stages if stage.name.casefold() == wanted), None)


class IssueState(msgspec.Struct, frozen=True):
    """What of an issue decides where it may go."""

    stage: str
    assignee: str | None = None
    reason: str | None = None  # why it was closed, when it wasn't for being fixed
    regressed: bool = False
    evidence: frozenset[str] = frozenset()  # what is proven of its fix, or doesn't apply to it
    deputy: str | None = None
    values: Mapping[str, Any] = {}  # of custom fields, by their slug
    fields: frozenset[str] | None = None  # the custom fields an issue of its type can have; None = any


class Command(msgspec.Struct, frozen=True):
    to: str  # a stage's name or a rule's
    by: ActorKind = "person"
    fields: Mapping[str, Any] = {}  # what was given: assignee, comment, reason, override …
    evidence: Mapping[str, Any] = {}  # why it is moved, for its activity
    who: str | None = None  # the person, as `assignee` names them
    administers: bool = False


class Transition(msgspec.Struct, frozen=True):
    """A move that may happen. `changes` are the issue's fields that change beside the stage."""

    name: str
    from_stage: str
    to_stage: str
    category: Category
    changes: Mapping[str, Any] = {}
    comment: str | None = None
    evidence: Mapping[str, Any] = {}
    actions: tuple[Action, ...] = ()

    @property
    def moves(self) -> bool:
        """False when the issue is already where it was to go."""
        return self.from_stage != self.to_stage


class Move(msgspec.Struct, frozen=True):
    """One entry of the menu of moves."""

    name: str
    label: str
    to: str
    category: Category
    allowed: bool
    why_not: str = ""
    needs: tuple[Requirement, ...] = ()  # what has to be given still
