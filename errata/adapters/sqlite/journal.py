"""The embedded journals: one SQLite file for each intake worker.

    worker-1.sqlite3    entries(position, checksum, record), WAL, written by one process and read by another
    worker-1.lock       held by the process that writes it
    worker-1~2.sqlite3  the worker's second file, begun when its first was found damaged

A damaged file is left as it is: its writer goes on in the next one, and its reader serves what can still be read
(wreck.py) until all of that is digested, then sets the file aside as `worker-1.sqlite3.damaged`.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from errata.adapters.sqlite.journal_file import SUFFIX
from errata.adapters.sqlite.journal_reader import SqliteJournalReader
from errata.adapters.sqlite.journal_writer import SqliteJournalWriter


class SqliteJournals:
    """All journals in a directory, those of workers that no longer exist included."""

    def __init__(self, directory: Path, *, bytes_max: int, free_bytes_min: int, clock: Callable[[], datetime]) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._bytes_max = bytes_max
        self._free_bytes_min = free_bytes_min
        self._clock = clock
        self._readers: dict[Path, SqliteJournalReader] = {}

    def writer(self, name: str) -> SqliteJournalWriter:
        """Open the journal of this name for writing. Raise JournalInUse when another process has it."""
        return SqliteJournalWriter(
            self._directory,
            name,
            bytes_max=self._bytes_max,
            free_bytes_min=self._free_bytes_min,
            clock=self._clock,
        )

    def readers(self) -> list[SqliteJournalReader]:
        """The readers of all journals there are now. The same reader each time for the same journal."""
        paths = sorted(self._directory.glob(f"*{SUFFIX}"))
        for path in [path for path, reader in self._readers.items() if reader.gone or path not in paths]:
            self._readers.pop(path).close()
        for path in paths:
            if path not in self._readers:
                self._readers[path] = SqliteJournalReader(path)
        return [self._readers[path] for path in paths]
