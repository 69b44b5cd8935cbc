"""Archives of an embedded event store: taken online, by the engine itself, as one tar file.

What an archive holds is what was stored when it began. A ClickHouse server has backups of its own.
"""

import os
import re
from pathlib import Path
from typing import Final

from clickhouse_connect.driver.exceptions import DatabaseError

from errata.adapters.clickhouse.connection import Connection
from errata.adapters.clickhouse.embedded import BACKUPS
from errata.core.errors import Refusal

# Copying is bound by the disk: 100 GB at 50 MB/s take this long.
COPY_S_MAX: Final = 2_000
_SCRATCH: Final = "errata_verify"
_COUNT: Final = f"SELECT count() FROM {_SCRATCH}.events"  # noqa: S608  # a constant of this file
_NAME: Final = re.compile(r"[\w.-]+", re.ASCII)


class StoreNotEmpty(Refusal):
    """A restore would mix two installations."""

    code = "event_store_not_empty"
    status = 409


class ArchiveDamaged(Refusal):
    """An archive does not hold together."""

    code = "event_archive_damaged"
    status = 422


def backup(*, url: str, store: Path, name: str) -> Path:
    """Archive the events while more are being written; return the file, `<store>/backups/<name>.tar`, on disk."""
    connection = Connection(url, query_s_max=COPY_S_MAX)
    file = _place(store, name)
    connection.run(f"BACKUP DATABASE `{connection.database}` TO {_archive(file)}", {})
    with file.open("rb") as archive:
        os.fsync(archive.fileno())
    return file


def verify(*, url: str, store: Path, name: str) -> int:
    """Unpack an archive beside the events, check every part of it, and return how many events it holds."""
    connection = Connection(url, query_s_max=COPY_S_MAX)
    _drop(connection, _SCRATCH)
    try:
        _unpack(connection, _place(store, name), into=_SCRATCH)
        for table in ("events", "signals", "migrations"):
            _check(connection, table, name)
        [(events,)] = connection.rows(_COUNT, {})
        return int(events)
    finally:
        _drop(connection, _SCRATCH)


def restore(*, url: str, store: Path, name: str) -> None:
    """Put the events of `<store>/backups/<name>.tar` into a store that has none."""
    connection = Connection(url, query_s_max=COPY_S_MAX)
    connection.run(
        "CREATE DATABASE IF NOT EXISTS {database:Identifier}", {"database": connection.database}, in_database=False
    )
    if _holds_events(connection):
        raise StoreNotEmpty("The event store already holds events. Restore into an empty data directory.")
    _drop(connection, connection.database)
    _unpack(connection, _place(store, name), into=connection.database)
    os.sync()


def _unpack(connection: Connection, file: Path, *, into: str) -> None:
    try:
        connection.run(
            f"RESTORE DATABASE `{connection.database}` AS `{into}` FROM {_archive(file)}", {}, in_database=False
        )
    except DatabaseError as error:
        raise ArchiveDamaged(f"{file} is not a whole archive of events: {error}") from error


def _check(connection: Connection, table: str, name: str) -> None:
    [(whole,)] = connection.rows(f"CHECK TABLE {_SCRATCH}.{table} SETTINGS check_query_single_value_result = 1", {})
    if not whole:
        raise ArchiveDamaged(f"A part of {table} in {name} does not match its checksum: take another backup.")


def _holds_events(connection: Connection) -> bool:
    sql = (
        "SELECT sum(total_rows) FROM system.tables WHERE database = {database:String} AND name IN ('events', 'signals')"
    )
    [(rows,)] = connection.rows(sql, {"database": connection.database})
    return bool(rows)


def _drop(connection: Connection, database: str) -> None:
    connection.run("DROP DATABASE IF EXISTS {database:Identifier} SYNC", {"database": database}, in_database=False)


def _place(store: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        msg = f"{name!r} can't name an archive: use letters, digits, dots, dashes and underscores."
        raise ValueError(msg)
    return store.resolve() / BACKUPS / f"{name}.tar"


def _archive(file: Path) -> str:
    # BACKUP takes no parameters.
    return "File('{}')".format(str(file).replace("\\", "\\\\").replace("'", "\\'"))
