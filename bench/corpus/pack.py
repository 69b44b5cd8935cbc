"""Makes recorded envelopes replayable: ordinary gzip bodies whose event id and time can be written over in place.

Each body is one gzip member of level 9, as the SDK sends, except that the event id and the event time (in the
envelope's header and in the payload) lie in deflate blocks that are *stored*, at known offsets. Writing over them needs
only the CRC-32 at the end corrected. Nothing later in the stream refers back to those bytes: while compressing, the
history holds bytes above 0x7f in their place, which the SDK's ASCII JSON never has.

The file, little endian: `ENVC0001`, u32 count, and for each body u32 its length, u32 the length of the text, u16 how
many patches, u16 the issue, the patches (u32 offset in the body, u32 offset in the text, u16 length, u16 kind), and the
body.
Kind 1 is an event id of 32 hex digits, kind 2 a time `YYYY-MM-DDTHH:MM:SS.ffffffZ`.

Every other time (breadcrumbs) is moved to the time of packing.

    python -m bench.corpus.pack DIRECTORY
"""

import datetime as dt
import gzip
import json
import re
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

TIME = re.compile(rb'"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"')
IN_HEADER = re.compile(rb'\{"event_id":"([0-9a-f]{32})","sent_at":"(20[^"]{25})"')
IN_PAYLOAD = re.compile(rb'"event_id":"([0-9a-f]{32})","timestamp":"(20[^"]{25})"')
FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
PLACEHOLDER = bytes(range(0x80, 0x80 + 64))
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
WINDOW = 32_768
EVENT_ID, EVENT_TIME = 1, 2


class Region(NamedTuple):
    """A stretch of text that is stored uncompressed: from an event id to the end of the time that follows it."""

    start: int
    end: int
    event_id: int
    time: int


def pack(text: bytes, issue: int, moved: dt.timedelta) -> bytes:
    """One record of the corpus."""
    text = _move_times(text, moved)
    assert max(text) < 0x80, "the SDK writes ASCII"
    regions = _regions(text)
    body, bases = _compress(text, regions)
    patches = b""
    count = 0
    for region, base in zip(regions, bases, strict=True):
        for offset, length, kind in ((region.event_id, 32, EVENT_ID), (region.time, 27, EVENT_TIME)):
            at = base + offset - region.start
            assert body[at : at + length] == text[offset : offset + length]
            patches += struct.pack("<IIHH", at, offset, length, kind)
            count += 1
    assert gzip.decompress(body) == text
    return struct.pack("<IIHH", len(body), len(text), count, issue) + patches + body


def _move_times(text: bytes, moved: dt.timedelta) -> bytes:
    def move(match: re.Match[bytes]) -> bytes:
        return f'"{(dt.datetime.strptime(match[1].decode(), FORMAT) + moved).strftime(FORMAT)}"'.encode()

    return TIME.sub(move, text)


def _regions(text: bytes) -> list[Region]:
    payload = text.index(b"\n", text.index(b"\n") + 1)
    header = IN_HEADER.match(text)
    assert header, "the envelope's header begins with event_id and sent_at"
    found = [match for match in IN_PAYLOAD.finditer(text, payload) if match[1] == header[1]]
    assert len(found) == 1, "the payload names its own id once"
    return [Region(m.start(1), m.end(2), m.start(1), m.start(2)) for m in (header, found[0])]


def _compress(text: bytes, regions: list[Region]) -> tuple[bytes, list[int]]:
    """The gzip body, and where in it each region's bytes begin."""
    history = bytearray(text)
    for region in regions:
        history[region.event_id : region.event_id + 32] = PLACEHOLDER[:32]
        history[region.time : region.time + 27] = PLACEHOLDER[32:59]
    out, bases, position = bytearray(GZIP_HEAD), [], 0
    for region in regions:
        out += _deflate(text, history, position, region.start, last=False)
        length = region.end - region.start
        out += b"\x00" + struct.pack("<HH", length, length ^ 0xFFFF)
        bases.append(len(out))
        out += text[region.start : region.end]
        position = region.end
    out += _deflate(text, history, position, len(text), last=True)
    out += struct.pack("<II", zlib.crc32(text), len(text))
    return bytes(out), bases


def _deflate(text: bytes, history: bytearray, start: int, end: int, *, last: bool) -> bytes:
    if start == end and not last:
        return b""
    before = bytes(history[max(0, start - WINDOW) : start])
    dictionary = {"zdict": before} if before else {}
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, **dictionary)
    return deflate.compress(text[start:end]) + deflate.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


def read_recorded(path: Path) -> Iterator[bytes]:
    """The envelopes that `record` kept."""
    with path.open("rb") as file:
        while head := file.read(4):
            yield file.read(struct.unpack("<I", head)[0])


def read_packed(path: Path) -> Iterator[tuple[int, bytes]]:
    """The issue and the body of each record of a corpus."""
    with path.open("rb") as file:
        assert file.read(8) == b"ENVC0001"
        for _ in range(struct.unpack("<I", file.read(4))[0]):
            length, _, patches, issue = struct.unpack("<IIHH", file.read(12))
            file.seek(12 * patches, 1)
            yield issue, file.read(length)


def pack_all(directory: Path) -> Path:
    """Write `errors.envc` of what was recorded."""
    about = json.loads((directory / "errors.json").read_text())
    texts = list(read_recorded(directory / "errors.bin"))
    moved = dt.timedelta(seconds=time.time() - about["captured_at"])
    with ProcessPoolExecutor() as pool:
        records = list(pool.map(pack, texts, about["issues"], [moved] * len(texts), chunksize=50))
    packed = directory / "errors.envc"
    with packed.open("wb") as file:
        file.write(b"ENVC0001" + struct.pack("<I", len(records)) + b"".join(records))
    return packed


if __name__ == "__main__":
    print(pack_all(Path(sys.argv[1])))
