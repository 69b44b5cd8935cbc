"""The few facts of items that aren't events, from real clients' and from odd ones."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.event.items import ItemFacts, MalformedItem, read_item


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": "transaction", "event_id": "e", "timestamp": 5.0, "spans": [{}, {}]}, ItemFacts("e", 5.0)),
        ({"items": [{"timestamp": 5.0}, {"timestamp": 6.0}]}, ItemFacts(None, 5.0, quantity=2)),
        ({"version": 2, "items": [{"start_timestamp": 5.0, "end_timestamp": 6.0}]}, ItemFacts(None, 5.0)),
        ({"sid": "s", "started": "2026-11-23T15:00:00Z"}, ItemFacts(None, "2026-11-23T15:00:00Z")),
        ({"started": 1, "timestamp": 2}, ItemFacts(None, 2)),
        (
            {"aggregates": [{"started": 1, "exited": 3, "crashed": 1}, {"started": 2, "errored": 2}]},
            ItemFacts(None, 1, None, 6),
        ),
        ({"monitor_slug": "nightly", "status": "ok"}, ItemFacts(slug="nightly")),
        ({"event_id": "e", "comments": "it broke"}, ItemFacts("e")),
        ({"items": []}, ItemFacts()),
        ({"items": 7, "event_id": "e"}, ItemFacts("e")),
        ({"items": [1, "x", {}], "timestamp": 5}, ItemFacts(None, 5, None, 3)),
        ({"aggregates": [{"exited": "many"}], "started": 7}, ItemFacts(None, 7)),
        ({"aggregates": [{"exited": -3}]}, ItemFacts()),
        ({}, ItemFacts()),
        ([], ItemFacts()),
    ],
)
def test_items_say_whose_they_are_when_and_how_many(item, expected):
    assert read_item(json.dumps(item).encode(), item_type="x") == expected


@pytest.mark.parametrize("payload", [b"", b"{", b'{"a":1}x', b"\xff", b'{"a":' * 100_000])
def test_what_is_no_json_is_refused(payload):
    with pytest.raises(MalformedItem, match="The span item is not") as refused:
        read_item(payload, item_type="span")

    assert (refused.value.status, refused.value.code) == (400, "invalid_json")


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["items", "aggregates", "started", "exited", "timestamp", "x"]), inner, max_size=4
        )
    ),
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from(["items", "aggregates", "started", "timestamp", "event_id"]), ODD))
def test_no_object_is_too_odd(item):
    assert read_item(json.dumps(item).encode(), item_type="x").quantity >= 1
