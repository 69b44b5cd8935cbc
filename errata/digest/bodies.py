"""Opening the compressed bodies of signals, which few steps need."""

import zstandard

from errata.core.limits import CONTAINER_BYTES_MAX
from errata.core.signal import Signal
from errata.ports.blobs import Blobs
from errata.ports.dictionaries import Dictionaries


class BodyLost(Exception):
    """A body can't be opened: its blob or its dictionary is missing, or it is damaged."""


class Bodies:
    """Opens bodies. Keeps the dictionaries it has met."""

    def __init__(self, *, dictionaries: Dictionaries, blobs: Blobs) -> None:
        self._dictionaries = dictionaries
        self._blobs = blobs
        self._decompressors: dict[int, zstandard.ZstdDecompressor] = {}

    def open(self, signal: Signal) -> bytes:
        """The payload as JSON. Raises BodyLost."""
        body = self._blobs.get(signal.blob) if signal.blob else signal.body
        if body is None:
            raise BodyLost(f"The blob {signal.blob} is missing.")
        try:
            return self._decompressor(signal.dictionary).decompress(body, max_output_size=CONTAINER_BYTES_MAX)
        except zstandard.ZstdError as error:
            raise BodyLost(f"The body is damaged: {error}") from error

    def _decompressor(self, number: int) -> zstandard.ZstdDecompressor:
        known = self._decompressors.get(number)
        if known:
            return known
        made = (
            zstandard.ZstdDecompressor(dict_data=self._dictionary(number)) if number else zstandard.ZstdDecompressor()
        )
        self._decompressors[number] = made
        return made

    def _dictionary(self, number: int) -> zstandard.ZstdCompressionDict:
        dictionary = self._dictionaries.get(number)
        if dictionary is None:
            raise BodyLost(f"The dictionary {number} is missing.")
        return zstandard.ZstdCompressionDict(dictionary)
