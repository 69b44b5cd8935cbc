"""Django behind the RSGI front: WSGI in a small pool of threads.

Under ASGI the same pages were measured ten times slower: each request crosses between the event loop and threads
several times. Here it crosses once in each direction.
"""

import asyncio
import io
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import structlog

from errata.api.elsewhere import error_of

Environ = dict[str, Any]
Header = tuple[str, str]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# A form or an API call. What programs send to intake never comes here.
BODY_BYTES_MAX = 4 * 2**20
# A response that ends within this goes out in one piece; a longer one streams.
_WHOLE_BYTES_MAX = 1 * 2**20
_CHUNK_BYTES = 64 * 2**10
# Requests waiting for a thread, for each thread. At 20 ms a page that is a wait of a second.
_WAITING_MAX = 50
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = structlog.get_logger(__name__)


class BodyTooLarge(Exception):
    pass


class Peers:
    """Who is asking: the connection's address, or what a trusted proxy says it is."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted = [ip_network(entry, strict=False) for entry in trusted]

    def address(self, scope: Any) -> str:
        """Return the client's address: the last one in X-Forwarded-For that no trusted proxy wrote itself."""
        peer = str(scope.client).rpartition(":")[0].strip("[]")
        if not self._trusts(peer):
            return peer
        hops = [hop.strip() for hop in (scope.headers.get("x-forwarded-for") or "").split(",") if hop.strip()]
        return next((hop for hop in reversed(hops) if not self._trusts(hop)), hops[0] if hops else peer)

    def scheme(self, scope: Any) -> str:
        """Return http or https, as the client used it."""
        peer = str(scope.client).rpartition(":")[0].strip("[]")
        said = scope.headers.get("x-forwarded-proto") if self._trusts(peer) else None
        return said if said in ("http", "https") else str(scope.scheme)

    def _trusts(self, address: str) -> bool:
        if not self._trusted:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


class Pages:
    """Answers a request with a WSGI application, in a thread."""

    def __init__(self, application: Application, *, threads: int, peers: Peers, public_url: str) -> None:
        self._application = application
        self._peers = peers
        self._public = urlsplit(public_url)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self._places = threads * (_WAITING_MAX + 1)

    async def answer(self, scope: Any, protocol: Any, *, path: str) -> int:
        """Answer one request and return the status."""
        if not self._places:
            text = "Too many requests wait here already; try again."
            return refuse(protocol, HTTPStatus.SERVICE_UNAVAILABLE, text, retry_s=2, path=path)
        self._places -= 1
        try:
            return await self._answer(scope, protocol, path)
        finally:
            self._places += 1

    async def _answer(self, scope: Any, protocol: Any, path: str) -> int:
        try:
            body = await _read(scope, protocol)
        except BodyTooLarge:
            return refuse(
                protocol,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"At most {BODY_BYTES_MAX // 2**20} MiB are taken here.",
                path=path,
            )
        loop = asyncio.get_running_loop()
        exchange = _Exchange(self._application, self._environ(scope, path, body), protocol, loop)
        return await loop.run_in_executor(self._pool, exchange.run)

    async def run(self, call: Callable[[], Any]) -> Any:
        """Run a blocking call in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def environ(self, scope: Any, *, path: str) -> Environ:
        """Return the WSGI environment of a request whose body doesn't matter."""
        return self._environ(scope, path, b"")

    def _environ(self, scope: Any, path: str, body: bytes) -> Environ:
        scheme = self._peers.scheme(scope)
        environ: Environ = {
            "REQUEST_METHOD": scope.method,
            "SCRIPT_NAME": self._public.path.rstrip("/"),
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": scope.query_string,
            "SERVER_NAME": self._public.hostname or "localhost",
            "SERVER_PORT": str(self._public.port or (443 if scheme == "https" else 80)),
            "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
            "REMOTE_ADDR": self._peers.address(scope),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        _add_headers(environ, scope)
        given = environ.get("HTTP_X_REQUEST_ID", "")
        environ["HTTP_X_REQUEST_ID"] = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        return environ

    def close(self) -> None:
        """Wait for the pages under way."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _add_headers(environ: Environ, scope: Any) -> None:
    for name, value in scope.headers.items():
        # An underscore would be taken for a dash: X_FORWARDED_FOR must not pass for X-Forwarded-For.
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            environ[f"HTTP_{key}"] = f"{environ[f'HTTP_{key}']},{value}" if f"HTTP_{key}" in environ else value
    environ.setdefault("HTTP_HOST", scope.authority or environ["SERVER_NAME"])


async def _read(scope: Any, protocol: Any) -> bytes:
    if scope.method in ("GET", "HEAD"):
        return b""
    parts, size = [], 0
    async for part in protocol:
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)


def refuse(protocol: Any, status: HTTPStatus, text: str, *, retry_s: int = 0, path: str = "") -> int:
    """Answer with one line of text, or below an API's addresses with that API's error, without Django's machinery."""
    told = error_of(path, status=status, message=text)
    headers = [("content-type", "application/json" if told else "text/plain; charset=utf-8")]
    if retry_s:
        headers.append(("retry-after", str(retry_s)))
    protocol.response_str(int(status), headers, (told or text) + "\n")
    return int(status)


class _Exchange:
    """One request and its response, in a thread from beginning to end: database connections belong to threads."""

    def __init__(
        self, application: Application, environ: Environ, protocol: Any, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._application, self._environ, self._protocol, self._loop = application, environ, protocol, loop
        self._status, self._headers = 500, list[Header]()

    def run(self) -> int:
        """Call the application and send what it answers. Return the status."""
        structlog.contextvars.bind_contextvars(request_id=self._environ["HTTP_X_REQUEST_ID"])
        try:
            self._respond(self._application(self._environ, self._start))
        finally:
            structlog.contextvars.clear_contextvars()
        return self._status

    def _start(self, status: str, headers: list[Header], _error: object = None) -> None:
        self._status = int(status[:3])
        self._headers = [(name.lower(), value) for name, value in headers]
        if all(name != "x-request-id" for name, _ in self._headers):
            self._headers.append(("x-request-id", self._environ["HTTP_X_REQUEST_ID"]))

    def _respond(self, result: Iterable[bytes]) -> None:
        try:
            chunks = iter(result)
            head, whole = _head(chunks)
            if whole:
                self._loop.call_soon_threadsafe(self._send, head)
            else:
                self._stream(head, chunks)
        finally:
            close = getattr(result, "close", None)
            if close:
                close()

    def _send(self, body: bytes) -> None:
        if self._environ["REQUEST_METHOD"] == "HEAD" or not body:
            self._protocol.response_empty(self._status, self._headers)
        else:
            self._protocol.response_bytes(self._status, self._headers, body)

    def _stream(self, head: bytes, chunks: Iterator[bytes]) -> None:
        transport = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        for chunk in _joined(head, chunks):
            # Waiting for each chunk is the back-pressure: a slow reader slows the generator, not the memory.
            asyncio.run_coroutine_threadsafe(_sent(transport, chunk), self._loop).result()

    async def _open(self) -> Any:
        return self._protocol.response_stream(self._status, self._headers)


async def _sent(transport: Any, chunk: bytes) -> None:
    await transport.send_bytes(chunk)


def _head(chunks: Iterator[bytes]) -> tuple[bytes, bool]:
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > _WHOLE_BYTES_MAX:
            return b"".join(parts), False
    return b"".join(parts), True


def _joined(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Join small pieces: a file is read 4 KiB at a time, and each send is a turn of the event loop."""
    yield head
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= _CHUNK_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)
