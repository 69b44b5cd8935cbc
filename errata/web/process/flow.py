"""A workflow as a drawing: stages in a row, moves as arrows; those that skip or go back in arcs."""

from collections.abc import Sequence

import msgspec

from errata.core.vocabulary import Category
from errata.core.workflow import Workflow

_WIDTH, _HEIGHT, _GAP = 112, 40, 44
_STEP = _WIDTH + _GAP
# An arc rises this much for each stage it passes; the highest decides how tall the drawing is.
_RISE = 17
_MARGIN = 8


class Box(msgspec.Struct, frozen=True):
    name: str
    category: Category
    x: int
    y: int
    width: int
    height: int
    middle: int
    baseline: int


class Arrow(msgspec.Struct, frozen=True):
    path: str
    kind: str  # "onward", "back", "alone": what Errata does by itself


class Flow(msgspec.Struct, frozen=True):
    boxes: list[Box]
    arrows: list[Arrow]
    width: int
    height: int


class Edge(msgspec.Struct, frozen=True):
    """A move between two places of the row."""

    start: int
    end: int
    alone: bool


def flow(workflow: Workflow) -> Flow:
    """Lay out the stages and the moves."""
    edges = _edges(workflow)
    above = max((edge.end - edge.start for edge in edges if edge.end > edge.start + 1), default=0)
    below = max((edge.start - edge.end for edge in edges if edge.end < edge.start), default=0)
    top = _MARGIN + above * _RISE
    boxes = [
        Box(
            name=stage.name,
            category=stage.category,
            x=_MARGIN + index * _STEP,
            y=top,
            width=_WIDTH,
            height=_HEIGHT,
            middle=_MARGIN + index * _STEP + _WIDTH // 2,
            baseline=top + _HEIGHT // 2 + 4,
        )
        for index, stage in enumerate(workflow.stages)
    ]
    return Flow(
        boxes=boxes,
        arrows=[_arrow(edge, boxes) for edge in edges],
        width=2 * _MARGIN + len(boxes) * _STEP - _GAP,
        height=top + _HEIGHT + below * _RISE + _MARGIN,
    )


def _edges(workflow: Workflow) -> list[Edge]:
    """Each pair of stages once; the system's own move only where no person makes it."""
    places = {stage.name: index for index, stage in enumerate(workflow.stages)}
    found: dict[tuple[int, int], bool] = {}
    for rule in workflow.rules:
        for source in rule.sources:
            if source in places and rule.to in places and source != rule.to:
                pair = (places[source], places[rule.to])
                found[pair] = found.get(pair, True) and bool(rule.on)
    return [Edge(start, end, alone) for (start, end), alone in sorted(found.items())]


def _arrow(edge: Edge, boxes: Sequence[Box]) -> Arrow:
    start, end = boxes[edge.start], boxes[edge.end]
    span = edge.end - edge.start
    kind = "alone" if edge.alone else "onward" if span > 0 else "back"
    if span == 1:
        y = start.y + start.height // 2
        return Arrow(f"M{start.x + start.width} {y}H{end.x - 3}", kind)
    # Arcs leave and arrive a little apart, so that those of one stage can be told from each other.
    shift = 10 + 5 * min(abs(span), 6)
    if span > 1:
        left, right, y = start.middle + shift, end.middle - shift, start.y
        peak = y - span * _RISE * 4 // 3
        return Arrow(f"M{left} {y}C{left} {peak} {right} {peak} {right} {y - 3}", kind)
    left, right, y = start.middle - shift, end.middle + shift, start.y + start.height
    peak = y - span * _RISE * 4 // 3
    return Arrow(f"M{left} {y}C{left} {peak} {right} {peak} {right} {y + 3}", kind)
