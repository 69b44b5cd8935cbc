from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.release import compare, is_hash, is_older, latest, parse, predates

IN_ORDER = [
    "shop@1.0.0-alpha", "shop@1.0.0-alpha.1", "shop@1.0.0-alpha.beta", "shop@1.0.0-beta.2", "shop@1.0.0-beta.11",
    "shop@1.0.0-rc.1", "shop@1.0.0", "shop@1.0.1", "shop@1.2.0", "shop@1.10.0", "shop@v2.0.0",
]  # fmt: skip
versions = st.builds(
    "{}@{}.{}.{}{}".format,
    st.just("shop"), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30),
    st.sampled_from(["", "-rc.1", "-rc.2", "-alpha", "+7", "+8", "+abc"]),
)  # fmt: skip


@pytest.mark.parametrize(("older", "newer"), list(pairwise(IN_ORDER)))
def test_versions_are_in_the_order_of_semantic_versioning(older, newer):
    assert is_older(older, newer)
    assert compare(newer, older) == 1


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2026.11.23", "2026.12.1"),
        ("2026-11-23", "2026-11-24"),
        ("20261123", "20261123.1"),
        ("web@2026.9", "web@2026.11"),
        ("2026.9.1", "2026.13.0"),
        ("24.04", "24.10"),
        ("app@1.2.3+41", "app@1.2.3+42"),
        ("1.2", "1.2.1"),
    ],
)
def test_calendar_versions_and_builds_have_an_order_too(older, newer):
    assert is_older(older, newer)
    assert not is_older(newer, older)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("shop@1.0.0", "billing@2.0.0"),
        ("shop@1.0.0", "shop@2026.11.23"),
        ("9f3a6c0de1b2", "0de1b248579f"),
        ("spring", "summer"),
        ("shop@1.0.0", ""),
    ],
)
def test_versions_that_have_no_order_are_not_given_one(one, other):
    assert compare(one, other) is None
    assert not is_older(one, other)


def test_a_short_hash_is_the_commit_of_the_long_one():
    assert compare("shop@9f3a6c0", "shop@9f3a6c0de1b24857") == 0
    assert is_hash("9f3a6c0de1b24857")
    assert not is_hash("20261123")


def test_the_package_is_what_stands_before_the_last_at_sign():
    assert parse("@acme/shop@1.2.3").package == "@acme/shop"
    assert parse("com.acme.shop@1.2.3+7").package == "com.acme.shop"
    assert parse("1.2.3").package == ""


def test_the_latest_is_known_where_all_can_be_compared():
    assert latest(IN_ORDER) == IN_ORDER[-1]
    assert latest(["1.2", "1.2.0"]) == "1.2"
    assert latest(["1.0.0", "summer"]) is None
    assert latest([]) is None


def test_a_release_predates_a_fix_when_it_is_older_than_all_that_carry_it():
    assert predates("shop@1.2.9", carriers=["shop@1.3.0"])
    assert not predates("shop@1.3.0", carriers=["shop@1.3.0"])
    assert not predates("shop@1.2.9", carriers=["shop@1.3.0", "shop@1.2.9"])
    assert not predates("billing@0.1.0", carriers=["shop@1.3.0"])
    assert not predates("", carriers=["shop@1.3.0"])
    assert predates("9f3a6c0", carriers=["0de1b24"], without=["9f3a6c0"])
    assert not predates("9f3a6c0", carriers=["0de1b24"])


@given(one=versions, other=versions)
def test_the_order_has_two_sides(one, other):
    there, back = compare(one, other), compare(other, one)
    assert there is not None
    assert back is not None
    assert there == -back


@given(one=versions, other=versions, third=versions)
def test_what_is_older_than_an_older_one_is_older(one, other, third):
    if is_older(one, other) and is_older(other, third):
        assert is_older(one, third)


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_text_is_a_version(one, other):
    assert compare(one, one) == 0
    assert compare(one, other) in (-1, 0, 1, None)
