"""Dividing a search between the records and the event store."""

from itertools import product

from errata.core.search.ast import And, EventSide, Has, Node, Not, Or, Term, conjunction, disjunction, negation
from errata.core.search.errors import SearchError
from errata.core.search.fields import DEFAULT_CATALOG, Catalog

# How many ways of mixing both sides one search may have: each is a question to the event store. People write two.
ALTERNATIVES_MAX = 32

# One way to match: what must hold of the issue, and what of one and the same event.
_Alternative = tuple[tuple[Node, ...], tuple[Node, ...]]


def partition(node: Node, *, catalog: Catalog = DEFAULT_CATALOG) -> Node:
    """Wrap what only events can answer in EventSide leaves; the rest is for the records.

    An issue matches when some event of it does: `release:1 environment:production` asks for one event with both, and
    `!release:1` for an event of another release. Raises SearchError for a search that mixes the sides too often.
    """
    issue_ways: list[Node] = []
    event_ways: list[Node] = []
    for of_issue, of_event in _alternatives(node, catalog):
        if not of_issue:
            event_ways.append(conjunction(list(of_event)))
        elif not of_event:
            issue_ways.append(conjunction(list(of_issue)))
        else:
            issue_ways.append(conjunction([*of_issue, EventSide(conjunction(list(of_event)))]))
    if event_ways:
        issue_ways.append(EventSide(disjunction(event_ways)))
    return disjunction(issue_ways)


def event_side(node: Node | None, *, catalog: Catalog = DEFAULT_CATALOG) -> Node | None:
    """What a search asks of single events, when the issue is known to match: None if any of its events will do."""
    if node is None:
        return None
    found = [
        conjunction(list(of_event)) if of_event else None
        for _, of_event in _alternatives(node, catalog, of_events=True)
    ]
    kept = [way for way in found if way is not None]
    return disjunction(kept) if kept and len(kept) == len(found) else None


def _alternatives(node: Node, catalog: Catalog, *, of_events: bool = False) -> list[_Alternative]:
    sides = _sides(node, catalog, of_events=of_events)
    if sides == {"issue"}:
        return [((node,), ())]
    if sides == {"event"}:
        return [((), (node,))]
    match node:
        case Or(nodes):
            found = [way for part in nodes for way in _alternatives(part, catalog, of_events=of_events)]
        case And(nodes):
            parts = [_alternatives(part, catalog, of_events=of_events) for part in nodes]
            _check(_product_size(parts))
            found = [_both(ways) for ways in product(*parts)]
        case Not(inner):
            found = _alternatives(_pushed_in(inner), catalog, of_events=of_events)
        case _:
            raise AssertionError(f"{node} is on one side")
    _check(len(found))
    return found


def _both(ways: tuple[_Alternative, ...]) -> _Alternative:
    return tuple(n for way in ways for n in way[0]), tuple(n for way in ways for n in way[1])


def _pushed_in(node: Node) -> Node:
    """The negation of a node that mixes both sides, by De Morgan."""
    match node:
        case And(nodes):
            return disjunction([negation(part) for part in nodes])
        case Or(nodes):
            return conjunction([negation(part) for part in nodes])
        case _:
            return negation(node)


def _sides(node: Node, catalog: Catalog, *, of_events: bool) -> set[str]:
    match node:
        case Term(key) | Has(key):
            side = catalog.side(key)
            return {("event" if of_events else "issue") if side == "both" else side}
        case Not(inner):
            return _sides(inner, catalog, of_events=of_events)
        case And(nodes) | Or(nodes):
            return {side for part in nodes for side in _sides(part, catalog, of_events=of_events)}
        case EventSide():
            return {"event"}
        case _:
            return {"event" if of_events else "issue"}


def _product_size(parts: list[list[_Alternative]]) -> int:
    size = 1
    for part in parts:
        size *= len(part)
    return size


def _check(size: int) -> None:
    if size > ALTERNATIVES_MAX:
        raise SearchError(
            "This search mixes what is known of issues and of events in too many ways. Leave out some of its ORs.",
            position=0,
        )
