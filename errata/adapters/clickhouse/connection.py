"""A ClickHouse server as the event store sees it: rows, statements, inserts; and when it does not answer."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver import options
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from urllib3.exceptions import HTTPError

from errata.adapters.clickhouse.columns import Block
from errata.ports.event_store import StoreUnavailable

CONNECT_S_MAX: Final = 5
ANSWER_S_MAX: Final = 60
# A page does not wait longer for one of its parts.
QUERY_S_MAX: Final = 15

# Errors that pass by themselves or by an operator's hand, as opposed to bugs of ours: too slow, busy, aborted,
# out of memory, disk or parts, read-only, cannot connect; and 60 and 81, no table and no database: not prepared yet.
_PASSING: Final = frozenset({60, 81, 159, 160, 202, 209, 210, 236, 241, 242, 243, 252, 279, 439, 516})

# clickhouse-connect looks for pandas and numpy at the first insert, and chdb brings both: 1.7 s and 70 MB for types we
# never hand it. It takes None for "not installed".
for _absent in ("pd", "pd_time_test", "np"):
    vars(options).setdefault(_absent, None)


class Connection:
    """A client for each thread: one may run one statement at a time."""

    def __init__(self, url: str, *, query_s_max: int = QUERY_S_MAX) -> None:
        parts = urlsplit(url)
        self.database = parts.path.strip("/") or "errata"
        self._arguments: dict[str, Any] = {
            "interface": parts.scheme,
            "host": parts.hostname,
            "port": parts.port or (8443 if parts.scheme == "https" else 8123),
            "username": unquote(parts.username or "default"),
            "password": unquote(parts.password or ""),
            "send_receive_timeout": max(ANSWER_S_MAX, query_s_max),
        }
        self._query_s_max = query_s_max
        self._local = threading.local()

    def rows(self, sql: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Run a query. Strings named `body` come as bytes, maps as lists of pairs."""
        with _passing():
            result = self._client().query(
                sql,
                parameters=dict(parameters),
                settings={"max_execution_time": self._query_s_max},
                query_formats={"Map*": "pairs"},
                column_formats={"body": "bytes"},
            )
            return [tuple(row) for row in result.result_rows]

    def run(self, sql: str, parameters: Mapping[str, object], *, in_database: bool = True) -> None:
        """Run a statement that answers nothing."""
        with _passing():
            self._client().command(sql, parameters=dict(parameters), use_database=in_database)

    def insert(self, block: Block, *, token: str) -> None:
        """Insert rows once: a block whose token was seen is left out."""
        with _passing():
            client = self._client()
            context = client.create_insert_context(
                block.table,
                block.names,
                database=self.database,
                column_type_names=block.types,
                column_oriented=True,
                settings={"insert_deduplication_token": token, "insert_deduplicate": 1},
            )
            # One Native block, whatever its size: what a token stands for must not depend on how it was cut.
            context.req_block_size = block.rows
            context.data = block.columns
            client.data_insert(context)

    def ping(self) -> None:
        """Raise StoreUnavailable unless the server answers a query."""
        self.rows("SELECT 1", {})

    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._connect()
        return client

    def _connect(self) -> Client:
        client = clickhouse_connect.get_client(
            **self._arguments,
            compress=False,  # bodies are compressed already
            connect_timeout=CONNECT_S_MAX,
            autogenerate_session_id=False,
            autogenerate_query_id=False,
            tz_mode="aware",
        )
        client.database = self.database
        return client


@contextmanager
def _passing() -> Iterator[None]:
    try:
        yield
    except (OperationalError, HTTPError, OSError) as error:
        raise StoreUnavailable(str(error)) from error
    except DatabaseError as error:
        if error.code in _PASSING:
            raise StoreUnavailable(str(error)) from error
        raise
