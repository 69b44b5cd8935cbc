"""Bodies are compressed once, here, and stay so until somebody looks at them."""

import threading
from typing import NamedTuple

import zstandard

from errata.ports.dictionaries import Dictionaries

LEVEL = 3
# Level 3 with smaller tables, for bodies with a dictionary. zstd copies the dictionary's tables for each body, and the
# level's own are half a megabyte: of 107 µs for 46 kB of event, 44 went there. The size is the same (3.19 kB): most of
# a body is found in the dictionary anyway.
_WITH_DICTIONARY = zstandard.ZstdCompressionParameters.from_level(
    LEVEL, strategy=zstandard.STRATEGY_DFAST, hash_log=15, chain_log=12, min_match=6
)
# A prepared dictionary takes some 300 kB.
_PREPARED_MAX = 64


class Compressed(NamedTuple):
    body: bytes
    dictionary: int  # 0 = none


class Compressor:
    """Compresses with a project's dictionary once that is prepared, plainly until then. Any thread may use it."""

    def __init__(self, dictionaries: Dictionaries) -> None:
        self._dictionaries = dictionaries
        self._prepared: dict[int, zstandard.ZstdCompressionDict] = {}
        self._wanted: set[int] = set()
        self._local = threading.local()  # A compressor serves one thread at a time.

    def compress(self, body: bytes, *, dictionary: int = 0) -> Compressed:
        """Compress a body. Never waits for a dictionary."""
        if dictionary and dictionary not in self._prepared:
            self._wanted.add(dictionary)
            dictionary = 0
        return Compressed(self._compressor(dictionary).compress(body), dictionary)

    def prepare(self) -> None:
        """Make ready the dictionaries that were asked for.

        Takes milliseconds and may read the records: not for the event loop.
        """
        while self._wanted:
            number = self._wanted.pop()
            found = self._dictionaries.get(number)
            if found is not None:
                prepared = zstandard.ZstdCompressionDict(found)
                prepared.precompute_compress(compression_params=_WITH_DICTIONARY)
                self._keep(number, prepared)

    def _keep(self, number: int, prepared: zstandard.ZstdCompressionDict) -> None:
        if len(self._prepared) >= _PREPARED_MAX:
            # Numbers grow: the lowest is the oldest, and most likely replaced.
            self._prepared.pop(min(self._prepared), None)
        self._prepared[number] = prepared

    def _compressor(self, number: int) -> zstandard.ZstdCompressor:
        known: dict[int, zstandard.ZstdCompressor] = self._local.__dict__.setdefault("compressors", {})
        found = known.get(number)
        if found is None:
            for gone in [n for n in known if n and n not in self._prepared]:
                del known[gone]
            found = known[number] = _compressor(self._prepared.get(number))
        return found


def _compressor(dictionary: zstandard.ZstdCompressionDict | None) -> zstandard.ZstdCompressor:
    if dictionary is None:
        return zstandard.ZstdCompressor(level=LEVEL)
    return zstandard.ZstdCompressor(compression_params=_WITH_DICTIONARY, dict_data=dictionary)
