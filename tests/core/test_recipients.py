"""The words that name who is to be told."""

import pytest

from errata.core.recipients import channel_named, is_recipient, recipients, strange


def test_words_are_separated_and_a_channel_may_have_spaces_in_quotes():
    text = 'assignee, bob@shop.example; #pay channel:#alerts channel:"On call, Berlin"'

    assert recipients(text) == ["assignee", "bob@shop.example", "#pay", "channel:#alerts", 'channel:"On call, Berlin"']
    assert strange(text) == ""


@pytest.mark.parametrize(
    ("word", "name"),
    [("channel:#alerts", "#alerts"), ('Channel:"On call"', "On call"), ("#alerts", ""), ("assignee", "")],
)
def test_a_channel_is_named_by_its_word(word, name):
    assert channel_named(word) == name


@pytest.mark.parametrize("word", ["bob", "channel:", 'channel:""', 'channel:"a', "#", "@", f"channel:{'x' * 61}"])
def test_what_names_nobody_is_strange(word):
    assert not is_recipient(word)
    assert word in strange(word)
