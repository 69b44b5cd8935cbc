"""What can still be read of a damaged journal file, by its pages rather than through SQLite.

SQLite gives up at the first page without sense; here each page speaks for itself. The format is the documented one
(sqlite.org/fileformat2.html), and a record counts only when its checksum matches: nothing made up is ever returned.
Pages that SQLite has freed may yield entries that are digested long since: their positions say so.
"""

import mmap
import struct
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from errata.adapters.sqlite.journal_file import PAGE_BYTES, checksum
from errata.ports.journal import Entry

_LEAF = 0x0D  # a leaf of a table
_FILE_HEADER_BYTES = 100
_WAL_HEADER = struct.Struct(">IIIIIIII")
_FRAME_HEADER = struct.Struct(">IIIIII")
_WAL_MAGICS = (0x377F0682, 0x377F0683)
_MAGIC = b"SQLite format 3\0"
_PAGE_SIZES = tuple(2**power for power in range(9, 17))


class _Unreadable(Exception):
    """These bytes are not what they should be."""


class _Place(NamedTuple):
    page: int  # where the page begins, in the two files laid end to end
    cell: int  # where the entry begins within it


class Wreck:
    """A damaged journal, open for reading. Nobody may write it meanwhile."""

    def __init__(self, path: Path) -> None:
        main, wal = _map(path), _map(path.with_name(f"{path.name}-wal"))
        self._main, self._wal = main, wal
        self._page_bytes = _page_bytes(main, wal)
        self._newest = dict(self._frames())  # page number → where its newest version begins in the write-ahead log
        self._places: dict[int, _Place] = {}
        whole = range(0, len(main) - self._page_bytes + 1, self._page_bytes)
        for page in [*whole, *(len(main) + at for _, at in self._frames())]:
            self._scan(page)
        self.positions = sorted(self._places)

    @property
    def last(self) -> int:
        """The last position there is, or -1."""
        return self.positions[-1] if self.positions else -1

    def read(self, *, after: int, limit: int, bytes_max: int) -> list[Entry]:
        """Return the entries behind position `after`, oldest first."""
        entries: list[Entry] = []
        size = 0
        start = bisect_right(self.positions, after)
        for position in self.positions[start : start + limit]:
            entry = self._entry(self._places[position])
            size += len(entry.record)
            if entries and size > bytes_max:
                break
            entries.append(entry)
        return entries

    def backlog(self, *, after: int) -> int:
        """Count the entries behind `after`."""
        return len(self.positions) - bisect_right(self.positions, after)

    def close(self) -> None:
        """Let go of the files."""
        for mapped in (self._main, self._wal):
            if isinstance(mapped, mmap.mmap):
                mapped.close()

    def _frames(self) -> Iterator[tuple[int, int]]:
        """The pages of the write-ahead log: (page number, where it begins), oldest first."""
        wal = self._wal
        if len(wal) < _WAL_HEADER.size:
            return
        magic, _, _, _, *salt, _, _ = _WAL_HEADER.unpack_from(wal)
        step = _FRAME_HEADER.size + self._page_bytes
        for at in range(_WAL_HEADER.size, len(wal) - step + 1, step):
            number, _, *its_salt, _, _ = _FRAME_HEADER.unpack_from(wal, at)
            # Frames with another salt are leftovers from before the log was begun anew.
            if magic not in _WAL_MAGICS or its_salt == salt:
                yield number, at + _FRAME_HEADER.size

    def _scan(self, page: int) -> None:
        header = _FILE_HEADER_BYTES if page == 0 else 0
        data = self._page(page)
        if data[header] != _LEAF:
            return
        cells = int.from_bytes(data[header + 3 : header + 5], "big")
        pointers = data[header + 8 : header + 8 + 2 * cells]
        for at in range(0, len(pointers) - 1, 2):
            place = _Place(page, int.from_bytes(pointers[at : at + 2], "big"))
            with suppress(_Unreadable):
                self._places[self._entry(place).position] = place

    def _entry(self, place: _Place) -> Entry:
        data = self._page(place.page)
        size, at = _varint(data, place.cell)
        position, at = _varint(data, at)
        local = _local_bytes(size, self._page_bytes)
        payload = data[at : at + local]
        if local < size:
            payload += self._overflow(int.from_bytes(data[at + local : at + local + 4], "big"), size - local)
        return Entry(position, _record(payload))

    def _overflow(self, number: int, size: int) -> bytes:
        parts: list[bytes] = []
        while size > 0:
            data = self._numbered(number)
            parts.append(data[4 : 4 + size])
            size -= self._page_bytes - 4
            number = int.from_bytes(data[:4], "big")
        return b"".join(parts)

    def _numbered(self, number: int) -> bytes:
        newest = self._newest.get(number)
        at = (number - 1) * self._page_bytes if newest is None else len(self._main) + newest
        if at < 0 or (newest is None and at + self._page_bytes > len(self._main)):
            raise _Unreadable
        return self._page(at)

    def _page(self, at: int) -> bytes:
        beyond, size = at - len(self._main), self._page_bytes
        return self._wal[beyond : beyond + size] if beyond >= 0 else self._main[at : at + size]


def _map(path: Path) -> mmap.mmap | bytes:
    if not path.exists() or path.stat().st_size == 0:
        return b""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _page_bytes(main: mmap.mmap | bytes, wal: mmap.mmap | bytes) -> int:
    """The size of a page, as either file's header tells, or else that of the files we make now."""
    told = [int.from_bytes(wal[8:12], "big")]
    if main[: len(_MAGIC)] == _MAGIC:
        told.insert(0, int.from_bytes(main[16:18], "big"))
    return next((size for size in told if size in _PAGE_SIZES), PAGE_BYTES)


def _record(payload: bytes) -> bytes:
    """The record column of a row (position, checksum, record), if its checksum matches."""
    header_size, at = _varint(payload, 0)
    _, at = _varint(payload, at)  # the position: NULL, since it is the row's own number
    sum_type, at = _varint(payload, at)
    record_type, at = _varint(payload, at)
    sum_size = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}.get(sum_type)
    if at != header_size or sum_size is None or record_type < 12 or record_type % 2:
        raise _Unreadable
    start = header_size + sum_size
    record = payload[start : start + (record_type - 12) // 2]
    expected = sum_type - 8 if sum_size == 0 else int.from_bytes(payload[header_size:start], "big", signed=True)
    if len(record) != (record_type - 12) // 2 or checksum(record) != expected:
        raise _Unreadable
    return record


def _local_bytes(size: int, page_bytes: int) -> int:
    """How much of a record stays in its leaf, by the format's formula."""
    most, least = page_bytes - 35, (page_bytes - 12) * 32 // 255 - 23
    if size <= most:
        return size
    local = least + (size - least) % (page_bytes - 4)
    return local if local <= most else least


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        if at + index >= len(data):
            raise _Unreadable
        byte = data[at + index]
        if index == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    raise _Unreadable
