"""What writer and reader of a journal file must agree on."""

import fcntl
import os
import sqlite3
from pathlib import Path

from isal import isal_zlib

SUFFIX = ".sqlite3"
# Two records of 3 kB to a page. A commit writes whole pages, those of the tree above them included: with 16 kB, which
# lose less at their ends, a commit of eight records took half as much processor time again.
PAGE_BYTES = 8_192
# How long to wait for the other side's lock. It is held for a chunk of trimming or a group's fsync: milliseconds.
BUSY_S = 10.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, trimmed or not
    checksum INTEGER NOT NULL, -- CRC-32 of the record: SQLite itself doesn't notice a flipped bit in a blob
    record BLOB NOT NULL
)
"""


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a journal file."""
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def make(connection: sqlite3.Connection, *, first_position: int) -> None:
    """Make the table, unless it is there. A new one begins at a position of its own."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if not is_made(connection):
        connection.execute(_SCHEMA)
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', ?)", (first_position - 1,))
    connection.execute("COMMIT")


def is_made(connection: sqlite3.Connection) -> bool:
    """Whether the table is there: a worker may have ended between making the file and making the table."""
    return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'entries'").fetchone())


def checksum(record: bytes) -> int:
    """The CRC-32 of a record."""
    return int(isal_zlib.crc32(record))


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the error says that the file is broken, rather than busy, full or unreachable."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or code == sqlite3.SQLITE_IOERR_SHORT_READ


def condemn(path: Path) -> None:
    """Mark a journal as damaged, so that its writer goes on elsewhere."""
    _mark(path).touch()


def is_condemned(path: Path) -> bool:
    """Whether somebody found the journal damaged."""
    return _mark(path).exists()


def set_aside(path: Path) -> Path:
    """Rename a damaged journal so that nobody reads it again, and return where it is now."""
    aside = path.with_name(f"{path.name}.damaged")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists():
        wal.rename(f"{aside}-wal")
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    path.rename(aside)
    _mark(path).unlink(missing_ok=True)
    return aside


def _mark(path: Path) -> Path:
    return path.with_suffix(".condemned")


class Lock:
    """A journal's lock: the kernel lets go of it when its holder ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_suffix(".lock")
        self._descriptor = -1

    def take(self) -> bool:
        """Take the lock, unless another process (or another part of this one) has it. Return whether it is ours."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
