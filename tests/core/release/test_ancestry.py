from hypothesis import given
from hypothesis import strategies as st

from errata.core.release import ancestors, contains, descendants

#   a - b - c - m - d      main
#        \     /
#         x - y            a branch, merged
LINE = {"b": ["a"], "c": ["b"], "x": ["b"], "y": ["x"], "m": ["c", "y"], "d": ["m"]}


def test_a_release_has_what_its_head_leads_to():
    assert contains(LINE, ["d"], "x") is True
    assert contains(LINE, ["d"], "d") is True


def test_a_commit_that_came_later_is_not_in_it():
    assert contains(LINE, ["c"], "d") is False


def test_a_commit_of_another_branch_is_not_in_it():
    assert contains(LINE, ["c"], "y") is False
    assert contains(LINE, ["y"], "c") is False


def test_where_the_known_history_ends_nothing_is_claimed():
    assert contains(LINE, ["unknown"], "x") is None
    assert contains(LINE, ["d"], "unknown") is None
    assert contains(LINE, [], "x") is None


def test_descendants_are_what_a_fix_is_in():
    assert descendants(LINE, "y") == {"y", "m", "d"}


graphs = st.lists(st.lists(st.integers(0, 30), max_size=2), min_size=1, max_size=30).map(
    lambda rows: {str(child): [str(p) for p in own if p < child] for child, own in enumerate(rows)}
)


@given(graphs, st.integers(0, 29), st.integers(0, 29))
def test_containing_and_descending_are_two_sides_of_one_thing(graph, head, commit):
    inside = contains(graph, [str(head)], str(commit)) is True
    assert inside == (str(head) in descendants(graph, str(commit)))
    assert inside == (str(commit) in ancestors(graph, [str(head)]))
