"""The intake worker's side of a journal: a thread that commits what has come together since its last commit."""

import os
import re
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

import structlog

from errata.adapters.sqlite import journal_file
from errata.adapters.sqlite.journal_file import SUFFIX, Lock
from errata.core.numeral import whole_number
from errata.ports.journal import Done, JournalFull, JournalInUse, JournalUnavailable

# What one commit may carry: bounds the time until its first waiter hears, and the memory that SQLite holds dirty.
GROUP_RECORDS_MAX = 512
GROUP_BYTES_MAX = 4 * 2**20
# Checkpoints are the reader's, whom no client waits for. The writer's own keep the log to 16 MiB: only between two of
# its commits is nothing behind the checkpoint, so that the log can begin anew.
_CHECKPOINT_PAGES = 2_048
# How often an idle writer looks whether its file was found damaged.
_LOOK_S = 1.0
# Rows a statement. Not one statement a row, because each gives up the interpreter lock and waits to get it back: up to
# 5 ms when the event loop is busy. Groups at saturation have some ten: they are one statement, a transaction by itself.
_ROWS_MAX = 64
_ROWS = ["(?, ?)"] * _ROWS_MAX
_INSERT = {n: f"INSERT INTO entries (checksum, record) VALUES {', '.join(_ROWS[:n])}" for n in range(1, _ROWS_MAX + 1)}  # noqa: S608 (question marks only)
_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")

log = structlog.get_logger(__name__)


class _Submission(NamedTuple):
    records: Sequence[bytes]
    done: Done


