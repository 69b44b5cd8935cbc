"""What only servers do: they are killed, away, behind, and asked by two at once."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from errata.adapters.nats.address import Address, parse
from errata.adapters.nats.frame import cut, decode, encode
from errata.adapters.nats.journal import NatsJournals
from errata.ports.journal import JournalInUse, JournalReader, JournalUnavailable
from tests.nats_server import MISSING, ThrowAwayNats, program, three
from tests.running import free_port, until

pytestmark = pytest.mark.nats
MANY = {"limit": 100_000, "bytes_max": 2**30}
ROOT = Path(__file__).parents[2]
_prefixes = count(1)

WRITER = """
import os, sys, threading, time
import structlog
from datetime import UTC, datetime
from errata.adapters.nats.address import parse
from errata.adapters.nats.journal import NatsJournals
from errata.ports.journal import JournalUnavailable

structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
journals = NatsJournals(parse(sys.argv[1]), bytes_max=2**28, clock=lambda: datetime.now(UTC))
writer = journals.writer("worker-1")

def work(number):
    turn = 0
    while True:
        turn += 1
        try:
            writer.append([f"{number}:{turn}:".encode() + b"x" * (turn * 37 % 30_000)])
        except JournalUnavailable:
            time.sleep(0.05)  # Nobody answers: eight threads that ask without a pause would keep the link from mending.
            continue
        os.write(1, f"{number}:{turn}\\n".encode())  # acknowledged: one write each, so that no line is ever cut

threads = [threading.Thread(target=work, args=[n]) for n in range(8)]
[t.start() for t in threads]
"""


@pytest.fixture
def own_server() -> Iterator[ThrowAwayNats]:
    """A server to kill."""
    if program() is None:
        pytest.skip(MISSING)
    server = ThrowAwayNats()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def journals(own_server) -> Iterator[NatsJournals]:
    journals = open_journals(own_server.url)
    yield journals
    journals.close()


@pytest.fixture
def shared(nats_server) -> Iterator[NatsJournals]:
    """Journals below a prefix of their own, at a server that isn't to be killed."""
    journals = open_journals(f"{nats_server.url}/nats-{next(_prefixes)}")
    yield journals
    journals.close()


def open_journals(url: str, *, at: datetime | None = None) -> NatsJournals:
    return NatsJournals(parse(url), bytes_max=2**28, clock=lambda: at or datetime.now(UTC))


def records(reader: JournalReader, *, after: int = 0) -> list[bytes]:
    return [entry.record for entry in reader.read(after=after, **MANY)]


def start_writer(url: str) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    )


def acknowledged_by(process: subprocess.Popen[bytes], lines: int) -> list[bytes]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(lines)]


def kill(process: subprocess.Popen[bytes]) -> list[bytes]:
    """Let it die at once; what it still said."""
    process.kill()
    with process.stdout:
        said = process.stdout.read().split()
    process.wait()
    return said


def assert_all_there_once(acknowledged: list[bytes], reader: JournalReader) -> None:
    entries = reader.read(after=0, **MANY)
    found = [b":".join(entry.record.split(b":")[:2]) for entry in entries]
    positions = [entry.position for entry in entries]
    assert set(acknowledged) <= set(found)
    assert positions == sorted(set(positions))
    # A record may be there though its append was refused, but the server comes back too soon for a refusal.
    assert len(found) == len(set(found))


@pytest.mark.slow
def test_every_acknowledged_record_outlives_kill_9_of_the_server(own_server):
    process = start_writer(own_server.url)
    acknowledged = []
    for _ in range(3):
        acknowledged += acknowledged_by(process, 300)
        own_server.kill()
        own_server.start()
    acknowledged += acknowledged_by(process, 300) + kill(process)

    journals = open_journals(own_server.url)
    [reader] = until(journals.readers, within_s=10, why="the journal is there")

    assert_all_there_once(acknowledged, reader)
    journals.close()


@pytest.mark.slow
def test_every_acknowledged_record_outlives_kill_9_of_the_writer_and_the_next_one_gets_in(own_server):
    acknowledged = []
    for _ in range(2):
        process = start_writer(own_server.url)
        acknowledged.append(acknowledged_by(process, 200) + kill(process))

    journals = open_journals(own_server.url)
    [reader] = journals.readers()
    found = [b":".join(record.split(b":")[:2]) for record in records(reader)]

    for said in acknowledged:  # both count from 1
        assert set(said) <= set(found)
    assert len(found) >= sum(map(len, acknowledged))
    journals.close()


@pytest.fixture
def cluster() -> Iterator[list[ThrowAwayNats]]:
    if program() is None:
        pytest.skip(MISSING)
    servers = three()
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


