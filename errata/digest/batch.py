"""What one turn works on."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from errata.apps.digests.types import Poison, Range
from errata.core.signal import Signal
from errata.ports.journal import Entry


class Batch(msgspec.Struct, frozen=True):
    """A range of each of several journals, and the entries found in them, oldest first in each."""

    ranges: Sequence[Range]
    entries: Sequence[tuple[str, Entry]]

    @property
    def token(self) -> str:
        """What makes a second insert of the same ranges a no-op: made of them, never of what was found there."""
        return ";".join(f"{r.journal}:{r.after}:{r.through}" for r in sorted(self.ranges, key=lambda r: r.journal))

    def first(self) -> "Batch":
        """The first record as a batch of its own."""
        journal, entry = self.entries[0]
        after = next(r.after for r in self.ranges if r.journal == journal)
        return Batch(ranges=[Range(journal=journal, after=after, through=entry.position)], entries=[(journal, entry)])


class Item(NamedTuple):
    """A decoded signal, and the journal entry it came from."""

    journal: str
    entry: Entry
    signal: Signal

    def poison(self, reason: str) -> Poison:
        """Set it aside, whole, with the reason."""
        return Poison(journal=self.journal, position=self.entry.position, record=self.entry.record, reason=reason)