class SqliteJournalWriter:
    """Appends with group commit: many callers share one fsync."""

    def __init__(
        self, directory: Path, name: str, *, bytes_max: int, free_bytes_min: int, clock: Callable[[], datetime]
    ) -> None:
        if not _NAME.match(name):
            msg = f"A journal can't be called {name!r}: letters, digits, dots, dashes and underscores are allowed."
            raise ValueError(msg)
        self._directory = directory
        self._name = name
        self._bytes_max = bytes_max
        self._free_bytes_min = free_bytes_min
        self._clock = clock
        self._path, self._lock, self._connection = self._open(self._newest())
        self._queue: SimpleQueue[_Submission | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"journal {name}", daemon=True)
        self._thread.start()

    def append(self, records: Sequence[bytes]) -> None:
        """Append all records in order. Return once they are on disk. Raise JournalUnavailable."""
        told = threading.Event()
        errors: list[JournalUnavailable] = []

        def done(error: JournalUnavailable | None) -> None:
            if error is not None:
                errors.append(error)
            told.set()

        self.submit(records, done=done)
        told.wait()
        if errors:
            raise errors[0]

    def submit(self, records: Sequence[bytes], *, done: Done) -> None:
        """Append without waiting; `done` hears what became of it, in the writer's thread."""
        if self._closed:
            done(JournalUnavailable("The journal is closed."))
        else:
            self._queue.put(_Submission(records, done))

    def close(self) -> None:
        """Append what was submitted, then let go of the journal."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._gather()
            error = self._commit([record for submission in group for record in submission.records])
            for submission in group:
                submission.done(error)
        self._connection.close()
        self._lock.release()

    def _gather(self) -> tuple[list[_Submission], bool]:
        """Wait for work, then take all there is, up to a group. False with it when it is the last."""
        group: list[_Submission] = []
        records = size = 0
        try:
            while records < GROUP_RECORDS_MAX and size < GROUP_BYTES_MAX:
                submission = self._queue.get_nowait() if group else self._queue.get(timeout=_LOOK_S)
                if submission is None:
                    return group, False
                group.append(submission)
                records += len(submission.records)
                size += sum(map(len, submission.records))
        except Empty:
            pass
        return group, True

    def _commit(self, records: Sequence[bytes]) -> JournalUnavailable | None:
        """Append the records of a group, or none, in one transaction. Return why it wasn't possible, if so."""
        try:
            self._check_disk()
            self._leave_if_condemned()
            try:
                self._insert(records)
            except sqlite3.DatabaseError as error:
                if not journal_file.is_damage(error):
                    raise
                self._leave(str(error))
                self._insert(records)
        except JournalUnavailable as error:
            return error
        except (sqlite3.Error, OSError, JournalInUse) as error:
            return self._unavailable(error)
        return None

    def _insert(self, records: Sequence[bytes]) -> None:
        slices = [records[at : at + _ROWS_MAX] for at in range(0, len(records), _ROWS_MAX)]
        if len(slices) > 1:
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            for some in slices:
                row_values = [value for record in some for value in (journal_file.checksum(record), record)]
                self._connection.execute(_INSERT[len(some)], row_values)
            if len(slices) > 1:
                self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _check_disk(self) -> None:
        stat = os.statvfs(self._directory)
        free = stat.f_bavail * stat.f_frsize
        if free < self._free_bytes_min:
            msg = f"Only {free // 2**20} MiB are free on the disk of {self._directory}: the journal takes no more."
            raise JournalFull(msg)

    def _unavailable(self, error: Exception) -> JournalUnavailable:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            limit = f"its limit of {self._bytes_max // 2**20} MiB"
            return JournalFull(f"The journal {self._path.name} has reached {limit}, or its disk is full.")
        log.error("journal can't be written", journal=self._path.name, error=str(error))
        return JournalUnavailable(f"The journal {self._path.name} can't be written: {error}.")

    def _leave_if_condemned(self) -> None:
        if journal_file.is_condemned(self._path):
            self._leave("its reader can't read it")

    def _leave(self, reason: str) -> None:
        """Go on in the next file; what can be read of this one is its reader's."""
        journal_file.condemn(self._path)
        left, lock, connection = self._path, self._lock, self._connection
        self._path, self._lock, self._connection = self._open(self._number(left) + 1)
        connection.close()
        lock.release()
        _report(left, reason=reason)

    def _open(self, number: int) -> tuple[Path, Lock, sqlite3.Connection]:
        """Open the worker's file of this number, or the first sound one after it."""
        while True:
            path = self._file(number)
            lock = Lock(path)
            if not lock.take():
                msg = f"The journal {path.name} is written by another process."
                raise JournalInUse(msg)
            if not journal_file.is_condemned(path):
                try:
                    return path, lock, self._connect(path)
                except sqlite3.DatabaseError as error:
                    if not journal_file.is_damage(error):
                        lock.release()
                        raise
                    journal_file.condemn(path)
                    _report(path, reason=str(error))
            lock.release()
            number += 1

    def _connect(self, path: Path) -> sqlite3.Connection:
        connection = journal_file.connect(path, create=True)
        try:
            # A new file's positions begin at the time in microseconds: above any that an earlier file of this name had.
            # The records may still hold those as digested (the directory was emptied, a backup was restored).
            journal_file.make(connection, first_position=int(self._clock().timestamp() * 1e6))
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = OFF")
            connection.execute("PRAGMA cache_size = -4096")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {max(1, self._bytes_max // page_bytes)}")
            # So that a file whose newest page is torn is found before anything is appended to it.
            connection.execute("SELECT checksum, record FROM entries ORDER BY position DESC LIMIT 1").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _newest(self) -> int:
        return max([1, *(self._number(path) for path in self._directory.glob(f"{self._name}~*{SUFFIX}"))])

    def _file(self, number: int) -> Path:
        return self._directory / (f"{self._name}{SUFFIX}" if number == 1 else f"{self._name}~{number}{SUFFIX}")

    def _number(self, path: Path) -> int:
        return whole_number(path.name.removesuffix(SUFFIX).removeprefix(self._name).removeprefix("~")) or 1


def _report(path: Path, *, reason: str) -> None:
    log.error("journal damaged; a new one begins", damaged=str(path), reason=reason)
