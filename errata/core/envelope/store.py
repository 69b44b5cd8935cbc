"""Bodies of the older `/store/` endpoint: one event, as JSON or as base64 of zlib, or an envelope after all."""

import base64
import binascii
import codecs
import zlib

from errata.core.envelope.split import Envelope, Item, split
from errata.core.errors import Refusal

ENVELOPE_TYPE = "application/x-sentry-envelope"


class MalformedStoreBody(Refusal):
    """The body is neither JSON, nor base64 of zlib-compressed JSON, nor an envelope."""

    code = "malformed_store_body"
    status = 400


class StoreBodyTooLarge(Refusal):
    """The body is larger than is accepted once it is decompressed."""

    code = "store_body_too_large"
    status = 413


def split_store(body: bytes, *, content_type: str, bytes_max: int) -> Envelope:
    """Read a `/store/` body (already rid of its Content-Encoding) as an envelope with one event item."""
    if content_type.startswith(ENVELOPE_TYPE):
        return split(body)
    body = body.removeprefix(codecs.BOM_UTF8)  # as in an envelope, where decoding takes it away
    event = body if body.lstrip()[:1] == b"{" else inflate_base64(body, bytes_max=bytes_max)
    return Envelope({}, [Item("event", {"type": "event"}, event, 0, len(event))], [])


def inflate_base64(body: bytes, *, bytes_max: int) -> bytes:
    """Decode base64 of zlib, never inflating beyond `bytes_max`."""
    try:
        packed = base64.b64decode(body.translate(None, b" \t\r\n"), validate=True)
        inflater = zlib.decompressobj()
        # One byte more than allowed tells "exactly full" from "too much".
        inflated = inflater.decompress(packed, bytes_max + 1)
    except (binascii.Error, zlib.error):
        msg = "The body is neither a JSON object nor base64 of zlib-compressed JSON."
        raise MalformedStoreBody(msg) from None
    if len(inflated) > bytes_max:
        msg = f"The body is larger than {bytes_max} bytes when decompressed."
        raise StoreBodyTooLarge(msg, bytes_max=bytes_max)
    if not inflater.eof:
        msg = "The zlib stream in the body is cut off."
        raise MalformedStoreBody(msg)
    return inflated
