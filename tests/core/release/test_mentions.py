import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.release import Mentions, mentions


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Round totals\n\nfixes PAY-142", ("PAY-142",)),
        ("Fixes: PAY-142, PAY-143 and shop-7.", ("PAY-142", "PAY-143", "SHOP-7")),
        ("closes #PAY-1\nResolved PAY-2", ("PAY-1", "PAY-2")),
        ("fix PAY-1 & PAY-2", ("PAY-1", "PAY-2")),
        ("(fixed PAY-9)", ("PAY-9",)),
        ("Fixes PAY-1, fixes PAY-1", ("PAY-1",)),
    ],
)
def test_a_message_says_what_it_fixes(text, keys):
    assert mentions(text).fixes == keys


@pytest.mark.parametrize(
    "text",
    [
        "prefix PAY-1",
        "doesn't fix PAY-1",
        "does not fix PAY-1",
        "See PAY-1",
        "fixes nothing; PAY-1",
        "bugfix-PAY-1",
        "fixes PAY-0",
    ],
)
def test_a_message_that_only_names_an_issue_fixes_none(text):
    assert mentions(text).fixes == ()


def test_an_issue_that_is_only_named_is_referred_to():
    assert mentions("Part of PAY-1, fixes PAY-2") == Mentions(fixes=("PAY-2",), refers=("PAY-1",))


def test_a_revert_takes_back_and_fixes_nothing():
    text = 'Revert "Round totals, fixes PAY-142"\n\nThis reverts commit 9f3a6c0de1b24857.'
    assert mentions(text) == Mentions(refers=("PAY-142",), reverts=("9f3a6c0de1b24857",))


@given(st.text())
def test_any_text_can_be_read(text):
    found = mentions(text)
    assert not set(found.fixes) & set(found.refers)


@given(
    st.lists(st.from_regex(r"[A-Z][A-Z0-9]{1,5}-[1-9][0-9]{0,3}", fullmatch=True), min_size=1, max_size=6, unique=True)
)
def test_a_list_of_keys_is_read_whole(keys):
    assert mentions(f"Round totals. Fixes {', '.join(keys)}").fixes == tuple(keys)
