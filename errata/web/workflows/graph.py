"""A workflow as a drawing: stages in lanes of what they mean, moves as arrows. Numbers in, geometry out."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from errata.core.vocabulary import CATEGORIES
from errata.core.workflow import Stage, Workflow

LANES: Mapping[str, str] = {"new": "New", "active": "Active", "verify": "Verify", "done": "Done", "closed": "Closed"}
_LANE, _NODE_W, _NODE_H = 208, 148, 40
_GAP, _TOP, _SIDE = 34, 36, 30
_BOW = 22  # how far above or below an arrow goes for each lane that it passes
_NAME_CHARS = 17


Side = Literal["left", "right", "top", "bottom"]


class Lane(msgspec.Struct, frozen=True):
    name: str
    meaning: str
    x: int

    @property
    def text_x(self) -> int:
        return self.x + _SIDE


class Node(msgspec.Struct, frozen=True):
    name: str
    short: str
    category: str
    meaning: str
    x: int
    y: int
    first: bool
    key: str = ""

    @property
    def icon_at(self) -> tuple[int, int]:
        return self.x + 11, self.y + 12

    @property
    def text_at(self) -> tuple[int, int]:
        return self.x + 34, self.y + 24


class Edge(msgspec.Struct, frozen=True):
    path: str
    words: str
    kind: str  # "onward", "back", "again"


class Graph(msgspec.Struct, frozen=True):
    width: int
    height: int
    lanes: tuple[Lane, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    kinds: tuple[str, ...] = ("onward", "back", "again")
    node_width: int = _NODE_W
    node_height: int = _NODE_H


class _Arrow(msgspec.Struct, frozen=True):
    source: Node
    target: Node
    words: str
    kind: str
    leaves: Side
    enters: Side

    @property
    def span(self) -> int:
        """How many lanes lie between, to the right."""
        return round((self.target.x - self.source.x) / _LANE)


class _Ends(msgspec.Struct, frozen=True):
    """Which boxes are the first and the last of their lanes: only those can be reached from above and below."""

    tops: frozenset[str]
    bottoms: frozenset[str]


def drawn(workflow: Workflow, *, keys: Mapping[str, str] | None = None) -> Graph:
    """Lay a workflow out; of a broken one, what there is."""
    known = [category for category in CATEGORIES if any(stage.category == category for stage in workflow.stages)]
    columns = [[stage for stage in workflow.stages if stage.category == category] for category in known]
    ends = _Ends(
        tops=frozenset(column[0].name for column in columns), bottoms=frozenset(column[-1].name for column in columns)
    )
    lanes = {stage.name: place for place, column in enumerate(columns) for stage in column}
    pairs = _pairs(workflow, lanes)
    over = max((lanes[to] - lanes[source] for source, to, _ in pairs), default=0)
    under = max((lanes[source] - lanes[to] for source, to, _ in pairs), default=0)
    top = _TOP + (_BOW * over if over > 1 else 0)
    room = max((len(column) for column in columns), default=1) * (_NODE_H + _GAP)
    nodes = _nodes(workflow, columns, keys or {}, top=top, room=room)
    arrows = _arrows(pairs, nodes, lanes, ends)
    return Graph(
        width=max(len(columns), 1) * _LANE,
        height=top + room + (_BOW * under + 8 if under > 1 else 4),
        lanes=tuple(Lane(LANES[category], CATEGORIES[category], index * _LANE) for index, category in enumerate(known)),
        nodes=tuple(nodes.values()),
        edges=tuple(
            Edge(_path(arrow, arrows, ceiling=top, floor=top + room), arrow.words, arrow.kind) for arrow in arrows
        ),
    )


def _nodes(
    workflow: Workflow, columns: Sequence[Sequence[Stage]], keys: Mapping[str, str], *, top: int, room: int
) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for place, column in enumerate(columns):
        first_y = round(top + (room - len(column) * (_NODE_H + _GAP)) / 2 + _GAP / 2)
        for index, stage in enumerate(column):
            nodes[stage.name] = Node(
                name=stage.name,
                short=stage.name if len(stage.name) <= _NAME_CHARS else stage.name[: _NAME_CHARS - 1] + "…",
                category=stage.category,
                meaning=stage.meaning,
                x=place * _LANE + _SIDE,
                y=first_y + index * (_NODE_H + _GAP),
                first=stage is workflow.stages[0],
                key=keys.get(stage.name, ""),
            )
    return nodes


def _pairs(workflow: Workflow, known: Mapping[str, int]) -> dict[tuple[str, str, bool], list[str]]:
    """One arrow for all moves that people make from one stage to another, and one for what happens by itself."""
    found: dict[tuple[str, str, bool], list[str]] = {}
    for rule in workflow.rules:
        for source in dict.fromkeys(rule.sources):
            if source in known and rule.to in known and source != rule.to:
                found.setdefault((source, rule.to, bool(rule.on)), []).append(rule.label or rule.name)
    return found


def _arrows(
    pairs: Mapping[tuple[str, str, bool], list[str]], nodes: Mapping[str, Node], lanes: Mapping[str, int], ends: _Ends
) -> list[_Arrow]:
    order = {name: index for index, name in enumerate(nodes)}
    arrows = []
    for (source, to, alone), labels in pairs.items():
        leaves, enters = _sides(source, to, lanes[to] - lanes[source], order[to] > order[source], ends)
        arrows.append(
            _Arrow(
                source=nodes[source],
                target=nodes[to],
                words=f"{source} → {to}: {', '.join(labels)}",
                kind="again" if alone else "onward" if order[to] > order[source] else "back",
                leaves=leaves,
                enters=enters,
            )
        )
    return arrows


def _sides(source: str, to: str, span: int, down: bool, ends: _Ends) -> tuple[Side, Side]:  # noqa: FBT001 (a fact)
    """Where an arrow leaves and enters: straight across to a neighbour, above or below what lies between."""
    if span == 0:
        return ("right", "right") if down else ("left", "left")
    if abs(span) == 1:
        return ("right", "left") if span > 0 else ("left", "right")
    if span > 0:
        return "top" if source in ends.tops else "right", "top" if to in ends.tops else "left"
    return "bottom" if source in ends.bottoms else "left", "bottom" if to in ends.bottoms else "right"


def _path(arrow: _Arrow, arrows: Sequence[_Arrow], *, ceiling: int, floor: int) -> str:
    x1, y1 = _end(arrow, arrows, arrow.source, arrow.leaves)
    x2, y2 = _end(arrow, arrows, arrow.target, arrow.enters)
    c1 = _control(arrow, arrow.leaves, x1, y1, ceiling=ceiling, floor=floor)
    c2 = _control(arrow, arrow.enters, x2, y2, ceiling=ceiling, floor=floor)
    return f"M{x1:.0f} {y1:.0f}C{c1[0]:.0f} {c1[1]:.0f} {c2[0]:.0f} {c2[1]:.0f} {x2:.0f} {y2:.0f}"


def _end(arrow: _Arrow, arrows: Sequence[_Arrow], node: Node, side: Side) -> tuple[float, float]:
    """Where it touches the box: all that touch the same side are spread over it, in the order of where they lead."""
    touching = [
        (other, out)
        for other in arrows
        for out in (True, False)
        if (other.source if out else other.target) is node and (other.leaves if out else other.enters) == side
    ]
    upright = side in ("left", "right")
    touching.sort(key=lambda end: _order(end[0].target if end[1] else end[0].source, upright=upright))
    share = (touching.index((arrow, node is arrow.source)) + 1) / (len(touching) + 1)
    match side:
        case "left":
            return node.x, node.y + _NODE_H * share
        case "right":
            return node.x + _NODE_W, node.y + _NODE_H * share
        case "top":
            return node.x + _NODE_W * share, node.y
        case "bottom":
            return node.x + _NODE_W * share, node.y + _NODE_H


def _order(other: Node, *, upright: bool) -> tuple[int, int]:
    return (other.y, other.x) if upright else (other.x, other.y)


def _control(arrow: _Arrow, side: Side, x: float, y: float, *, ceiling: int, floor: int) -> tuple[float, float]:
    """What bends the arrow: away from the side it touches; over or under what lies between, if it passes a lane."""
    beyond = ceiling - _BOW * arrow.span if arrow.span > 0 else floor - _BOW * arrow.span
    steps = abs(arrow.target.y - arrow.source.y) / (_NODE_H + _GAP)
    reach = 16 + 10 * steps if arrow.span == 0 else (_LANE - _NODE_W) * 0.5
    if side in ("top", "bottom"):
        return x, beyond
    away = x + reach if side == "right" else x - reach
    return away, y if abs(arrow.span) < 2 else beyond
