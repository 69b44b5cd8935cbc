"""ClickHouse's engine inside this process: chDB in a directory, behind ClickHouse's own HTTP protocol on loopback.

Every other process talks to it with `clickhouse-connect`, exactly as it would to a server: only the URL changes.
"""

import fcntl
import importlib
import importlib.util
import os
import queue
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from errata.adapters.clickhouse.front import Front
from errata.adapters.clickhouse.statement import EngineError, Outcome, Statement
from errata.core.errors import Refusal

# A handle runs one statement at a time. One is for inserts, so that slow questions never hold up the digest. With two
# cores, more than three readers would only share the same processor time.
READERS: Final = 3
# Backups are written here: the engine refuses every other place.
BACKUPS: Final = "backups"

ENGINE_OPTIONS: Final[Mapping[str, int | str]] = {
    "max_server_memory_usage": 700 * 2**20,
    "mark_cache_size": 16 * 2**20,
    "index_mark_cache_size": 8 * 2**20,
    "primary_index_cache_size": 16 * 2**20,
    "query_condition_cache_size": 4 * 2**20,
    "background_pool_size": 2,
    "background_schedule_pool_size": 2,
}
SESSION_SETTINGS: Final[Mapping[str, str]] = {
    "max_memory_usage": str(400 * 2**20),
    "max_threads": "2",
    "async_insert": "0",
    "log_queries": "0",
    "log_profile_events": "0",
    "query_profiler_real_time_period_ns": "0",
    "query_profiler_cpu_time_period_ns": "0",
}

_SETTING_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EngineInUse(Refusal):
    """Another engine holds the directory."""

    code = "engine_in_use"
    status = 409


class Engine:
    """chDB over one directory. `serve` starts the HTTP front; `run` and `insert` are what it calls."""

    def __init__(self, path: Path | str, password: str, *, options: Mapping[str, int | str] | None = None) -> None:
        """Open the directory, creating it. Raise EngineInUse when another process has it."""
        self.path = Path(path).resolve()
        self.password = password
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / BACKUPS).mkdir(exist_ok=True)
        self._lock = _lock(self.path)
        self._inserter, self._readers = _Idle(), _Idle()
        first, *others = _open(self.path, {**ENGINE_OPTIONS, **(options or {})})
        self._inserter.put(first)
        for handle in others:
            self._readers.put(handle)
        self._front: Front | None = None

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Answer HTTP from a background thread; return the port."""
        self._front = Front(self, (host, port))
        self._front.start()
        return self._front.port

    def stop(self) -> None:
        """Stop answering, let running statements end, and close the directory."""
        if self._front:
            self._front.stop()
        for idle in [self._inserter] + [self._readers] * READERS:
            idle.get().close()
        os.close(self._lock)

    def run(self, statement: Statement) -> Outcome:
        """Run a statement that carries no data behind it."""
        with _borrowed(self._readers, statement) as handle:
            return handle.query(statement)

    def insert(self, statement: Statement, chunks: Iterable[bytes]) -> Outcome:
        """Run an INSERT whose data follows in `statement.format`. All of it is stored, or nothing."""
        with _borrowed(self._inserter, statement) as handle:
            return handle.insert(statement, chunks)


class _Handle:
    """A session of the engine.

    `align` gives it the database and settings of the next statement, and takes back the last one's. A SET costs a
    quarter of a millisecond, so what is already right is left.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._database = ""
        self._settings: dict[str, str] = {}
        for name, value in SESSION_SETTINGS.items():
            self._set(name, _quoted(value))

    def align(self, statement: Statement) -> None:
        wanted = statement.settings
        for name in [name for name in self._settings if name not in wanted]:
            self._set(name, _quoted(SESSION_SETTINGS[name]) if name in SESSION_SETTINGS else "DEFAULT")
            del self._settings[name]
        for name, value in wanted.items():
            if self._settings.get(name) != value:
                self._set(name, _quoted(value))
                self._settings[name] = value
        database = statement.database or "default"
        if database != self._database:
            self._connection.query("USE {database:Identifier}", "Null", params={"database": database})
            self._database = database

    def query(self, statement: Statement) -> Outcome:
        kind = self._connection.classify_query(statement.sql)["query_class"].name
        if statement.read_only and kind != "READ_ONLY":
            msg = "Code: 164. DB::Exception: Cannot execute query in readonly mode: use POST. (READONLY)"
            raise EngineError(msg)
        result = self._connection.query(statement.sql, statement.format, params=dict(statement.parameters))
        return _outcome(result, has_result=kind == "READ_ONLY")

    def insert(self, statement: Statement, chunks: Iterable[bytes]) -> Outcome:
        stream = self._connection.send_insert(statement.sql, statement.format)
        try:
            for chunk in chunks:
                self._connection.insert_append(stream, chunk)
        except BaseException:
            self._connection.insert_cancel(stream)
            raise
        return _outcome(self._connection.insert_done(stream), has_result=False)

    def close(self) -> None:
        self._connection.close()

    def _set(self, name: str, literal: str) -> None:
        if not _SETTING_NAME.fullmatch(name):
            msg = f"Code: 115. DB::Exception: Unknown setting {name!r}. (UNKNOWN_SETTING)"
            raise EngineError(msg)
        self._connection.query(f"SET {name} = {literal}", "Null")


class _Idle(queue.LifoQueue[_Handle]):
    """Handles that nobody uses; the one used last comes first, as its settings are likely to fit."""


@contextmanager
def _borrowed(idle: _Idle, statement: Statement) -> Iterator[_Handle]:
    handle = idle.get()
    try:
        handle.align(statement)
        yield handle
    except RuntimeError as error:
        raise EngineError(str(error)) from error
    finally:
        idle.put(handle)


def _outcome(result: Any, *, has_result: bool) -> Outcome:
    if result.has_error():
        raise EngineError(result.error_message())
    return Outcome(
        body=result.bytes() if result.size() else b"",
        has_result=has_result or result.size() > 0,
        read_rows=result.rows_read(),
        read_bytes=result.bytes_read(),
        written_rows=result.rows_written(),
        elapsed_ns=int(result.elapsed() * 1e9),
    )


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _lock(path: Path) -> int:
    # chDB has a lock of its own, whose refusal says neither which directory nor what to do.
    descriptor = os.open(path / "engine.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        msg = f"The event store in {path} is already open in another process. Stop that one, or use another directory."
        raise EngineInUse(msg) from None
    return descriptor


def _open(path: Path, options: Mapping[str, int | str]) -> list[_Handle]:
    engine = _load_engine()
    # Otherwise the engine would take SIGTERM and SIGINT from Python.
    engine.set_signal_handlers_enabled(0)
    arguments = {**options, "backups.allowed_path": str(path / BACKUPS)}
    text = f"{path}?" + "&".join(f"{name}={value}" for name, value in arguments.items())
    return [_Handle(engine.connect(text)) for _ in range(1 + READERS)]


def _load_engine() -> Any:
    """Import `chdb._chdb` without running `chdb/__init__.py`, which would pull in pandas and pyarrow."""
    if "chdb" not in sys.modules:
        found = importlib.util.find_spec("chdb")
        if found is None or found.submodule_search_locations is None:
            msg = "The package chdb is not installed: set ERRATA_EVENTS_URL to a ClickHouse server, or install chdb."
            raise ModuleNotFoundError(msg)
        package = types.ModuleType("chdb")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["chdb"] = package
    return importlib.import_module("chdb._chdb")
