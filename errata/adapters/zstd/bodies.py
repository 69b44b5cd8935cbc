"""Bodies as they are stored, opened again."""

import threading

import zstandard

from errata.ports.dictionaries import Dictionaries


class DictionaryMissing(Exception):
    """A body names a dictionary that the records don't have: it was compressed for another installation."""


class Bodies:
    """Decompresses bodies, each with the dictionary it names. Safe to share between threads."""

    def __init__(self, dictionaries: Dictionaries) -> None:
        self._dictionaries = dictionaries
        # A decompressor serves one thread at a time, and its digested dictionary takes a millisecond to build.
        self._local = threading.local()

    def open(self, body: bytes, *, dictionary: int, size: int) -> bytes:
        """Decompress a body of `size` bytes."""
        if not body:
            return b""
        return self._decompressor(dictionary).decompress(body, max_output_size=size)

    def _decompressor(self, number: int) -> zstandard.ZstdDecompressor:
        known: dict[int, zstandard.ZstdDecompressor] = self._local.__dict__.setdefault("decompressors", {})
        if number not in known:
            known[number] = zstandard.ZstdDecompressor(dict_data=self._dictionary(number))
        return known[number]

    def _dictionary(self, number: int) -> zstandard.ZstdCompressionDict | None:
        if not number:
            return None
        found = self._dictionaries.get(number)
        if found is None:
            msg = f"The zstd dictionary {number} is not among the records: restore the backup they came with."
            raise DictionaryMissing(msg)
        return zstandard.ZstdCompressionDict(found)