@pytest.mark.slow
def test_with_three_replicas_any_one_server_may_be_lost_while_records_are_appended_and_read(cluster):
    hosts = ",".join(server.url.removeprefix("nats://") for server in cluster)
    journals = open_journals(f"nats://{hosts}?replicas=3")
    writer = journals.writer("worker-1")
    until(lambda: _appended(writer, b"0"), within_s=60, why="the cluster has elected its leaders")
    acknowledged, stop = [b"0"], threading.Event()

    def append() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            if _appended(writer, str(number).encode()):
                acknowledged.append(str(number).encode())

    thread = threading.Thread(target=append)
    thread.start()
    found: list[bytes] = []
    for server in cluster:
        server.kill()
        wanted = len(acknowledged) + 100
        until(lambda: _drain(journals, found) >= wanted, within_s=60, why="two servers go on")  # noqa: B023 - called here
        server.start()
        until(lambda: _caught_up(journals), within_s=60, why="the third has what it missed")
    stop.set()
    thread.join()
    until(lambda: _drain(journals, found) >= len(acknowledged), within_s=60, why="all is read")

    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    writer.close()
    journals.close()


def _drain(journals: NatsJournals, found: list[bytes]) -> int:
    """Take what there is, as the digest does; how much that makes by now."""
    try:
        [reader] = journals.readers()
        entries = reader.read(after=0, **MANY)
        found += [entry.record for entry in entries]
        if entries:
            reader.trim(through=entries[-1].position)
    except JournalUnavailable:
        pass
    return len(found)


def _caught_up(journals: NatsJournals) -> bool:
    try:
        cluster = journals.link.call(lambda api: api.stream_info("errata-journal-worker-1")).cluster
    except JournalUnavailable:
        return False
    return bool(cluster.leader) and all(peer.current and not peer.offline for peer in cluster.replicas)


def test_a_reader_goes_on_after_the_servers_restart_where_it_was(own_server, journals):
    writer = journals.writer("worker-1")
    writer.append([b"one", b"two"])
    [reader] = journals.readers()
    [first] = reader.read(after=0, limit=1, bytes_max=2**20)
    own_server.kill()

    with pytest.raises(JournalUnavailable):
        until(lambda: not reader.read(after=0, **MANY), within_s=20, why="the reader notices")
    own_server.start()
    writer.append([b"three"])

    assert records(reader, after=first.position) == [b"two", b"three"]
    writer.close()


@pytest.mark.slow
def test_a_worker_starts_without_the_server_refuses_and_takes_records_once_it_is_there(own_server):
    own_server.kill()
    journals = open_journals(own_server.url)

    writer = journals.writer("worker-1")
    with pytest.raises(JournalUnavailable, match="can't be reached"):
        writer.append([b"refused"])
    own_server.start()
    until(lambda: journals.link.is_connected, within_s=20, why="the link is up")
    writer.append([b"taken"])

    [reader] = journals.readers()
    assert records(reader) == [b"taken"]
    writer.close()
    journals.close()


@pytest.mark.slow
def test_nothing_is_acknowledged_while_nobody_listens():
    journals = open_journals(f"nats://127.0.0.1:{free_port()}")
    writer = journals.writer("worker-1")

    with pytest.raises(JournalUnavailable):
        writer.append([b"one"])
    with pytest.raises(JournalUnavailable):
        journals.readers()

    writer.close()
    journals.close()


@pytest.mark.slow
def test_positions_go_on_when_the_server_has_lost_everything(own_server, journals):
    writer = journals.writer("worker-1")
    writer.append([b"one", b"two"])
    [reader] = journals.readers()
    digested = reader.read(after=0, **MANY)[-1].position
    own_server.kill()
    own_server.forget_everything()
    own_server.start()

    until(lambda: _appended(writer, b"three"), within_s=20, why="the writer has its stream again")

    [reader] = journals.readers()
    assert records(reader, after=digested) == [b"three"]
    writer.close()


def _appended(writer, record: bytes) -> bool:
    try:
        writer.append([record])
    except JournalUnavailable:
        return False
    return True


