"""The bridge from RSGI to WSGI, behind the real HTTP server."""

import asyncio
import http.client
import json
import threading
from types import SimpleNamespace

import pytest
from granian.server.embed import Server

from errata.ops.pages import BODY_BYTES_MAX, Pages, Peers
from tests.running import free_port


def application(environ, start_response):
    """Answer what the path asks for."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    if environ["PATH_INFO"] == "/long":
        return Chunks(3_000)
    body = environ["wsgi.input"].read()
    return [repr((environ["PATH_INFO"], environ["REMOTE_ADDR"], environ.get("HTTP_X_A"), len(body))).encode()]


class Chunks:
    """A streamed body that notes when it is closed."""

    closed = threading.Event()

    def __init__(self, count):
        self._count = count

    def __iter__(self):
        return iter([b"x" * 1_000] * self._count)

    def close(self):
        self.closed.set()


@pytest.fixture(scope="module")
def server():
    """A server in a thread, and a connection to it."""
    loop, port, started = asyncio.new_event_loop(), free_port(), threading.Event()
    pages = Pages(application, threads=2, peers=Peers([]), public_url="http://127.0.0.1")

    async def answer(scope, protocol):
        await pages.answer(scope, protocol, path=scope.path)

    made = Server(answer, port=port, log_enabled=False)

    def run():
        asyncio.set_event_loop(loop)
        loop.call_later(0.2, started.set)
        loop.run_until_complete(made.serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(5)
    yield port
    loop.call_soon_threadsafe(made.stop)
    thread.join(10)
    pages.close()
    loop.close()


@pytest.fixture
def connection(server):
    made = http.client.HTTPConnection("127.0.0.1", server, timeout=10)
    yield made
    made.close()


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def test_path_address_headers_and_body_reach_the_application(connection):
    answer, body = ask(connection, "POST", "/p%C3%A9?q", b"12345", {"X-A": "1"})
    assert answer.status == 200
    assert body == repr(("/p\u00c3\u00a9", "127.0.0.1", "1", 5)).encode()


def test_a_header_may_come_twice(connection):
    answer, _ = ask(connection, "GET", "/")
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_dash(connection):
    _, body = ask(connection, "GET", "/", headers={"X_A": "forged"})
    assert b"forged" not in body


def test_every_answer_has_a_request_id_and_keeps_a_given_one(connection):
    made, _ = ask(connection, "GET", "/")
    given, _ = ask(connection, "GET", "/", headers={"X-Request-ID": "abc-123456"})
    assert len(made.headers["x-request-id"]) == 16
    assert given.headers["x-request-id"] == "abc-123456"


def test_head_has_no_body(connection):
    answer, body = ask(connection, "HEAD", "/")
    assert (answer.status, body) == (200, b"")


def test_a_long_body_streams_and_is_closed(connection):
    answer, body = ask(connection, "GET", "/long")
    assert (answer.status, len(body)) == (200, 3_000_000)
    assert Chunks.closed.wait(5)


def test_a_body_over_the_limit_is_refused(connection):
    answer, body = ask(connection, "POST", "/", b"x" * (BODY_BYTES_MAX + 1))
    assert answer.status == 413
    assert body == b"At most 4 MiB are taken here.\n"


def test_below_an_api_it_is_refused_as_that_api_refuses(connection):
    answer, body = ask(connection, "POST", "/api/v1/issues", b"x" * (BODY_BYTES_MAX + 1))
    assert (answer.status, answer.headers["content-type"]) == (413, "application/json")
    assert json.loads(body)["error"]["message"] == "At most 4 MiB are taken here."


def scope(client, **headers):
    return SimpleNamespace(client=client, headers={k.replace("_", "-"): v for k, v in headers.items()}, scheme="http")


@pytest.mark.parametrize(
    ("trusted", "client", "forwarded", "address"),
    [
        ([], "203.0.113.9:4000", "198.51.100.1", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.1:4000", "198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.1:4000", "1.2.3.4, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
        (["10.0.0.0/8"], "203.0.113.9:4000", "198.51.100.1", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.1:4000", "", "10.0.0.1"),
        (["::1"], "[::1]:4000", "2001:db8::5", "2001:db8::5"),
    ],
)
def test_only_a_trusted_proxy_is_believed(trusted, client, forwarded, address):
    asked = scope(client, x_forwarded_for=forwarded)
    assert Peers(trusted).address(asked) == address


def test_the_scheme_comes_from_a_trusted_proxy_only():
    asked = scope("10.0.0.1:4000", x_forwarded_proto="https")
    assert Peers(["10.0.0.0/8"]).scheme(asked) == "https"
    assert Peers([]).scheme(asked) == "http"
