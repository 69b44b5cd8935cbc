"""Where the digest is: the journals there are, and how far each is digested."""

from collections.abc import Mapping, Sequence
from time import monotonic, sleep

from errata.apps.digests import queries
from errata.apps.digests.types import Place, Range
from errata.digest.batch import Batch
from errata.digest.read import Gathering, is_whole, read_again
from errata.ports.journal import JournalReader, Journals

# How often new journals (a new worker's) are looked for: a listing of a directory, some 30 µs.
LOOK_S = 0.25
# Trimming in larger steps touches fewer pages twice; four batches are at most 32 MiB of disk.
TRIM_BATCHES = 4
# How long a writer takes to leave a journal that was found damaged, with room.
SALVAGE_S_MAX = 5.0


class Places:
    """The journals' readers beside the positions in the records. Asks the records once: only the digest moves them."""

    def __init__(self, journals: Journals) -> None:
        self._journals = journals
        self._readers: dict[str, JournalReader] = {}
        self._places: dict[str, Place] | None = None
        self._looked_s = -LOOK_S
        self._turn = 0
        self._untrimmed: dict[str, int] = {}
        self._batches = 0

    def begun(self) -> Batch | None:
        """On the first call, the batch that an earlier digest began and did not end."""
        if self._places is not None:
            return None
        self._look()
        places = queries.positions()
        begun = read_again(places, self._readers)
        if begun and not is_whole(begun):
            begun = self._read_when_salvaged(places)
        self._places = places
        return begun

    def gather(self, gathering: Gathering | None = None, *, records_max: int) -> Gathering:
        """Begin to gather a batch, or go on. Journals take turns at being the first."""
        assert self._places is not None
        self._look()
        gathering = gathering or Gathering(places=self._places, records_max=records_max)
        readers = list(self._readers.values())
        self._turn += 1
        start = self._turn % max(1, len(readers))
        gathering.extend(readers[start:] + readers[:start])
        return gathering

    def moved(self, ranges: Sequence[Range]) -> None:
        """Take note that these ranges are digested, and now and then let the journals forget them."""
        assert self._places is not None
        for r in ranges:
            self._places[r.journal] = Place(position=r.through, pending_through=None)
            self._untrimmed[r.journal] = r.through
        self._batches += 1
        if self._batches >= TRIM_BATCHES:
            self.trim()

    def trim(self) -> None:
        """Let the journals forget what is digested."""
        self._batches = 0
        while self._untrimmed:
            journal, through = self._untrimmed.popitem()
            if journal in self._readers:
                self._readers[journal].trim(through=through)

    def backlog(self) -> int:
        """Count what waits."""
        self._look()
        places = self._places or {}
        return sum(r.backlog(after=places[r.name].position if r.name in places else 0) for r in self._readers.values())

    def bytes_used(self) -> int:
        """Disk used by the journals."""
        return sum(reader.bytes_used() for reader in self._readers.values())

    def close(self) -> None:
        """Close the journals' readers."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        self._places = None

    def _read_when_salvaged(self, places: Mapping[str, Place]) -> Batch | None:
        """A damaged journal is salvaged once its writer has left it: give it a moment before what it lost is lost."""
        until_s = monotonic() + SALVAGE_S_MAX
        while True:
            sleep(LOOK_S)
            self._look()
            begun = read_again(places, self._readers)
            if begun is None or is_whole(begun) or monotonic() >= until_s:
                return begun

    def _look(self) -> None:
        if monotonic() - self._looked_s < LOOK_S:
            return
        self._looked_s = monotonic()
        self._readers = {reader.name: reader for reader in self._journals.readers()}