def test_positions_go_on_when_the_writers_clock_goes_back(own_server):
    late, early = datetime(2030, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
    for at, record in ((late, b"one"), (early, b"two")):
        journals = open_journals(own_server.url, at=at)
        writer = journals.writer("worker-1")
        writer.append([record])
        writer.close()
        journals.close()

    journals = open_journals(own_server.url)
    [reader] = journals.readers()
    assert records(reader) == [b"one", b"two"]
    journals.close()


def test_a_journal_is_in_use_for_another_process_until_its_writers_connection_ends(nats_server, shared):
    url = f"{nats_server.url}/nats-{next(_prefixes)}"
    first, second = open_journals(url), open_journals(url)
    first.writer("worker-1")

    with pytest.raises(JournalInUse):
        second.writer("worker-1")
    first.close()

    second.writer("worker-1").close()
    second.close()


def test_of_two_writers_that_both_think_it_is_theirs_one_is_refused(nats_server):
    url = f"{nats_server.url}/nats-{next(_prefixes)}"
    first, second = open_journals(url), open_journals(url)
    writer = first.writer("worker-1")
    writer.append([b"one"])
    writer._let_go()  # As when its connection is cut and the server takes it for dead.
    other = second.writer("worker-1")
    other.append([b"two"])

    with pytest.raises(JournalUnavailable, match="another process"):
        writer.append([b"three"])
    with pytest.raises(JournalUnavailable, match="another process"):
        writer.append([b"four"])

    [reader] = first.readers()
    assert records(reader) == [b"one", b"two"]
    other.close()
    writer.append([b"five"])  # The other one is gone: it is its again.
    assert records(reader) == [b"one", b"two", b"five"]
    second.close()
    first.close()


def test_a_message_whose_answer_was_lost_is_not_stored_twice(shared):
    writer = shared.writer("worker-1")
    writer.append([b"one"])
    stream, sent = writer._stream, []

    class Lossy:
        """The stream, as it looks when the network drops the first answer."""

        def __getattr__(self, name):
            return getattr(stream, name)

        def append(self, part, *, after):
            sequence = stream.append(part, after=after)
            sent.append(part)
            if len(sent) == 1:
                raise JournalUnavailable("no answer")
            return sequence

    writer._stream = Lossy()
    writer.append([b"two"])
    writer.append([b"three"])

    [reader] = shared.readers()
    assert records(reader) == [b"one", b"two", b"three"]
    writer.close()


def test_an_append_of_many_messages_is_read_whole(shared):
    writer = shared.writer("worker-1")
    large = [bytes([number]) * 700_000 for number in range(5)]

    writer.append(large)
    writer.append([b"small"])

    [reader] = shared.readers()
    assert records(reader) == [*large, b"small"]
    assert reader.backlog(after=0) == 6
    reader.trim(through=reader.read(after=0, limit=2, bytes_max=2**30)[-1].position)
    assert records(reader) == [*large[2:], b"small"]
    writer.close()


def test_what_a_writer_left_half_appended_is_passed_over(shared):
    writer = shared.writer("worker-1")
    writer.append([b"one"])
    parts = cut([b"x" * 5_000, b"y"], writer="died", first=writer._next, before=1, bytes_max=1_000)
    for number, part in enumerate(parts[:3]):
        writer._stream.append(part, after=1 + number)
    [reader] = shared.readers()
    first, *more = reader.read(after=0, **MANY)
    assert more == []
    writer.close()

    next_one = shared.writer("worker-1")
    next_one.append([b"two"])

    assert records(reader, after=first.position) == [b"two"]
    assert records(reader) == [b"one", b"two"]
    next_one.close()


def test_a_reader_that_begins_in_the_middle_finds_its_place(shared):
    writer = shared.writer("worker-1")
    for number in range(50):
        writer.append([f"{number}:a".encode(), f"{number}:b".encode()])
    [reader] = shared.readers()
    everything = reader.read(after=0, **MANY)

    for at in (0, 1, 50, 97, 98, 99):
        reader.close()
        assert reader.read(after=everything[at].position, **MANY) == everything[at + 1 :]
        reader.close()
        assert reader.backlog(after=everything[at].position) == 99 - at
    writer.close()


def test_reading_and_trimming_while_another_appends_misses_nothing(shared):
    writer = shared.writer("worker-1")
    [reader] = shared.readers()
    sent = [str(number).encode() for number in range(400)]

    def append() -> None:
        for record in sent:
            writer.append([record])

    thread = threading.Thread(target=append)
    thread.start()
    found: list[bytes] = []
    after = 0
    while len(found) < len(sent):
        for entry in reader.read(after=after, limit=7, bytes_max=2**20):
            found.append(entry.record)
            after = entry.position
        reader.trim(through=after)
    thread.join()

    assert found == sent
    writer.close()


def test_a_part_travels_unchanged():
    [part] = cut([b"one", b""], writer="w", first=5, before=2, bytes_max=100)

    assert decode(encode(part)) == part


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("nats://h:4222", Address(["nats://h:4222"])),
        ("nats://u:p@a:1,b:2/shop?replicas=3", Address(["nats://u:p@a:1", "nats://u:p@b:2"], "shop", 3)),
        ("tls://a", Address(["tls://a"])),
    ],
)
def test_an_address_names_servers_prefix_and_replicas(url, address):
    assert parse(url) == address


@pytest.mark.parametrize(
    "url", ["http://h", "nats://", "nats://a,,b", "nats://a/x.y", "nats://a?replicas=9", "nats://a?replica=3"]
)
def test_an_address_that_cannot_be_meant_is_refused(url):
    with pytest.raises(ValueError, match="journal's"):
        parse(url)
