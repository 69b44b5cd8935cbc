"""Journals in memory, for tests: the same contract, gone with the process."""

import threading
from collections.abc import Sequence
from itertools import islice

from errata.ports.journal import Done, Entry, JournalFull, JournalInUse, JournalUnavailable


class _Log:
    """The entries of one journal."""

    def __init__(self, name: str, bytes_max: int) -> None:
        self.name = name
        self.bytes_max = bytes_max
        self.entries: dict[int, bytes] = {}
        self.size = 0
        self.last = 0
        self.is_written = False
        self.lock = threading.Lock()


class MemoryJournalWriter:
    """Appends at once: memory needs no group."""

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._closed = False

    def append(self, records: Sequence[bytes]) -> None:
        """Append all records in order. Raise JournalUnavailable."""
        log, size = self._log, sum(map(len, records))
        if self._closed:
            raise JournalUnavailable("The journal is closed.")
        with log.lock:
            if log.size + size > log.bytes_max:
                raise JournalFull(f"The journal {log.name} has reached its limit of {log.bytes_max} bytes.")
            for record in records:
                log.last += 1
                log.entries[log.last] = record
            log.size += size

    def submit(self, records: Sequence[bytes], *, done: Done) -> None:
        """Append, and tell `done`."""
        try:
            self.append(records)
        except JournalUnavailable as error:
            done(error)
        else:
            done(None)

    def close(self) -> None:
        """Let go of the journal."""
        if not self._closed:
            self._closed = True
            self._log.is_written = False


class MemoryJournalReader:
    """Reads one journal."""

    def __init__(self, log: _Log) -> None:
        self._log = log

    @property
    def name(self) -> str:
        """The journal's name."""
        return self._log.name

    def read(self, *, after: int, limit: int, bytes_max: int) -> list[Entry]:
        """Return the entries behind position `after`, oldest first."""
        entries: list[Entry] = []
        size = 0
        with self._log.lock:
            for position, record in islice(((p, r) for p, r in self._log.entries.items() if p > after), limit):
                size += len(record)
                if entries and size > bytes_max:
                    break
                entries.append(Entry(position, record))
        return entries

    def trim(self, *, through: int) -> None:
        """Forget the entries up to and including `through`."""
        with self._log.lock:
            for position in [position for position in self._log.entries if position <= through]:
                self._log.size -= len(self._log.entries.pop(position))

    def backlog(self, *, after: int) -> int:
        """Count the entries behind `after`."""
        with self._log.lock:
            return sum(position > after for position in self._log.entries)

    def bytes_used(self) -> int:
        """Memory that the records take."""
        return self._log.size

    def close(self) -> None:
        """Nothing is held."""


class MemoryJournals:
    """All journals of this process."""

    def __init__(self, *, bytes_max: int = 64 * 2**20) -> None:
        self._bytes_max = bytes_max
        self._logs: dict[str, _Log] = {}
        self._readers: dict[str, MemoryJournalReader] = {}

    def writer(self, name: str) -> MemoryJournalWriter:
        """Open the journal of this name for writing. Raise JournalInUse when it is written already."""
        log = self._logs.setdefault(name, _Log(name, self._bytes_max))
        if log.is_written:
            raise JournalInUse(f"The journal {name} is written by another process.")
        log.is_written = True
        return MemoryJournalWriter(log)

    def readers(self) -> list[MemoryJournalReader]:
        """The readers of all journals."""
        return [self._readers.setdefault(name, MemoryJournalReader(log)) for name, log in sorted(self._logs.items())]
