"""What a search means: one tree, compiled to the records and to the event store."""

from typing import Literal

import msgspec

Operator = Literal["=", ">", ">=", "<", "<="]


class Term(msgspec.Struct, frozen=True, tag=True):
    """`key:value` with an operator. `values` holds more than one for `key:[a, b]`; any of them may match.

    `key` is canonical: a field of the catalog, or `tags.` and the tag's key. Values of closed sets are canonical too.
    In the others `*` is a wildcard (values.pattern takes them apart).
    """

    key: str
    values: tuple[str, ...]
    operator: Operator = "="
    position: int = 0  # where it began in the text, for errors


class Has(msgspec.Struct, frozen=True, tag=True):
    """`has:key`."""

    key: str
    position: int = 0


class Text(msgspec.Struct, frozen=True, tag=True):
    """Free text, taken literally: contained in the title, the message or the culprit, in any case."""

    text: str
    position: int = 0


class Not(msgspec.Struct, frozen=True, tag=True):
    node: "Node"


class And(msgspec.Struct, frozen=True, tag=True):
    nodes: tuple["Node", ...]


class Or(msgspec.Struct, frozen=True, tag=True):
    nodes: tuple["Node", ...]


class EventSide(msgspec.Struct, frozen=True, tag=True):
    """What the event store answers: some event of the issue matches `node`. Made by partition, never by parse."""

    node: "Node"


Node = Term | Has | Text | Not | And | Or | EventSide


class Query(msgspec.Struct, frozen=True):
    where: Node | None = None
    sort: str = "last_seen"  # one of fields.SORTS
    descending: bool = True


def conjunction(nodes: list[Node]) -> Node:
    """All of them; nested conjunctions are flattened, so that one meaning has one tree."""
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(nodes: list[Node]) -> Node:
    """Any of them; flattened like a conjunction."""
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negation(node: Node) -> Node:
    """The opposite; a double one cancels out."""
    return node.node if isinstance(node, Not) else Not(node)
