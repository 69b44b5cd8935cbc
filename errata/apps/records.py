"""The one door through which records are written."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Model
from django.db.models.expressions import RawSQL

from errata.core.errors import Refusal

# SQLite has one writer at a time, and so much here leans on it: issue numbers, the audit chain, the order of changes.
# PostgreSQL gets the same by this lock, held until the transaction ends. The number is arbitrary and ours alone.
_TURN = 0x0E88_A7A0
# How long a writer waits for the one before it: what SQLite's timeout is in errata.ops.databases.
_WAIT_MS_MAX = 10_000
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# lock_not_available, deadlock_detected, serialization_failure
_POSTGRESQL_BUSY = {"55P03", "40P01", "40001"}


class RecordsBusy(Refusal, OperationalError):
    """Another write held the records for too long. Also an OperationalError, which the digest waits out."""

    code = "records_busy"
    status = 503


_joining: ContextVar[bool] = ContextVar("joining", default=False)


@contextmanager
def write() -> Iterator[None]:
    """Open the one short write transaction of an operation. It refuses to be nested: an operation is whole.

    Within `together` it is a savepoint of the transaction that is open there.
    """
    if _joining.get():
        with transaction.atomic():
            yield
        return
    try:
        with transaction.atomic(durable=True):
            _take_turn()
            yield
    except OperationalError as error:
        if isinstance(error, RecordsBusy) or not _is_busy(error):
            raise
        msg = "The records are busy with another write. Nothing was changed: try again in a moment."
        raise RecordsBusy(msg, retry_after_s=2) from error


@contextmanager
def together() -> Iterator[None]:
    """Open one write transaction for several operations, and for the note of who asks that they are done.

    What makes rules, clocks and other followers act exactly once: their place moves with what they did, or neither
    does. An operation that is refused within leaves no trace, and the others stand.
    """
    with write():
        mark = _joining.set(True)
        try:
            yield
        finally:
            _joining.reset(mark)


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL keeps in no text and compares with none."""
    return text.replace("\0", "")


def storable_json(fields: Any) -> Any:
    """The same for all texts within."""
    match fields:
        case str():
            return storable(fields)
        case dict():
            return {storable(key): storable_json(value) for key, value in fields.items()}
        case list():
            return [storable_json(value) for value in fields]
    return fields


def _take_turn() -> None:
    # On SQLite, BEGIN IMMEDIATE (transaction_mode in the settings) has already waited.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true), pg_advisory_xact_lock(%s)", [f"{_WAIT_MS_MAX}ms", _TURN]
            )


def _is_busy(error: OperationalError) -> bool:
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_BUSY  # the low byte; the rest is detail
    return getattr(cause, "sqlstate", None) in _POSTGRESQL_BUSY


def add_counts(table: str, counts: Mapping[Any, int]) -> None:
    """Add to the counts of a table: each by a NamedTuple of the columns that one row of it has to itself."""
    moved = sorted((cell, count) for cell, count in counts.items() if count)
    if not moved:
        return
    columns = moved[0][0]._fields
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}, count) VALUES ({', '.join(['%s'] * (len(columns) + 1))}) "  # noqa: S608 - names of columns
        f"ON CONFLICT ({', '.join(columns)}) DO UPDATE SET count = {table}.count + excluded.count"
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[*map(_stored, cell), count] for cell, count in moved])


def among(numbers: Collection[int]) -> RawSQL:
    """Numbers for `column__in=…`, as one parameter: a statement with ten thousand takes longer to write than to run."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[]) AS value", [list(numbers)])
    return RawSQL("SELECT value FROM json_each(%s)", [f"[{','.join(map(str, numbers))}]"])


def update_rows(model: type[Model], rows: Sequence[Model], columns: Sequence[str]) -> None:
    """Write these columns of the rows: what bulk_update does, without its conditions, which take ten times as long."""
    meta = model._meta
    assert meta.pk is not None
    own = meta.pk.column
    statement = f"UPDATE {meta.db_table} SET {', '.join(f'{name} = %s' for name in columns)} WHERE {own} = %s"  # noqa: S608 - names of columns
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[*(_stored(getattr(row, name)) for name in columns), row.pk] for row in rows])


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
