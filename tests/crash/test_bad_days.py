"""A full disk, slow senders, thousands of connections, a damaged journal: clear answers, and nothing is lost."""

import os
import resource
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.crash.conftest import Installation
from tests.crash.sending import Clients, envelope
from tests.running import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 MB. Needs the right to mount."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512m", "none", str(directory)], check=False)
    if mounted.returncode:
        pytest.skip("may not mount a file system here")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


def test_a_full_disk_is_answered_with_503_and_nothing_acknowledged_is_lost(small_disk: Path):
    installation = Installation(small_disk, ERRATA_DISK_FREE_BYTES_MIN=str(16 * 2**20))
    try:
        installation.start()
        clients = Clients(installation.dsn)
        clients.start()
        clients.wait_for(50)

        ballast = small_disk / "ballast"
        fill_up(ballast)
        until(lambda: clients.refused.get(503), within_s=30, why="intake says that the disk is full")
        ballast.unlink()
        clients.wait_for(50)
        clients.stop()

        assert set(clients.refused) <= {503, 429}
        installation.assert_exact(clients.acknowledged)
    finally:
        installation.stop()


def fill_up(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**20))
        except OSError:
            return


def test_a_full_journal_is_answered_with_503_until_the_digest_has_caught_up(tmp_path: Path):
    installation = Installation(tmp_path, ERRATA_JOURNAL_BYTES_MAX=str(2**20), ERRATA_WORKERS="1")
    try:
        installation.start()
        (store,) = installation.processes("store")
        clients = Clients(installation.dsn)
        os.kill(store, signal.SIGSTOP)
        clients.start()
        until(lambda: clients.refused.get(503), within_s=60, why="intake says that the journal is full")
        os.kill(store, signal.SIGCONT)
        clients.wait_for(1)
        clients.stop()

        installation.assert_exact(clients.acknowledged)
    finally:
        installation.stop()


def test_senders_that_stop_in_the_middle_hold_up_nobody(installation: Installation):
    body = envelope(uuid.uuid4().hex, 0)
    head = f"POST /api/1/envelope/ HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    clients = Clients(installation.dsn)

    with connections(installation, 200) as slow:
        for connection in slow:
            connection.sendall(head + body[:20])
        statuses = [clients.send(uuid.uuid4().hex) for _ in range(20)]

    assert statuses == [200] * 20


def test_thousands_of_idle_connections_leave_room_for_the_next(installation: Installation):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = min(hard, 10_500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, descriptors), hard))

    with connections(installation, descriptors - 500) as idle:
        status = Clients(installation.dsn).send(uuid.uuid4().hex)

    assert status == 200
    assert len(idle) > 500


@contextmanager
def connections(installation: Installation, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as opened:
        address = ("127.0.0.1", installation.running.port)
        yield [opened.enter_context(socket.create_connection(address, timeout=10)) for _ in range(count)]


def test_a_damaged_end_of_a_journal_costs_at_most_what_was_on_it(tmp_path: Path):
    installation = Installation(tmp_path, ERRATA_WORKERS="1")
    try:
        installation.start()
        (store,) = installation.processes("store")
        os.kill(store, signal.SIGSTOP)
        clients = Clients(installation.dsn)
        first = [uuid.uuid4().hex for _ in range(40)]
        assert {clients.send(event_id) for event_id in first} == {200}
        installation.kill_everything()
        damage_the_end_of_journals(installation.running.data)

        installation.start()
        later = uuid.uuid4().hex
        assert clients.send(later) == 200

        until(lambda: later in installation.stored(), within_s=60, why="what came after the damage is digested")
        kept = installation.stored() & set(first)
        assert len(kept) >= 30
        assert installation.counted() == len(installation.stored())
    finally:
        installation.stop()


def damage_the_end_of_journals(data: Path) -> None:
    """Overwrite the last page of each journal's newest file, as a disk does that lost power while it wrote."""
    newest = [path for path in data.glob("journal*/*-wal") if path.stat().st_size > 4096]
    assert newest, "there is no journal to damage"
    for path in newest:
        with path.open("r+b") as file:
            file.seek(-4096, os.SEEK_END)
            file.write(os.urandom(4096))
