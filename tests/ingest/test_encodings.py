"""Content-Encoding, undone within a cap."""

import base64
import gzip
import json
import os
import tracemalloc
import zlib
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from errata.ingest.encodings import EncodingBroken, EncodingUnknown, Overflow, decompress
from tests.ingest.clients import AUTH, EVENT, EVENT_ID, event_envelope

MIB = 2**20


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


def unsized_zstd(body: bytes) -> bytes:
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(body) + compressor.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    " deflate ": zlib.compress,
    "deflate": raw_deflate,
    "br": lambda body: brotli.compress(body, quality=4),
    "zstd": zstandard.compress,
    "Zstd": unsized_zstd,
    "": bytes,
    " ": bytes,
    "identity": bytes,
}
COMPRESSED = [(encoding, encode) for encoding, encode in ENCODERS.items() if encode is not bytes]
BODIES = [b"{}", event_envelope(), b"x" * 900_000, os.urandom(300_000)]


@pytest.mark.parametrize("body", BODIES, ids=["tiny", "event", "even", "random"])
@pytest.mark.parametrize(("encoding", "encode"), ENCODERS.items())
def test_every_encoding_is_undone(encoding, encode, body):
    assert decompress(encode(body), encoding=encoding, bytes_max=MIB) == body


@pytest.mark.parametrize(("encoding", "encode"), ENCODERS.items())
def test_a_body_of_exactly_the_cap_passes_and_one_byte_more_does_not(encoding, encode):
    assert len(decompress(encode(b"x" * MIB), encoding=encoding, bytes_max=MIB)) == MIB
    with pytest.raises(Overflow):
        decompress(encode(b"x" * (MIB + 1)), encoding=encoding, bytes_max=MIB)


@pytest.mark.parametrize(("encoding", "encode"), COMPRESSED)
def test_a_bomb_is_refused_without_unfolding_it(encoding, encode):
    bomb = encode(bytes(100 * MIB))
    tracemalloc.start()
    with pytest.raises(Overflow):
        decompress(bomb, encoding=encoding, bytes_max=MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 40 * MIB


def test_a_small_body_may_unfold_283_to_1():
    body = b'{"frames":[' + b'{"function":"recurse"},' * 42_000 + b"{}]}"
    packed = gzip.compress(body)

    assert len(body) > 283 * len(packed)
    assert decompress(packed, encoding="gzip", bytes_max=MIB) == body


@pytest.mark.parametrize("cut", [1, 4, 8, 20])
@pytest.mark.parametrize(("encoding", "encode"), COMPRESSED)
def test_a_body_cut_short_is_refused(encoding, encode, cut):
    with pytest.raises(EncodingBroken):
        decompress(encode(os.urandom(5_000))[:-cut], encoding=encoding, bytes_max=MIB)


@pytest.mark.parametrize("size", [0, 1, 4_999, 5_001, 2**31, 2**32 - 1])
def test_a_gzip_trailer_that_lies_about_the_size_is_refused(size):
    packed = gzip.compress(b"x" * 5_000)

    with pytest.raises(EncodingBroken):
        decompress(packed[:-4] + size.to_bytes(4, "little"), encoding="gzip", bytes_max=MIB)


def test_gzip_of_several_members_is_read_whole():
    packed = gzip.compress(b"first ") + gzip.compress(b"second and longer") + gzip.compress(b"third")

    assert decompress(packed, encoding="gzip", bytes_max=MIB) == b"first second and longerthird"


def test_several_members_share_one_cap():
    packed = gzip.compress(b"x" * 600_000) + gzip.compress(b"y" * 600_000)

    with pytest.raises(Overflow):
        decompress(packed, encoding="gzip", bytes_max=MIB)


def test_json_under_a_wrong_header_is_taken_as_it_is():
    assert decompress(b'{"a":1}', encoding="gzip", bytes_max=MIB) == b'{"a":1}'


@pytest.mark.parametrize("encoding", ["compress", "lz4", "gzip, gzip", "\x00", "x" * 5_000])
def test_an_unknown_encoding_is_refused_with_what_is_known(encoding):
    with pytest.raises(EncodingUnknown, match="Use gzip, deflate, br, zstd or none"):
        decompress(b"{}", encoding=encoding, bytes_max=MIB)


@given(st.binary(max_size=2_000), st.sampled_from(list(ENCODERS)))
def test_any_bytes_are_undone_or_refused(body, encoding):
    with suppress(EncodingBroken, Overflow):
        decompress(body, encoding=encoding, bytes_max=10_000)


@given(st.data(), st.sampled_from(COMPRESSED))
def test_any_damaged_body_is_undone_or_refused(data, pair):
    encoding, encode = pair
    packed = bytearray(encode(b'{"event_id":"1"}' * 50))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(EncodingBroken, Overflow):
        decompress(bytes(packed), encoding=encoding, bytes_max=10_000)


@pytest.mark.parametrize(("encoding", "encode"), ENCODERS.items())
def test_an_event_arrives_in_every_encoding(client, encoding, encode):
    answer = client.send(encode(event_envelope()), headers={**AUTH, "content-encoding": encoding})

    assert (answer.status, answer.json) == (200, {"id": EVENT_ID})


def test_base64_of_zlib_arrives_at_the_store_endpoint(client):
    body = base64.b64encode(zlib.compress(json.dumps(EVENT).encode()))

    answer = client.send(body, path="/api/1/store/", headers={**AUTH, "content-type": "application/octet-stream"})

    assert (answer.status, answer.json) == (200, {"id": EVENT_ID})


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"nonsense", 400),
        ("br", b"nonsense", 400),
        ("zstd", b"nonsense", 400),
        ("deflate", b"nonsense", 400),
        ("lz4", b"nonsense", 415),
        ("gzip", gzip.compress(bytes(201 * MIB), 9), 413),
    ],
)
def test_what_cannot_be_decompressed_is_refused_and_counted(client, encoding, body, status):
    answer = client.send(body, headers={**AUTH, "content-encoding": encoding})

    assert answer.status == status
    assert client.arrived() == []
    assert [(entry["outcome"], entry["quantity"]) for entry in client.dropped()] == [("invalid", 1)]
