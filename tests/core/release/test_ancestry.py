import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.release import ancestors, contains, descendants, joined

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


A, B, C = "a" * 40, "b" * 40, "c" * 40
TWIN = A[:20] + "0" * 20


@pytest.mark.parametrize(
    ("history", "parents"),
    [
        ({C: [B[:7]], B: [A[:9]], A: []}, {C: [B], B: [A], A: []}),  # short ones told of whole
        ({C: [B], B[:7]: [A], A: []}, {C: [B[:7]], B[:7]: [A], A: []}),  # a whole one of a commit known short
        ({C: [B[:7], A[:7]], B: [], A: []}, {C: [B, A], B: [], A: []}),  # of a merge both
        ({C: [A[:7]], A: [], TWIN: []}, {C: [A[:7]], A: [], TWIN: []}),  # may mean two
        ({C: [A[:21]], A: [], TWIN: []}, {C: [A], A: [], TWIN: []}),
        ({C: [A], A[:7]: [], TWIN: []}, {C: [A], A[:7]: [], TWIN: []}),
        ({C: [B[:7]], A: []}, {C: [B[:7]], A: []}),  # not known
        ({A: []}, {A: []}),
        ({}, {}),
    ],
)
def test_a_parent_is_the_commit_that_its_hash_begins(history, parents):
    assert joined(history) == parents


commits = st.text("ab", min_size=4, max_size=8)


@given(st.dictionaries(commits, st.lists(commits, max_size=2), max_size=12))
def test_joining_finds_what_looking_at_every_hash_finds(history):
    for child, own in joined(history).items():
        for told, found in zip(history[child], own, strict=True):
            longer = [sha for sha in history if sha.startswith(told)]
            if told in history or len(longer) == 1:
                assert found == (told if told in history else longer[0])
            else:
                assert found == told or (not longer and told.startswith(found) and found in history)
