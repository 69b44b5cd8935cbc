"""Which issue may be the parent of which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.family import DEPTH_MAX, ParentRefused, check_parent


def test_an_issue_is_no_part_of_itself():
    with pytest.raises(ParentRefused, match="itself"):
        check_parent(key="PAY-1", parent="PAY-1", ancestors=[], height=0)


def test_an_issue_is_no_part_of_its_own_parts():
    with pytest.raises(ParentRefused, match="itself a part of PAY-1"):
        check_parent(key="PAY-1", parent="PAY-3", ancestors=["PAY-2", "PAY-1"], height=2)


def test_a_tree_is_five_levels_deep_at_most():
    check_parent(key="PAY-9", parent="PAY-4", ancestors=["PAY-3", "PAY-2", "PAY-1"], height=0)
    with pytest.raises(ParentRefused, match="6 levels"):
        check_parent(key="PAY-9", parent="PAY-4", ancestors=["PAY-3", "PAY-2", "PAY-1"], height=1)


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=60))
def test_whatever_is_put_under_whatever_there_is_never_a_circle_nor_a_sixth_level(moves):
    parents: dict[int, int] = {}

    def above(one):
        found = []
        while one in parents:
            one = parents[one]
            found.append(one)
        return found

    def height(one):
        below = [child for child, parent in parents.items() if parent == one]
        return 1 + max(map(height, below)) if below else 0

    for child, parent in moves:
        try:
            check_parent(
                key=str(child), parent=str(parent), ancestors=[str(one) for one in above(parent)], height=height(child)
            )
        except ParentRefused:
            continue
        parents[child] = parent

    for one in range(12):
        line = above(one)
        assert one not in line
        assert len(line) < DEPTH_MAX
