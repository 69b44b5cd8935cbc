import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.search import DEFAULT_CATALOG, Completion, complete, parse, suggestions


def at(marked):
    """Complete where the bar stands."""
    position = marked.index("|")
    return complete(marked.replace("|", ""), position=position)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("|", Completion("key", "", "", 0, 0)),
        ("is:open lev|", Completion("key", "", "lev", 8, 11)),
        ("is:open (!assig|", Completion("key", "", "assig", 10, 15)),
        ("is:o|", Completion("value", "is", "o", 3, 4)),
        ("is:|", Completion("value", "is", "", 3, 3)),
        ("is:op|en level:error", Completion("value", "is", "op", 3, 7)),
        ("env:prod|", Completion("value", "environment", "prod", 4, 8)),
        ("priority:>=me|", Completion("value", "priority", "me", 11, 13)),
        ("level:[error, fa|", Completion("value", "level", "fa", 14, 16)),
        ('user.email:"a b|', Completion("value", "user.email", "a b", 11, 15)),
        ("tags[plan]:go|", Completion("value", "tags.plan", "go", 11, 13)),
        ("plan:go|", Completion("value", "tags.plan", "go", 5, 7)),
        ("has:rel|", Completion("value", "has", "rel", 4, 7)),
        ("sort:c|", Completion("value", "sort", "c", 5, 6)),
        ('"some te|', None),
        ("level:[error, fatal]|", None),
    ],
)
def test_it_knows_what_is_being_typed(typed, expected):
    assert at(typed) == expected


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("lev|", ["level:"]),
        ("is:un|", ["unassigned", "unhandled"]),
        ("stage:re|", ["Revise", "Retest"]),
        ("sort:c|", ["count", "created"]),
        ("has:user.i|", ["user.id", "user.ip"]),
        ("plan:|", []),
    ],
)
def test_the_language_offers_its_keys_and_closed_values(typed, offered):
    assert [suggestion.text for suggestion in suggestions(at(typed))] == offered


def test_every_key_says_what_it_is_for():
    assert all(suggestion.help for suggestion in suggestions(at("|")))


def test_every_closed_value_that_is_offered_is_understood():
    for field in DEFAULT_CATALOG.fields.values():
        if field.kind in ("choice", "ranked"):
            for value in field.values:
                assert parse(f'{field.key}:"{value}"').where.values == (value,)


@settings(max_examples=40)
@given(text=st.text(st.sampled_from('ab:"[](), !>=\\'), max_size=12), data=st.data())
def test_any_cursor_is_in_something_within_the_text_or_in_nothing(text, data):
    position = data.draw(st.integers(0, len(text)))

    found = complete(text, position=position)

    if found is not None:
        assert 0 <= found.start <= position <= found.end <= len(text)
        suggestions(found)
