from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.search import (
    And,
    EventSide,
    Not,
    Or,
    SearchError,
    Term,
    event_side,
    format_node,
    parse,
    partition,
)


def divided(text):
    return partition(parse(text).where)


def shown(node):
    """The tree as text, with braces around what the event store answers."""
    match node:
        case EventSide(inner):
            return "{" + format_node(inner) + "}"
        case And(nodes):
            return " ".join(shown(part) for part in nodes)
        case Or(nodes):
            return " | ".join(shown(part) for part in nodes)
        case _:
            return format_node(node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is:open level:error boom", "is:open level:error boom"),
        ("release:1", "{release:1}"),
        ("release:1 environment:live", "{release:1 environment:live}"),
        ("is:open release:1 stage:New env:live", "is:open stage:New {release:1 environment:live}"),
        ("is:open or release:1", "is:open | {release:1}"),
        ("release:1 or release:2 or is:open", "is:open | {release:1 OR release:2}"),
        ("release:1 (is:open or env:live)", "is:open {release:1} | {release:1 environment:live}"),
        ("!(is:open release:1)", "!is:open | {!release:1}"),
        ("!(is:open or release:1)", "!is:open {!release:1}"),
        ("!release:1", "{!release:1}"),
        ("plan:gold", "{plan:gold}"),
    ],
)
def test_each_part_goes_to_the_side_that_can_answer_it(text, expected):
    assert shown(divided(text)) == expected


def test_a_search_that_mixes_the_sides_without_end_is_refused():
    with pytest.raises(SearchError, match="too many ways"):
        divided(" ".join(f"(is:open or release:{number})" for number in range(9)))


def test_the_events_of_an_issue_are_filtered_by_what_the_search_says_of_events():
    assert format_node(event_side(parse("is:open release:1 level:error").where)) == "release:1 level:error"
    assert event_side(parse("is:open").where) is None
    assert event_side(parse("is:open or release:1").where) is None
    assert event_side(None) is None


# A world of issues with a state and events with a release and an environment, to try divisions in.
terms = st.sampled_from([Term("is", ("open",)), Term("release", ("1",)), Term("environment", ("live",))])
nodes = st.recursive(
    terms,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=7,
)
FACTS = {"is": 0, "release": 1, "environment": 2}


def holds(node, facts):
    match node:
        case Term(key):
            return facts[FACTS[key]]
        case Not(inner):
            return not holds(inner, facts)
        case And(parts):
            return all(holds(part, facts) for part in parts)
        case Or(parts):
            return any(holds(part, facts) for part in parts)


def matches(node, *, is_open, events):
    """As the compilers do: the records evaluate the tree, an EventSide asks whether some event matches."""
    match node:
        case EventSide(inner):
            return any(holds(inner, (None, *event)) for event in events)
        case Term():
            return is_open
        case Not(inner):
            return not matches(inner, is_open=is_open, events=events)
        case And(parts):
            return all(matches(part, is_open=is_open, events=events) for part in parts)
        case Or(parts):
            return any(matches(part, is_open=is_open, events=events) for part in parts)


@settings(max_examples=40)
@given(
    node=nodes,
    is_open=st.booleans(),
    events=st.sets(st.sampled_from(list(product([True, False], repeat=2))), min_size=1),
)
def test_a_divided_search_finds_the_issues_some_event_of_which_matches_the_whole(node, is_open, events):
    try:
        tree = partition(node)
    except SearchError:
        return
    assert matches(tree, is_open=is_open, events=events) == any(holds(node, (is_open, *event)) for event in events)
