"""Intake over real connections: chunked, slow, broken off, many, and killed."""

import gzip
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from errata.adapters.sqlite.journal import SqliteJournals
from errata.core.signal import Signal
from tests.ingest.clients import AUTH, EVENT, EVENT_ID, envelope, event_envelope, item

ROOT = Path(__file__).parents[2]
PATH = "/api/1/envelope/"


class Server:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "tests.ingest.server", str(self.port), str(directory)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            try:
                self.connect().close()
            except ConnectionRefusedError:
                assert self.process.poll() is None, "the server has ended"
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the server did not start")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def send(self, body: bytes | Iterator[bytes], **headers: str) -> tuple[int, dict]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", PATH, body, {**AUTH, **headers}, encode_chunked=not isinstance(body, bytes))
            with closing(connection.getresponse()) as response:
                return response.status, json.loads(response.read() or b"{}")

    def arrived(self) -> list[Signal]:
        clock = lambda: datetime.now(UTC)
        journals = SqliteJournals(self.directory / "journals", bytes_max=2**30, free_bytes_min=0, clock=clock)
        entries = [e for reader in journals.readers() for e in reader.read(after=0, limit=100_000, bytes_max=2**30)]
        for reader in journals.readers():
            reader.close()
        return [msgspec.msgpack.decode(entry.record, type=Signal) for entry in entries]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("intake"))
    yield server
    server.stop()


def unique() -> tuple[str, bytes]:
    event_id = uuid.uuid4().hex
    return event_id, envelope(item("event", {**EVENT, "event_id": event_id}), event_id=event_id)


def ids(server: Server) -> set[str]:
    return {signal.event_id for signal in server.arrived()}


def head(*lines: str) -> bytes:
    auth = f"X-Sentry-Auth: {AUTH['x-sentry-auth']}"
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: x", auth, *lines, "", ""]).encode()


def test_an_event_is_on_disk_when_it_is_acknowledged(server):
    event_id, body = unique()

    assert server.send(gzip.compress(body), **{"content-encoding": "gzip"}) == (200, {"id": event_id})
    assert event_id in ids(server)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_chunked_body_without_a_length_arrives(server, size):
    event_id, body = unique()
    parts = (body[at : at + size] for at in range(0, len(body), size))

    assert server.send(parts) == (200, {"id": event_id})
    assert event_id in ids(server)


def test_a_large_attachment_arrives(server):
    event_id = uuid.uuid4().hex
    attachment = os.urandom(5 * 2**20)
    body = envelope(item("attachment", attachment, filename="core"), item("event", EVENT), event_id=event_id)

    assert server.send(body) == (200, {"id": event_id})
    (signal,) = [s for s in server.arrived() if s.event_id == event_id and s.kind == "attachment"]
    assert signal.body_bytes == len(attachment)
    assert signal.blob


def test_a_bomb_is_refused_and_the_next_event_accepted(server):
    bomb = gzip.compress(bytes(300 * 2**20), 9)

    assert server.send(bomb, **{"content-encoding": "gzip"})[0] == 413
    assert server.send(event_envelope())[0] == 200


def test_a_body_announced_as_huge_is_refused_before_it_is_sent(server):
    with server.connect() as connection:
        connection.sendall(head(f"Content-Length: {2**40}"))
        answer = connection.recv(4_096)

    assert b" 413 " in answer.split(b"\r\n")[0]


def test_a_chunked_body_without_end_is_cut_at_the_cap(server):
    def endless() -> Iterator[bytes]:
        part = os.urandom(2**20)
        while True:
            yield part

    with server.connect() as connection:
        connection.sendall(head("Transfer-Encoding: chunked"))
        sent = 0
        try:
            for part in endless():
                connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
                sent += len(part)
        except OSError:
            pass

    assert sent <= 260 * 2**20
    assert server.send(event_envelope())[0] == 200


@pytest.mark.parametrize("lines", [["Content-Length: 500"], ["Transfer-Encoding: chunked"]])
def test_a_sender_that_falls_silent_is_told_so(server, lines):
    with server.connect() as connection:
        connection.sendall(head(*lines))
        answer = connection.recv(4_096)

    assert b" 408 " in answer.split(b"\r\n")[0]
    assert b"access-control-allow-origin" in answer


def test_a_client_that_goes_away_in_the_middle_disturbs_nobody(server):
    for _ in range(20):
        connection = server.connect()
        connection.sendall(head("Content-Length: 500") + b"{}")
        connection.close()

    assert server.send(event_envelope()) == (200, {"id": EVENT_ID})


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/1/envelope/ HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/1/envelope/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"\x00" * 10_000,
        b"A" * 1_000_000,
    ],
)
def test_what_is_not_http_disturbs_nobody(server, raw):
    with server.connect() as connection:
        try:
            connection.sendall(raw)
            connection.settimeout(2)
            connection.recv(4_096)
        except OSError:
            pass

    assert server.send(event_envelope())[0] == 200


def test_many_idle_connections_do_not_hold_up_an_event(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    idle = [server.connect() for _ in range(min(1_500, hard // 2 - 200))]
    try:
        for connection in idle[::3]:
            connection.sendall(b"POST /api/1/envelope/ HTTP/1.1\r\nHost:")
        assert server.send(event_envelope())[0] == 200
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_concurrent_senders_are_each_acknowledged_once(server):
    events = [unique() for _ in range(300)]

    with ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(lambda event: server.send(event[1]), events))

    assert answers == [(200, {"id": event_id}) for event_id, _ in events]
    arrived = [signal.event_id for signal in server.arrived()]
    assert all(arrived.count(event_id) == 1 for event_id, _ in events)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_acknowledged_outlives_the_process_however_it_ends(tmp_path, number):
    server = Server(tmp_path)
    acknowledged: set[str] = set()

    def send_until_it_ends() -> None:
        while True:
            event_id, body = unique()
            try:
                if server.send(body)[0] == 200:
                    acknowledged.add(event_id)
            except (OSError, http.client.HTTPException):
                return

    with ThreadPoolExecutor(8) as senders:
        running = [senders.submit(send_until_it_ends) for _ in range(8)]
        while len(acknowledged) < 100:
            time.sleep(0.01)
        server.stop(number)
        for one in running:
            one.result()

    assert acknowledged <= ids(server)
