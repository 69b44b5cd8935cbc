"""Requests to addresses that people gave: resolved once, checked, and then sent to that very address."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from errata.adapters.http.guard import Guard
from errata.core.numeral import whole_number
from errata.ports.outgoing import Answer, Outbound, OutgoingFailed, OutgoingRefused

# What a receiver of webhooks commonly has to answer within.
_CONNECT_S, _TOTAL_S = 5.0, 15.0
# Enough of an answer to see what is wrong.
_ANSWER_BYTES_MAX = 4_096
_TOO_SLOW = "it took too long to answer"


class GuardedHttp:
    """Sends requests where the guard lets them, to the very address it has checked: there is no second look-up."""

    def __init__(self, guard: Guard, *, total_s: float = _TOTAL_S) -> None:
        self._guard, self._total_s = guard, total_s

    def send(self, request: Outbound) -> Answer:
        """Send a request."""
        parts = _checked(request.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = self._guard.resolve(host, port)
        try:
            with self._connected(parts, addresses, port) as (link, over):
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                headers = {"User-Agent": "Errata", "Content-Type": "application/json", "Connection": "close"}
                link.request(request.method, path, body=request.body, headers=headers | dict(request.headers))
                response = link.getresponse()
                if over.is_set():  # a header that is cut short reads like one that ends there
                    raise TimeoutError(_TOO_SLOW)
                return _answer(response)
        except (OSError, http.client.HTTPException) as error:
            msg = f"{host} can't be reached: {str(error) or type(error).__name__}."
            raise OutgoingFailed(msg[:400]) from error

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The certificates that are believed: read with the first request, for most processes send none."""
        return ssl.create_default_context()

    @contextlib.contextmanager
    def _connected(
        self, parts: SplitResult, addresses: list[str], port: int
    ) -> Iterator[tuple[http.client.HTTPConnection, threading.Event]]:
        host = parts.hostname or ""
        link = http.client.HTTPConnection(host, port)
        raw = _connect(addresses, port, within_s=self._total_s)
        # Timeouts of a socket are for each read: a server that sends a byte a second would hold us for hours.
        # Wrapping takes the descriptor away from `raw`, and reading the answer takes the socket away from `link`: what
        # is hung up is whichever holds it.
        held, over = [raw], threading.Event()
        watch = threading.Timer(self._total_s, lambda: _hang_up(held[-1], over))
        watch.daemon = True
        watch.start()
        try:
            if parts.scheme == "https":
                secured = self._tls.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
                held.append(secured)
                secured.do_handshake()
            link.sock = held[-1]
            yield link, over
        finally:
            watch.cancel()
            link.close()
            held[-1].close()


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        msg = "The address must begin with https:// or http:// and name a host."
        raise OutgoingRefused(msg)
    if parts.username or parts.password:
        msg = "The address must not hold a user and password."
        raise OutgoingRefused(msg)
    if not url.isascii() or any(ord(letter) <= 32 for letter in url):
        msg = "The address has letters that addresses don't have. Write them percent-encoded."
        raise OutgoingRefused(msg)
    return parts


def _connect(addresses: list[str], port: int, *, within_s: float) -> socket.socket:
    last: OSError = OSError("no address")
    end_s = time.monotonic() + within_s  # a name may lead to hundreds of addresses that don't answer
    for address in addresses:
        if (left_s := end_s - time.monotonic()) <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=min(_CONNECT_S, left_s))
        except OSError as error:
            last = error
    raise last


def _hang_up(raw: socket.socket, over: threading.Event) -> None:
    over.set()
    with contextlib.suppress(OSError):
        # Of the connection beneath: SSLSocket.shutdown would pull TLS out from under the thread that reads.
        socket.socket.shutdown(raw, socket.SHUT_RDWR)


def _answer(response: http.client.HTTPResponse) -> Answer:
    text = _body(response).decode("utf-8", "replace").strip()
    if 300 <= response.status < 400:
        text = f"A redirect to {response.headers.get('Location', 'nowhere')}, which is not followed. Give that address."
    retry = whole_number(response.headers.get("Retry-After", ""))
    return Answer(status=response.status, body=text[:500], retry_after_s=None if retry is None else float(retry))


def _body(response: http.client.HTTPResponse) -> bytes:
    """As much of it as comes. What a header has said stands, however its body breaks off: the request has arrived."""
    body = b""
    with contextlib.suppress(OSError, http.client.HTTPException):
        while len(body) < _ANSWER_BYTES_MAX and (part := response.read1(_ANSWER_BYTES_MAX - len(body))):
            body += part
    return body
