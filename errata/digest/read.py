"""The first step: which records are next."""

from collections.abc import Mapping, Sequence

from errata.apps.digests.types import Place, Range
from errata.digest.batch import Batch
from errata.ports.journal import Entry, JournalReader

# What pays for a turn's fixed costs (three fsyncs, one part in the event store: some 30 ms) and still bounds memory and
# the time others wait for the records' write lock.
BATCH_RECORDS_MAX = 2_000
BATCH_BYTES_MAX = 8 * 2**20


class Gathering:
    """A batch while it grows: what each journal holds behind what is digested, until the batch is full."""

    def __init__(self, *, places: Mapping[str, Place], records_max: int = BATCH_RECORDS_MAX) -> None:
        self._places = places
        self._records_left = records_max
        self._bytes_left = BATCH_BYTES_MAX
        self._entries: dict[str, list[Entry]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    @property
    def full(self) -> bool:
        """Whether more would not fit."""
        return self._records_left <= 0 or self._bytes_left <= 0

    def extend(self, readers: Sequence[JournalReader]) -> None:
        """Read on in each journal. Each may fill its share of what is left; the last ones also what others left."""
        for index, reader in enumerate(readers):
            if self.full:
                return
            sharers = len(readers) - index
            found = reader.read(
                after=self._last(reader.name),
                limit=-(-self._records_left // sharers),
                bytes_max=-(-self._bytes_left // sharers),
            )
            if found:
                self._take(reader.name, found)

    def batch(self) -> Batch | None:
        """What was gathered, or None."""
        if not self._entries:
            return None
        ranges = [
            Range(journal=name, after=self._after(name), through=found[-1].position)
            for name, found in self._entries.items()
        ]
        return Batch(ranges=ranges, entries=[(name, e) for name, found in self._entries.items() for e in found])

    def _take(self, name: str, found: Sequence[Entry]) -> None:
        self._entries.setdefault(name, []).extend(found)
        self._records_left -= len(found)
        self._bytes_left -= sum(len(entry.record) for entry in found)

    def _last(self, name: str) -> int:
        found = self._entries.get(name)
        return found[-1].position if found else self._after(name)

    def _after(self, name: str) -> int:
        place = self._places.get(name)
        return place.position if place else 0


def read_again(places: Mapping[str, Place], readers: Mapping[str, JournalReader]) -> Batch | None:
    """The batch that was being worked on when the last digest ended, or None. A journal that is gone yields nothing."""
    ranges = [
        Range(journal=name, after=place.position, through=place.pending_through)
        for name, place in sorted(places.items())
        if place.pending_through is not None
    ]
    if not ranges:
        return None
    entries = [(r.journal, e) for r in ranges if r.journal in readers for e in _whole(readers[r.journal], r)]
    return Batch(ranges=ranges, entries=entries)


def is_whole(batch: Batch) -> bool:
    """Whether the end of each range was found. Else a journal is missing, or damaged and not readable yet."""
    found = {journal: entry.position for journal, entry in batch.entries}
    return all(found.get(r.journal) == r.through for r in batch.ranges)


def _whole(reader: JournalReader, wanted: Range) -> list[Entry]:
    entries: list[Entry] = []
    after = wanted.after
    while after < wanted.through:
        found = reader.read(after=after, limit=BATCH_RECORDS_MAX, bytes_max=BATCH_BYTES_MAX)
        if not found:
            break
        entries += [entry for entry in found if entry.position <= wanted.through]
        after = found[-1].position
    return entries
