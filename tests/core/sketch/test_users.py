import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.sketch import EXACT_MAX, Users

# Around the limit where exactness ends, where the forms mix.
crowds = st.builds(
    lambda first, size: {f"id:{number}" for number in range(first, first + size)},
    st.integers(0, 300),
    st.sampled_from([0, 1, 40, EXACT_MAX - 1, EXACT_MAX, EXACT_MAX + 1, 400]),
)


def merged(*sketches: Users) -> bytes:
    result = Users()
    for sketch in sketches:
        result.merge(Users.from_bytes(sketch.to_bytes()))
    return result.to_bytes()


def test_few_people_are_counted_exactly():
    assert Users(f"id:{number}" for number in range(EXACT_MAX)).estimate() == EXACT_MAX


@pytest.mark.parametrize("people", [129, 200, 1_000, 5_000, 20_000])
def test_many_people_are_counted_to_within_four_standard_errors(people):
    estimate = Users(f"id:{number}" for number in range(people)).estimate()

    assert abs(estimate / people - 1) < 4 * 0.023


def test_a_sketch_stays_small():
    assert len(Users(f"id:{number}" for number in range(5_000)).to_bytes()) == 2_049


def test_nothing_stored_is_nobody():
    assert Users.from_bytes(b"").estimate() == 0


@pytest.mark.parametrize("stored", [b"\x01\x02", b"\x02short", b"\x09"])
def test_bytes_of_another_form_are_refused(stored):
    with pytest.raises(ValueError, match="not a sketch"):
        Users.from_bytes(stored)


def test_odd_keys_are_people_too():
    assert Users(["", "\ud800", "名前", "id:1\x00"]).estimate() == 4


@settings(max_examples=20)
@given(crowd=crowds)
def test_the_order_and_division_of_additions_leave_no_trace(crowd):
    at_once = Users(crowd)
    one_by_one = Users()
    for key in sorted(crowd, reverse=True):
        one_by_one.add(key)

    assert at_once.to_bytes() == one_by_one.to_bytes()
    assert Users.from_bytes(at_once.to_bytes()).to_bytes() == at_once.to_bytes()


@settings(max_examples=20)
@given(a=crowds, b=crowds, c=crowds)
def test_merging_is_like_adding_in_any_order_any_number_of_times(a, b, c):
    x, y, z = Users(a), Users(b), Users(c)
    xy, yz = Users.from_bytes(merged(x, y)), Users.from_bytes(merged(y, z))

    assert merged(x, y) == merged(y, x) == Users(a | b).to_bytes()
    assert merged(xy, z) == merged(x, yz)
    assert merged(x, x) == x.to_bytes()
    assert Users(a | b).estimate() >= Users(a).estimate() * 0.85


def test_adding_again_changes_nothing():
    users = Users(f"id:{number}" for number in range(500))
    before = users.to_bytes()

    users.add_all(f"id:{number}" for number in range(500))

    assert users.to_bytes() == before
