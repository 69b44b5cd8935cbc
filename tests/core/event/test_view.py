"""What a person sees of an event, whatever its client sent."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core import limits
from errata.core.event import MalformedEvent
from errata.core.event.view import EventView, view

TEXTS = st.text(max_size=6) | st.sampled_from(["", "x", "\0", "\ud800", "a=b&c", "?", "{{auto}}"])
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
FRAME_KEYS = ("filename", "vars", "pre_context", "context_line", "lineno", "in_app", "function")
KEYS = """
    exception values stacktrace frames mechanism threads breadcrumbs request query_string headers cookies env data
    user contexts flags trace tags extra modules sdk message logentry params formatted timestamp level _meta rem
    len fingerprint
""".split()  # noqa: SIM905 - thirty short words are easier to read than thirty quoted ones
TREES = st.recursive(
    ANY,
    lambda inner: (
        st.dictionaries(st.sampled_from([*KEYS, *FRAME_KEYS, ""]), inner, max_size=5) | st.lists(inner, max_size=3)
    ),
    max_leaves=25,
)


def seen(event: Any) -> EventView:
    return view(json.dumps(event).encode())


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=6))
def test_no_shape_is_too_odd_to_be_shown(event):
    shown = msgspec.json.decode(msgspec.json.encode(seen(event)))  # as the API answers it

    assert not any("\0" in text for text in texts_in(shown))


def texts_in(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for one in node:
            yield from texts_in(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from texts_in(value)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"nonsense"])
def test_only_what_is_no_object_is_refused(payload):
    with pytest.raises(MalformedEvent):
        view(payload)


def test_an_empty_event_is_shown_as_empty():
    shown = view(b"{}")

    assert (shown.exceptions, shown.breadcrumbs, shown.request, shown.tags, shown.notes) == ([], [], None, [], [])
    assert (shown.level, shown.platform) == ("error", "other")


@pytest.mark.parametrize("depth", [400, 900, 100_000])
def test_what_is_nested_too_deeply_is_shown_without_it(depth):
    payload = b'{"message":"m","extra":{"a":' + b"[" * depth + b"]" * depth + b"}}"

    assert view(payload).message == "m"


def test_what_cannot_be_read_is_left_out_with_a_note():
    shown = seen(
        {"exception": {"values": [{"type": "E", "stacktrace": {"frames": ["odd", {"lineno": "x"}]}}]}, "user": 7}
    )

    assert shown.exceptions[0].type == "E"
    assert [frame.lineno for frame in shown.exceptions[0].frames] == [None]
    assert any(note.startswith("user: a number") for note in shown.notes)
    assert any("frames.0: a text" in note for note in shown.notes)


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("a=1&b=&c", [("a", "1"), ("b", ""), ("c", "")]),
        ("?a=x%20y+z", [("a", "x y z")]),
        ({"a": "1", "b": ["2", "3"]}, [("a", "1"), ("b", "2"), ("b", "3")]),
        ([["a", "1"], ["b", None], ["odd"]], [("a", "1"), ("b", "")]),
    ],
)
def test_every_shape_of_a_query_is_read(query, pairs):
    request = seen({"request": {"url": "http://h/p", "query_string": query}}).request

    assert request is not None
    assert request.query == pairs


def test_query_and_fragment_are_taken_out_of_the_url():
    request = seen({"request": {"url": "http://h/p?a=1#top"}}).request

    assert request is not None
    assert (request.url, request.query, request.fragment) == ("http://h/p", [("a", "1")], "top")


def test_long_lists_are_cut():
    frames = [{"function": str(number)} for number in range(limits.FRAMES_MAX + 5)]
    crumbs = [{"message": str(number)} for number in range(limits.BREADCRUMBS_MAX + 5)]

    shown = seen({"exception": [{"type": "E", "stacktrace": {"frames": frames}}], "breadcrumbs": crumbs})

    assert len(shown.exceptions[0].frames) == limits.FRAMES_MAX
    assert shown.exceptions[0].frames[-1].function == frames[-1]["function"]
    assert shown.breadcrumbs[-1].message == crumbs[-1]["message"]
    assert len(shown.breadcrumbs) == limits.BREADCRUMBS_MAX


def test_remarks_say_what_was_removed_and_where():
    meta = {
        "request": {
            "data": {"password": {"": {"rem": [["!config", "s"]]}}, "": {"rem": [["!limit", "x"]], "len": 9000}}
        }
    }

    hints = [(hint.path, hint.rule, hint.length) for hint in seen({"_meta": meta}).hints]

    assert sorted(hints) == [("request.data", "!limit", 9000), ("request.data.password", "!config", None)]


def test_the_stack_of_a_message_is_a_thread():
    (thread,) = seen({"message": "m", "stacktrace": {"frames": [{"function": "f"}]}}).threads

    assert [frame.function for frame in thread.frames] == ["f"]


def test_legacy_names_are_shown_too():
    shown = seen(
        {"sentry.interfaces.Exception": {"type": "E"}, "sentry.interfaces.Breadcrumbs": {"values": [{"message": "c"}]}}
    )

    assert shown.exceptions[0].type == "E"
    assert shown.breadcrumbs[0].message == "c"
