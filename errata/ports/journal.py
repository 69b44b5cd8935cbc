"""The durable, ordered hand-off between intake and digest."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    position: int  # grows within one journal; never used again
    record: bytes


class JournalUnavailable(Exception):
    """Nothing can be appended or read now; intake answers 503.

    Nothing of the records is kept, unless it was a server's answer that was lost.
    """


class JournalFull(JournalUnavailable):
    """The hard cap, or the disk, is reached: it lasts until digest has caught up or space is freed."""


class JournalInUse(Exception):
    """Another process writes this journal: two must not."""


Done = Callable[[JournalUnavailable | None], None]


class JournalWriter(Protocol):
    """One writer per intake worker. Thread-safe. What one call appends is kept whole or not at all."""

    def append(self, records: Sequence[bytes]) -> None:
        """Append all records in order, sharing an fsync with other callers, and return once they are on disk.

        Raise JournalUnavailable.
        """

    def submit(self, records: Sequence[bytes], *, done: Done) -> None:
        """Append without waiting.

        `done` is called once, in any thread, when the records are on disk or can't be. It must be quick and not raise.
        """

    def close(self) -> None:
        """Append what was submitted, then let go of the journal."""


class JournalReader(Protocol):
    """The digest's side of one journal. For one thread."""

    @property
    def name(self) -> str: ...

    def read(self, *, after: int, limit: int, bytes_max: int) -> list[Entry]:
        """Return the entries behind position `after`, oldest first; never an entry that is not durable.

        When there is one, at least one, whatever its size.
        """

    def trim(self, *, through: int) -> None:
        """Forget the entries up to and including `through`: they are digested."""

    def backlog(self, *, after: int) -> int:
        """Count the entries behind `after`."""

    def bytes_used(self) -> int:
        """Disk (or memory) that the journal takes."""

    def close(self) -> None: ...


class Journals(Protocol):
    """All journals of this installation: one a worker, and those that past workers left."""

    def writer(self, name: str) -> JournalWriter:
        """Open the journal of this name for writing. Raise JournalInUse when another process has it."""

    def readers(self) -> Sequence[JournalReader]:
        """The readers of all journals there are now. The same reader each time for the same journal."""
