"""What others may hold of the digest's rows."""

from collections.abc import Sequence

import msgspec


class Range(msgspec.Struct, frozen=True):
    """The records of one journal behind `after`, up to and including `through`."""

    journal: str
    after: int
    through: int


class Place(msgspec.Struct, frozen=True):
    """How far a journal is digested, and, while a batch is being worked on, how far that batch reaches."""

    position: int
    pending_through: int | None


class Poison(msgspec.Struct, frozen=True):
    """A record that could not be digested, and why."""

    journal: str
    position: int
    record: bytes
    reason: str


class Advance(msgspec.Struct, frozen=True):
    """What a digested batch leaves behind, beside its counts."""

    ranges: Sequence[Range]
    seen: Sequence[int]
    poison: Sequence[Poison]
