"""ClickHouse's HTTP protocol, the part that `clickhouse-connect` speaks, in front of an embedded engine."""

import hmac
import json
import logging
import re
import sys
import threading
import uuid
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from itertools import chain
from socketserver import ThreadingTCPServer
from typing import Final, Protocol, cast
from urllib.parse import parse_qsl, urlsplit

import zstandard

from errata.adapters.clickhouse.statement import EngineError, Outcome, Statement

log = logging.getLogger(__name__)

# Statements, not inserts: a list of a hundred thousand fingerprints is 2 MB.
STATEMENT_BYTES_MAX: Final = 16 * 2**20
READ_BYTES: Final = 2**20

# What ClickHouse's HTTP interface consumes itself; every other argument is a setting.
_TRANSPORT: Final = frozenset(
    {
        *("query", "database", "default_format", "query_id", "user", "password", "role", "quota_key"),
        *("session_id", "session_timeout", "session_check", "client_protocol_version", "buffer_size"),
        *("compress", "decompress", "enable_http_compression", "wait_end_of_query"),
        *("send_progress_in_http_headers", "http_headers_progress_interval_ms"),
    }
)
_INSERT: Final = re.compile(rb"\s*(INSERT\s+INTO\s.*?)\sFORMAT\s+(\w+)[ \t\f]*(?:\r?\n|$)", re.IGNORECASE | re.DOTALL)
_FORMAT: Final = re.compile(r"\sFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)

# The statuses a ClickHouse server gives to the errors that clients tell apart; 500 for the rest.
_STATUS: Final = {
    **dict.fromkeys((36, 43, 62, 456, 457), 400),
    **dict.fromkeys((46, 47, 60, 81, 115), 404),
    159: 408,
    164: 403,
    516: 401,
}


class Runner(Protocol):
    """What the front needs of an engine."""

    password: str

    def run(self, statement: Statement) -> Outcome: ...

    def insert(self, statement: Statement, chunks: Iterable[bytes]) -> Outcome: ...


class Front(ThreadingTCPServer):
    """An HTTP server with a thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, engine: Runner, address: tuple[str, int]) -> None:
        super().__init__(address, _Exchange)
        self.engine = engine
        self.port = int(self.socket.getsockname()[1])
        self._thread = threading.Thread(target=self.serve_forever, name="event-store-front", daemon=True)

    def start(self) -> None:
        """Answer from a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Accept no more connections."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002  # as socketserver calls it
        """Say what ended a connection's thread, unless it was its client going away."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            log.error("a connection to the event store ended in an error", exc_info=error)


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Errata"
    disable_nagle_algorithm = True
    wbufsize = 2**16
    # A client that vanished without closing gives its thread back after this.
    timeout = 3_600

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping" or self.path == "/":
            self._answer(200, b"Ok.\n")
        else:
            self._execute(read_only=True)

    def do_POST(self) -> None:
        self._execute(read_only=False)

    def _execute(self, *, read_only: bool) -> None:
        body = _Body(self)
        try:
            arguments = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            self._authenticate(arguments)
            _refuse_sessions(arguments)
            outcome, format_ = self._run(arguments, body, read_only=read_only)
        except EngineError as error:
            self._refuse(error, drained=body.drain())
        else:
            self._succeed(outcome, format_)

    def _run(self, arguments: dict[str, str], body: "_Body", *, read_only: bool) -> tuple[Outcome, str]:
        chunks = body.decoded()
        if self.headers.get_content_type() == "multipart/form-data":
            arguments |= _form_fields(self.headers["Content-Type"], _all(chunks))
            chunks = iter(())
        engine = self._front.engine
        head = arguments.get("query", "").encode() or next(chunks, b"")
        found = _INSERT.match(head)
        if found and not read_only:
            rest = chain([head[found.end() :]], chunks)
            statement = _statement(arguments, found[1].decode(errors="replace"), format_=found[2].decode())
            return engine.insert(statement, (chunk for chunk in rest if chunk)), ""
        sql = head + (b"\n" if arguments.get("query") else b"") + _all(chunks)
        statement = _statement(
            arguments, sql.decode(errors="replace"), format_=self._default_format(arguments), read_only=read_only
        )
        named = _FORMAT.search(statement.sql)
        return engine.run(statement), named[1] if named else statement.format

    def _default_format(self, arguments: dict[str, str]) -> str:
        return arguments.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"

    @property
    def _front(self) -> Front:
        return cast("Front", self.server)

    def _authenticate(self, arguments: dict[str, str]) -> None:
        given = (
            self.headers.get("X-ClickHouse-Key")
            or arguments.get("password")
            or _basic_password(self.headers.get("Authorization", ""))
        )
        if not hmac.compare_digest(given.encode(), self._front.engine.password.encode()):
            raise _refused(516, "Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)")

    def _succeed(self, outcome: Outcome, format_: str) -> None:
        summary = {
            "read_rows": str(outcome.read_rows),
            "read_bytes": str(outcome.read_bytes),
            "written_rows": str(outcome.written_rows),
            "elapsed_ns": str(outcome.elapsed_ns),
        }
        headers = {"X-ClickHouse-Summary": json.dumps(summary), "X-ClickHouse-Timezone": "UTC"}
        if outcome.has_result:
            headers["X-ClickHouse-Format"] = format_
        self._answer(200, outcome.body, headers)

    def _refuse(self, error: EngineError, *, drained: bool) -> None:
        headers = {"X-ClickHouse-Exception-Code": str(error.code)}
        if not drained:
            # The rest of the request would be read as the next one.
            headers["Connection"] = "close"
            self.close_connection = True
        self._answer(_STATUS.get(error.code, 500), f"{error}\n".encode(), headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Server-Display-Name", "errata")
        self.send_header("X-ClickHouse-Query-Id", str(uuid.uuid4()))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name the base class gives it
        """The digest alone would write forty lines a second."""


class _Body:
    """A request body, read as it is wanted."""

    def __init__(self, exchange: BaseHTTPRequestHandler) -> None:
        self._file = exchange.rfile
        self._encoding = exchange.headers.get("Content-Encoding", "identity").lower()
        self._length = int(exchange.headers.get("Content-Length") or 0)
        self._chunked = exchange.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self._broken = False
        self._raw = self._read_chunked() if self._chunked else self._read_sized()

    def decoded(self) -> Iterator[bytes]:
        if self._encoding in ("", "identity"):
            return self._raw
        if self._encoding in ("gzip", "deflate"):
            return _decompress(zlib.decompressobj(zlib.MAX_WBITS | 32), self._raw)
        if self._encoding == "zstd":
            return _decompress(zstandard.ZstdDecompressor().decompressobj(), self._raw)
        raise _refused(48, f"Content-Encoding {self._encoding} is not supported: use gzip, zstd or none.")

    def drain(self) -> bool:
        """Read what an error left unread; False when that can't be done."""
        if self._broken:
            return False
        rest = 0
        for piece in self._raw:
            rest += len(piece)
            if rest > STATEMENT_BYTES_MAX:
                return False
        return True

    def _read_sized(self) -> Iterator[bytes]:
        left = self._length
        while left:
            piece = self._read(min(left, READ_BYTES))
            left -= len(piece)
            yield piece

    def _read_chunked(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            yield self._read(size)
            self._file.readline(4)
        while self._file.readline(2**16).strip():
            pass

    def _chunk_size(self) -> int:
        line = self._file.readline(32)
        try:
            return int(line.split(b";")[0], 16)
        except ValueError:
            self._broken = True
            raise _refused(27, f"A chunk of the request begins with {line!r} instead of its size.") from None

    def _read(self, size: int) -> bytes:
        piece = self._file.read(size)
        if len(piece) != size:
            msg = "The client closed the connection inside of a request body."
            raise ConnectionAbortedError(msg)
        return piece


class _Decompressor(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...


def _decompress(decompressor: _Decompressor, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield decompressor.decompress(piece)


def _all(chunks: Iterator[bytes]) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > STATEMENT_BYTES_MAX:
            raise _refused(62, f"A statement is longer than {STATEMENT_BYTES_MAX} bytes. (SYNTAX_ERROR)")
    return bytes(body)


def _statement(arguments: dict[str, str], sql: str, *, format_: str, read_only: bool = False) -> Statement:
    return Statement(
        sql=sql,
        format=format_,
        database=arguments.get("database", ""),
        parameters={name[6:]: value for name, value in arguments.items() if name.startswith("param_")},
        settings={
            name: value for name, value in arguments.items() if name not in _TRANSPORT and not name.startswith("param_")
        },
        read_only=read_only,
    )


def _form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """Long parameters come as form fields rather than in the URL."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    return {
        str(part.get_param("name", header="content-disposition")): bytes(part.get_payload(decode=True)).decode()
        for part in message.iter_parts()
    }


def _refuse_sessions(arguments: dict[str, str]) -> None:
    if arguments.get("session_id"):
        raise _refused(48, "Sessions are not supported by the embedded event store. (NOT_IMPLEMENTED)")


def _basic_password(authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(encoded).decode().partition(":")[2]
    except (Base64Error, UnicodeDecodeError):
        return ""


def _refused(code: int, text: str) -> EngineError:
    return EngineError(f"Code: {code}. DB::Exception: {text}")
