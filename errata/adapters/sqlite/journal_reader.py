"""The digest's side of a journal: reads in order, forgets what is digested, gives the disk back."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import structlog

from errata.adapters.sqlite import journal_file
from errata.adapters.sqlite.journal_file import SUFFIX, Lock
from errata.adapters.sqlite.wreck import Wreck
from errata.ports.journal import Entry

# Rows a transaction of trimming: a few milliseconds during which the writer waits.
_TRIM_ROWS = 256
# Between two of them, so that a writer who waits gets its turn: SQLite's locks know no queue.
_TRIM_PAUSE_S = 0.002
# Below this the space of a drained journal is kept: it will be needed again in a moment.
_KEPT_BYTES_MAX = 1 * 2**20

log = structlog.get_logger(__name__)
T = TypeVar("T")


class SqliteJournalReader:
    """Reads one journal file, or what is left of it."""

    def __init__(self, path: Path) -> None:
        self.gone = False  # set aside, or never to be read again
        self._path = path
        self._lock = Lock(path)
        self._connection: sqlite3.Connection | None = None
        self._wreck: Wreck | None = None

    @property
    def name(self) -> str:
        """The journal's name: the worker's, and which of its files."""
        return self._path.name.removesuffix(SUFFIX)

    def read(self, *, after: int, limit: int, bytes_max: int) -> list[Entry]:
        """Return the entries behind position `after`, oldest first."""
        if self._wreck is None:
            found = self._if_sound(lambda c: _read(c, after, limit, bytes_max, self.name))
            if found is not None:
                return found
        return self._wreck.read(after=after, limit=limit, bytes_max=bytes_max) if self._wreck else []

    def trim(self, *, through: int) -> None:
        """Forget the entries up to and including `through`, and when none are left, give the disk space back."""
        if self._wreck is None:
            self._if_sound(lambda connection: self._trim(connection, through))
        elif through >= self._wreck.last:
            self._set_aside()

    def backlog(self, *, after: int) -> int:
        """Count the entries behind `after`."""
        if self._wreck is None:
            found = self._if_sound(lambda connection: _backlog(connection, after))
            if found is not None:
                return found
        return self._wreck.backlog(after=after) if self._wreck else 0

    def bytes_used(self) -> int:
        """Disk that the journal takes, its write-ahead log included."""
        paths = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(path.stat().st_size for path in paths if path.exists())

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._wreck is not None:
            self._wreck.close()
            self._wreck = None
        self._lock.release()

    def _if_sound(self, do: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do something with the file, or find it damaged and return None."""
        try:
            if self._connection is None and journal_file.is_condemned(self._path):
                self._salvage("it was found damaged before")
            elif self._connection is None:
                self._connection = _connect(self._path)
            if self._connection is not None:
                return do(self._connection)
        except sqlite3.DatabaseError as error:
            if journal_file.is_damage(error):
                self._salvage(str(error))
            elif self._path.exists():
                raise
        return None

    def _salvage(self, reason: str) -> None:
        """Read what can be read, as soon as nobody writes the file any more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        journal_file.condemn(self._path)
        if not self._lock.take():
            return  # Its writer will leave it within a second.
        self._wreck = Wreck(self._path)
        log.error(
            "journal damaged; going on with what can be read",
            journal=self.name,
            reason=reason,
            entries=len(self._wreck.positions),
        )
        if not self._wreck.positions:
            self._set_aside()

    def _set_aside(self) -> None:
        if self._wreck is not None:
            self._wreck.close()
        aside = journal_file.set_aside(self._path)
        self._lock.release()
        self.gone = True
        log.error("damaged journal set aside; delete it when it isn't needed", journal=self.name, file=str(aside))

    def _trim(self, connection: sqlite3.Connection, through: int) -> None:
        while (first := _first(connection)) is not None and first <= through:
            end = min(through, first + _TRIM_ROWS - 1)
            connection.execute("DELETE FROM entries WHERE position <= ?", (end,))
            time.sleep(_TRIM_PAUSE_S)
        # Without this the writer would do it, while its clients wait.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        if first is None and self.bytes_used() > _KEPT_BYTES_MAX:
            # Of an empty file this rewrites a few pages, however large it has become; incremental vacuum takes 100 µs
            # for each page. When the writer is in the way, the next time will do.
            with suppress(sqlite3.OperationalError):
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _connect(path: Path) -> sqlite3.Connection | None:
    """Open the file, or return None while its table isn't made."""
    connection = journal_file.connect(path, create=False)
    try:
        if journal_file.is_made(connection):
            # What is lost of a trim by a power cut is trimmed again; the writer's commits sync for both.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = OFF")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            return connection
    except sqlite3.Error:
        connection.close()
        raise
    connection.close()
    return None


def _read(connection: sqlite3.Connection, after: int, limit: int, bytes_max: int, name: str) -> list[Entry]:
    rows = connection.execute(
        "SELECT position, checksum, record FROM entries WHERE position > ? ORDER BY position", (after,)
    )
    entries: list[Entry] = []
    size = 0
    try:
        for position, checksum, record in rows:
            if journal_file.checksum(record) != checksum:
                log.error("journal entry damaged and left out", journal=name, position=position)
                continue
            size += len(record)
            if entries and size > bytes_max:
                break
            entries.append(Entry(position, record))
            if len(entries) == limit:
                break
    except sqlite3.DatabaseError as error:
        if not entries or not journal_file.is_damage(error):
            raise
        # What comes before the damage is good; the next read meets the damage itself.
    finally:
        rows.close()
    return entries


def _backlog(connection: sqlite3.Connection, after: int) -> int:
    # Positions of one file have no gaps, and counting rows would read every page of what may be gigabytes.
    first = _first(connection)
    last = connection.execute("SELECT max(position) FROM entries").fetchone()[0]
    return 0 if first is None else max(0, last - max(after, first - 1))


def _first(connection: sqlite3.Connection) -> int | None:
    first: int | None = connection.execute("SELECT min(position) FROM entries").fetchone()[0]
    return first
