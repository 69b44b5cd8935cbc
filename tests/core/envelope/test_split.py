import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core import limits
from errata.core.envelope import EnvelopeTooLarge, MalformedEnvelope, split


def kinds(body: bytes) -> list[tuple[str, bytes]]:
    return [(item.type, item.payload) for item in split(body).items]


def test_items_with_and_without_a_length_are_split():
    body = b'{"event_id":"x"}\n{"type":"a","length":3}\n{\n}\n{"type":"b"}\n{"n":1}\n'

    envelope = split(body)

    assert envelope.header == {"event_id": "x"}
    assert [(item.type, item.payload) for item in envelope.items] == [("a", b"{\n}"), ("b", b'{"n":1}')]
    assert envelope.faults == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", []),
        (b"{}\n", []),
        (b"{}\n\n\n", []),
        (b'{}\n{"type":"a"}', [("a", b"")]),
        (b'{}\n{"type":"a"}\n', [("a", b"")]),
        (b'{}\n{"type":"a","length":0}\n\n{"type":"b"}\nx', [("a", b""), ("b", b"x")]),
        (b'{}\n{"type":"a","length":0}\n', [("a", b"")]),
        (b'{}\n{"type":"a"}\nx\r\n\n\n\n{"type":"b","length":1}\ny', [("a", b"x\r"), ("b", b"y")]),
        (b'{}\n{"length":1, "type": "a"}\n\n\n', [("a", b"\n")]),
        (b'{}\n{"filename":"f","length":2}\nab\n', [("", b"ab")]),
        (b'{}\n{"type":7}\nab\n', [("", b"ab")]),
        (b'{}\n{"type":"a","length":null}\nab\n', [("a", b"ab")]),
    ],
)
def test_odd_framing_is_read(body, expected):
    assert kinds(body) == expected


@pytest.mark.parametrize(
    "body", [b"", b"\n{}", b"[]\n", b'"x"', b"not json\n{}", b"{", b'{"a":1}x\n', b"\xff\xfe", b"{} {}\n"]
)
def test_a_header_that_is_no_object_is_refused(body):
    with pytest.raises(MalformedEnvelope, match="line 1") as refused:
        split(body)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b'{"type":"b","length":9}\nshort', "the body ends after 5"),
        (b'{"type":"b","length":2}\nlonger\n', "no line feed follows"),
        (b'{"type":"b","length":-1}\nx', "not a number of bytes"),
        (b'{"type":"b","length":"2"}\nxx', "not a number of bytes"),
        (b'{"type":"b","length":true}\nx', "not a number of bytes"),
        (b'{"type":"b","length":9}', "the body ends after 0"),
        (b"rubbish\nx", r"header of item 2 \(byte 20\) is not a JSON object"),
        (b"[" * 60_000, "header of item 2"),
    ],
)
def test_a_fault_costs_neither_the_items_before_it_nor_goes_unsaid(rest, reason):
    envelope = split(b'{}\n{"type":"a"}\nok\n\n' + rest)

    assert [item.type for item in envelope.items] == ["a"]
    assert len(envelope.faults) == 1
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(envelope.faults[0])


def test_an_envelope_whose_first_item_is_broken_is_refused_with_the_place():
    with pytest.raises(MalformedEnvelope, match="Item 1 says it has 9 bytes"):
        split(b'{}\n{"type":"a","length":9}\nshort')


def test_too_many_items_are_refused():
    with pytest.raises(EnvelopeTooLarge, match="more than 1000 items") as refused:
        split(b"{}\n" + b'{"type":"a"}\nx\n' * (limits.ENVELOPE_ITEMS_MAX + 1))

    assert refused.value.status == 413


def test_a_header_line_without_end_is_refused():
    with pytest.raises(EnvelopeTooLarge, match="longer than"):
        split(b'{"a":"' + b"x" * limits.HEADER_LINE_BYTES_MAX)


def test_a_payload_can_be_seen_without_a_copy():
    (item,) = split(b'{}\n{"type":"a"}\nabc\n').items

    assert item.size == 3
    assert item.view == b"abc"
    assert item.view.obj is item.body


PAYLOADS = st.binary(max_size=30)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(PAYLOADS, st.booleans(), st.integers(1, 3)), max_size=6))
def test_what_is_put_in_comes_out(parts):
    body, expected = b"{}\n", []
    for payload, sized, gap in parts:
        is_sized = sized or b"\n" in payload or not payload
        header = {"type": "a", "length": len(payload)} if is_sized else {"type": "a"}
        body += json.dumps(header).encode() + b"\n" + payload + b"\n" * gap
        expected.append(("a", payload))

    assert kinds(body) == expected


@settings(max_examples=40, deadline=None)
@given(
    st.binary(max_size=120)
    | st.lists(st.sampled_from([b"{}", b"\n", b'{"type":"a"}', b'{"length":3}', b"x"])).map(b"".join)
)
def test_nothing_but_a_refusal_is_raised(body):
    try:
        envelope = split(body)
    except MalformedEnvelope:
        return
    assert all(0 <= item.start <= item.end <= len(body) for item in envelope.items)
