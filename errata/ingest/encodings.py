"""Content-Encoding → bytes, never more of them than the cap.

Most bodies are gzip of less than 100 kB. libdeflate takes 39 µs for the 48 kB of an ordinary event where isal takes 91
and zlib 130, but it wants to know the size beforehand. The trailer says it; whoever lies there gets the streaming way.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import cast

import brotli
import deflate
import zstandard
from isal import isal_zlib

from errata.core.errors import Refusal

_IsalError = cast("type[Exception]", isal_zlib.error)  # Its stub says that it is an exception, not a class.

_CHUNK_BYTES = 256 * 2**10
# No deflate stream unfolds further than this; a trailer that says so is not worth an allocation.
_DEFLATE_RATIO_MAX = 1_032
_GZIP_WBITS = 31
_ZLIB_WBITS = 15
_RAW_WBITS = -15
# A window of 8 MiB is what RFC 8878 recommends to support; larger ones are for archives.
_ZSTD_WINDOW_BYTES_MAX = 8 * 2**20
# zstandard offers no cap on what comes out, only on what goes in: 4 bytes unfold to 128 KiB at most, so this to 32 MiB.
_ZSTD_CHUNK_BYTES = 2**10


class EncodingUnknown(Refusal):
    """The Content-Encoding is none that can be read."""

    code = "unsupported_encoding"
    status = 415


class EncodingBroken(Refusal):
    """The body is not what its Content-Encoding says."""

    code = "invalid_encoding"
    status = 400


class Overflow(Refusal):
    """The body unfolds to more than is accepted."""

    code = "too_large"
    status = 413


def decompress(body: bytes, *, encoding: str, bytes_max: int) -> bytes:
    """Undo the Content-Encoding. Raise EncodingUnknown, EncodingBroken, or Overflow before unfolding far too much."""
    encoding = encoding.strip().lower()
    if encoding in _IDENTITY:
        return _checked(body, bytes_max)
    decoder = _DECODERS.get(encoding)
    if decoder is None:
        msg = f"The Content-Encoding {encoding[:40]!r} is not supported. Use gzip, deflate, br, zstd or none."
        raise EncodingUnknown(msg)
    try:
        return decoder(body, bytes_max)
    except (_IsalError, brotli.error, zstandard.ZstdError, EOFError) as error:
        if body[:1] == b"{":  # A proxy has undone the encoding and left the header.
            return _checked(body, bytes_max)
        msg = f"The body can't be decompressed as {encoding}: {error}."
        raise EncodingBroken(msg) from None


def _checked(body: bytes, bytes_max: int) -> bytes:
    if len(body) > bytes_max:
        raise _overflow(bytes_max)
    return body


def _overflow(bytes_max: int) -> Overflow:
    return Overflow(f"The body unfolds to more than {bytes_max} bytes.", bytes_max=bytes_max)


def _gzip(body: bytes, bytes_max: int) -> bytes:
    size = int.from_bytes(body[-4:], "little")
    if 0 < size <= min(bytes_max, len(body) * _DEFLATE_RATIO_MAX):
        # A wrong size, several members, something behind the last, or really broken: the other way will tell.
        with suppress(deflate.DeflateError):
            whole = bytes(deflate.gzip_decompress(body, size))
            # It stops behind the first member; the trailer is the last one's.
            if len(whole) == size and deflate.crc32(whole) == int.from_bytes(body[-8:-4], "little"):
                return whole
    return _gzip_members(body, bytes_max)


def _gzip_members(body: bytes, bytes_max: int) -> bytes:
    whole = b""
    while body.startswith(b"\x1f\x8b") or not whole:
        part, body = _inflate(body, _GZIP_WBITS, bytes_max - len(whole))
        whole += part
        if not part and not body:
            break
    return whole


def _deflate(body: bytes, bytes_max: int) -> bytes:
    try:
        return _inflate(body, _ZLIB_WBITS, bytes_max)[0]
    except _IsalError:
        # The name means zlib's wrapping; some have always sent the bare stream.
        return _inflate(body, _RAW_WBITS, bytes_max)[0]


def _inflate(body: bytes, wbits: int, bytes_max: int) -> tuple[bytes, bytes]:
    """The stream's content, and what comes behind it."""
    inflater = isal_zlib.decompressobj(wbits)
    parts: list[bytes] = []
    size = 0
    while not inflater.eof:
        part = inflater.decompress(body, _CHUNK_BYTES)
        body = inflater.unconsumed_tail
        size += len(part)
        if size > bytes_max:
            raise _overflow(bytes_max)
        parts.append(part)
        if not part and not body and not inflater.eof:
            msg = "the stream is cut off"
            raise EOFError(msg)
    return b"".join(parts), inflater.unused_data


def _brotli(body: bytes, bytes_max: int) -> bytes:
    decompressor = brotli.Decompressor()
    parts = [decompressor.process(body, output_buffer_limit=_CHUNK_BYTES)]
    size = len(parts[0])
    while not decompressor.is_finished():
        part = decompressor.process(b"", output_buffer_limit=_CHUNK_BYTES)
        size += len(part)
        if size > bytes_max:
            raise _overflow(bytes_max)
        if not part and decompressor.can_accept_more_data():
            msg = "the stream is cut off"
            raise EOFError(msg)
        parts.append(part)
    if size > bytes_max:
        raise _overflow(bytes_max)
    return b"".join(parts)


def _zstd(body: bytes, bytes_max: int) -> bytes:
    inflater = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX).decompressobj()
    parts: list[bytes] = []
    size = 0
    for at in range(0, len(body), _ZSTD_CHUNK_BYTES):
        if inflater.eof:
            break
        parts.append(inflater.decompress(body[at : at + _ZSTD_CHUNK_BYTES]))
        size += len(parts[-1])
        if size > bytes_max:
            raise _overflow(bytes_max)
    if not inflater.eof:
        msg = "the stream is cut off"
        raise EOFError(msg)
    return b"".join(parts)


_IDENTITY = frozenset({"", "identity"})
_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
