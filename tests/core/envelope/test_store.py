import base64
import zlib

import pytest

from errata.core.envelope import MalformedStoreBody, StoreBodyTooLarge, inflate_base64, split_store

EVENT = b'{"message":"x"}'
PACKED = base64.b64encode(zlib.compress(EVENT))


@pytest.mark.parametrize(
    "body", [EVENT, b" \n" + EVENT, PACKED, b"\n" + PACKED + b"\r\n", base64.encodebytes(zlib.compress(EVENT))]
)
def test_json_and_base64_of_zlib_are_one_event(body):
    envelope = split_store(body, content_type="application/octet-stream", bytes_max=1000)

    (item,) = envelope.items
    assert item.type == "event"
    assert item.payload.strip() == EVENT


def test_an_envelope_sent_to_store_is_an_envelope():
    body = b'{}\n{"type":"session"}\n{}'

    envelope = split_store(body, content_type="application/x-sentry-envelope; charset=utf-8", bytes_max=1000)

    assert [item.type for item in envelope.items] == ["session"]


@pytest.mark.parametrize("body", [b"", b"%%%", b"AAAA", base64.b64encode(b"no zlib"), PACKED[:-8], b"[1]", b"\xff" * 8])
def test_rubbish_is_refused(body):
    with pytest.raises(MalformedStoreBody) as refused:
        inflate_base64(body, bytes_max=1000)

    assert refused.value.status == 400


def test_a_bomb_is_refused_without_being_unfolded():
    bomb = base64.b64encode(zlib.compress(b"0" * 10_000_000, 9))

    with pytest.raises(StoreBodyTooLarge) as refused:
        inflate_base64(bomb, bytes_max=1000)

    assert refused.value.status == 413


def test_a_body_of_just_the_allowed_size_is_read():
    assert inflate_base64(PACKED, bytes_max=len(EVENT)) == EVENT


def test_a_byte_order_mark_is_no_part_of_the_event():
    envelope = split_store(b'\xef\xbb\xbf{"message": "x"}', content_type="application/json", bytes_max=1000)

    assert envelope.items[0].payload == b'{"message": "x"}'
