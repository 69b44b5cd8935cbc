"""A scoring expression as a tree, and what it is reckoned from."""

from collections.abc import Mapping

import msgspec


class Measures(msgspec.Struct, frozen=True):
    """What the expression may ask of an issue, as numbers; yes is 1 and no is 0."""

    severity: float = 0.0  # 0 is the least of the vocabulary, 1 the worst
    priority: float = 0.0
    users: float = 0.0
    count: float = 0.0
    rate: float = 0.0  # events an hour, over the last day
    trend: float = 1.0  # the last day's events against the day before's; 1 is the same
    clock: float = 0.0  # the share of the time that is gone; 1 is the breach, and it goes on
    at_risk: float = 0.0
    breached: float = 0.0
    client_value: float = 0.0
    age_days: float = 0.0  # whole days since it was first seen
    idle_days: float = 0.0  # whole days since it was last seen
    regressed: float = 0.0
    unhandled: float = 0.0
    unassigned: float = 0.0
    # What the functions look up.
    severity_name: str = ""
    priority_name: str = ""
    type_name: str = ""
    labels: frozenset[str] = frozenset()  # case-folded
    fields: Mapping[str, float] = {}  # custom fields that are numbers, by their slug


class Place(msgspec.Struct, frozen=True):
    """Where in the text a part stands."""

    start: int
    end: int


class Number(msgspec.Struct, frozen=True, tag=True):
    value: float
    place: Place


class Name(msgspec.Struct, frozen=True, tag=True):
    name: str
    place: Place


class Negated(msgspec.Struct, frozen=True, tag=True):
    """`-x`, or `not x`."""

    operator: str
    operand: "Node"
    place: Place


class Binary(msgspec.Struct, frozen=True, tag=True):
    operator: str
    left: "Node"
    right: "Node"
    place: Place


class Call(msgspec.Struct, frozen=True, tag=True):
    function: str
    arguments: tuple["Node", ...]
    place: Place


class Asked(msgspec.Struct, frozen=True, tag=True):
    """`label("vip")`: a question about the issue that names something."""

    function: str
    text: str
    place: Place


Node = Number | Name | Negated | Binary | Call | Asked
