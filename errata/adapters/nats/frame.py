"""How records travel: a frame is what one append (or several that came together) keeps whole or not at all.

JetStream stores and syncs message by message, so a frame is one message: one sync for all its records. Only what is
larger than a message may be is cut into parts; a frame whose parts are not all there was never acknowledged.
"""

from collections.abc import Sequence

import msgspec


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One message."""

    writer: str  # one life of one writer
    first: int  # position of the frame's first record; the others follow without a gap
    before: int  # records that the journal has had before them
    count: int  # records in the frame
    number: int  # of this part, from 0
    parts: int  # in the frame
    body: bytes

    @property
    def last(self) -> int:
        """The position of the frame's last record."""
        return self.first + self.count - 1

    def is_of_same_frame(self, other: "Part | None") -> bool:
        """Whether both are parts of one frame."""
        return other is not None and (self.writer, self.first) == (other.writer, other.first)


def cut(records: Sequence[bytes], *, writer: str, first: int, before: int, bytes_max: int) -> list[Part]:
    """Make the messages of a frame, none with more than so many bytes of it."""
    body = _encoder.encode(records)
    count = max(1, -(-len(body) // bytes_max))
    return [
        Part(
            writer=writer,
            first=first,
            before=before,
            count=len(records),
            number=number,
            parts=count,
            body=body[number * bytes_max : (number + 1) * bytes_max],
        )
        for number in range(count)
    ]


def join(parts: Sequence[Part]) -> list[bytes]:
    """Return the records of a frame."""
    return _records.decode(b"".join([part.body for part in parts]))


def encode(part: Part) -> bytes:
    """Make a message."""
    return _encoder.encode(part)


def decode(message: bytes) -> Part:
    """Read a message."""
    return _parts.decode(message)


_encoder = msgspec.msgpack.Encoder()
_parts = msgspec.msgpack.Decoder(Part)
_records = msgspec.msgpack.Decoder(list[bytes])
