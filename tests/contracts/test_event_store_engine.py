"""The embedded engine: what it survives, whom it refuses, and the HTTP it speaks."""

import gzip
import http.client
import shutil
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import zstandard

from errata.adapters.clickhouse import backup
from errata.adapters.clickhouse.embedded import READERS, Engine, EngineInUse
from errata.adapters.clickhouse.event_store import ClickHouseEventStore
from errata.adapters.memory.event_store import MemoryDictionaries
from errata.core.ids import EventId, ProjectId
from errata.ports.event_store import Scope, StoreUnavailable
from tests.contracts.engine import PASSWORD, EngineProcess
from tests.contracts.signals import NOON, event, event_id, number_of, other

pytestmark = pytest.mark.slow

ALL = Scope(projects={ProjectId(1): None})
BATCH = 200
Start = Callable[[Path], EngineProcess]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start engines that end with the test."""
    started: list[EngineProcess] = []

    def start_one(path: Path) -> EngineProcess:
        started.append(EngineProcess(path))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()


def opened(process: EngineProcess) -> ClickHouseEventStore:
    store = ClickHouseEventStore(process.url(), MemoryDictionaries())
    store.prepare()
    return store


def batch(number: int) -> list[Any]:
    """Events over three days, and a signal."""
    numbers = range(number * BATCH + 1, (number + 1) * BATCH + 1)
    events = [event(n, at=NOON - timedelta(days=n % 3), payload=b"x" * 3000, fingerprint=n % 7) for n in numbers]
    return [*events, other("attachment", numbers[0], payload=b"x", name="log")]


def ids(store: ClickHouseEventStore) -> list[int]:
    return sorted(number_of(found.event_id) for found in store.events(ALL, limit=100_000))


# Crashes


def test_a_kill_at_any_moment_loses_nothing_acknowledged_and_a_replay_counts_nothing_twice(
    start: Start, tmp_path: Path
):
    acknowledged: list[int] = []

    def write(store: ClickHouseEventStore, first: int) -> None:
        for number in range(first, first + 1000):
            try:
                store.put(batch(number), token=f"journal:{number}")
            except StoreUnavailable:
                return
            acknowledged.append(number)

    for round_ in range(4):
        process = start(tmp_path)
        store = opened(process)
        next_ = len(acknowledged)
        writer = threading.Thread(target=write, args=(store, next_))
        writer.start()
        while len(acknowledged) < next_ + 3 + round_:
            writer.join(0.005)
        process.kill()
        writer.join()

    store = opened(start(tmp_path))
    store.put(batch(len(acknowledged)), token=f"journal:{len(acknowledged)}")
    assert ids(store) == list(range(1, (len(acknowledged) + 1) * BATCH + 1))
    for number in range(len(acknowledged) + 1):
        first = EventId(event_id(number * BATCH + 1))
        assert len(store.signals(project_id=ProjectId(1), event_id=first)) == 1


def test_a_token_is_remembered_through_a_restart(start: Start, tmp_path: Path):
    process = start(tmp_path)
    opened(process).put(batch(0), token="journal:0")
    assert process.stop() == 0

    store = opened(start(tmp_path))
    store.put(batch(1), token="journal:1")
    store.put(batch(0), token="journal:0")

    assert len(ids(store)) == 2 * BATCH


@pytest.mark.parametrize("days_lost", [1, 3])
def test_a_token_whose_rows_never_landed_does_not_keep_them_out(start: Start, tmp_path: Path, days_lost: int):
    # What a crash leaves that comes after the engine wrote the token down and before the rows became visible.
    process = start(tmp_path)
    opened(process).put(batch(0), token="journal:0")
    process.kill()
    columns = sorted((tmp_path / "store").glob("*/*/2026*/columns.txt"))
    for file in [file for file in columns if "fingerprint" in file.read_text()][:days_lost]:
        shutil.rmtree(file.parent)

    store = opened(start(tmp_path))
    missing = BATCH - len(ids(store))
    store.put(batch(0), token="journal:0")

    assert missing > 0
    assert ids(store) == list(range(1, BATCH + 1))


def test_rows_whose_token_was_lost_are_not_stored_again(start: Start, tmp_path: Path):
    # What a power cut may leave.
    process = start(tmp_path)
    opened(process).put(batch(0), token="journal:0")
    process.kill()
    for log in (tmp_path / "store").glob("*/*/deduplication_logs"):
        shutil.rmtree(log)

    store = opened(start(tmp_path))
    store.put(batch(0), token="journal:0")

    assert ids(store) == list(range(1, BATCH + 1))


def test_a_store_that_went_away_says_so_and_works_again_when_it_is_back(start: Start, tmp_path: Path):
    process = start(tmp_path)
    store = opened(process)
    store.put(batch(0), token="journal:0")
    process.kill()

    with pytest.raises(StoreUnavailable):
        store.put(batch(1), token="journal:1")
    with pytest.raises(StoreUnavailable):
        store.ping()


# Refusals


def test_a_directory_that_is_in_use_is_refused_by_name(engine: EngineProcess):
    with pytest.raises(EngineInUse) as refused:
        Engine(engine.path, PASSWORD)

    assert str(engine.path) in refused.value.message


def test_a_wrong_password_is_refused(engine: EngineProcess):
    url = engine.url().replace("open%20sesame", "guess")

    with pytest.raises(StoreUnavailable, match="Authentication failed"):
        ClickHouseEventStore(url, MemoryDictionaries()).ping()


# Backups


def test_a_backup_taken_while_events_arrive_restores_into_an_empty_store(start: Start, tmp_path: Path):
    here, there = tmp_path / "here", tmp_path / "there"
    process = start(here)
    store = opened(process)
    store.put(batch(0), token="journal:0")

    file = backup.backup(url=process.url(), store=here, name="monday")
    store.put(batch(1), token="journal:1")
    held = backup.verify(url=process.url(), store=here, name="monday")
    other_process = start(there)
    shutil.copy(file, there / "backups" / "monday.tar")
    backup.restore(url=other_process.url(), store=there, name="monday")

    restored = opened(other_process)
    assert held == BATCH
    assert ids(restored) == list(range(1, BATCH + 1))
    restored.put(batch(0), token="journal:0")
    restored.put(batch(1), token="journal:1")
    assert ids(restored) == ids(store)
    with pytest.raises(backup.StoreNotEmpty):
        backup.restore(url=other_process.url(), store=there, name="monday")


@pytest.mark.parametrize("damage", ["cut", "flipped", "missing"])
def test_a_damaged_archive_is_found_out(start: Start, tmp_path: Path, damage: str):
    process = start(tmp_path)
    opened(process).put(batch(0), token="journal:0")
    file = backup.backup(url=process.url(), store=tmp_path, name="monday")
    content = bytearray(file.read_bytes())
    place = content.index(b"(\xb5/\xfd") + 8  # inside of a body
    content[place] ^= 0xFF
    file.write_bytes(content if damage == "flipped" else content[: len(content) // 2])
    if damage == "missing":
        file.unlink()

    with pytest.raises(backup.ArchiveDamaged):
        backup.verify(url=process.url(), store=tmp_path, name="monday")


# HTTP


def ask(
    engine: EngineProcess,
    method: str = "POST",
    path: str = "/",
    body: Any = None,
    password: str = PASSWORD,
    **headers: str,
) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=20)
    basic = b64encode(f"default:{password}".encode()).decode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, {"Authorization": f"Basic {basic}", **named})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def test_ping_needs_no_password(engine: EngineProcess):
    assert ask(engine, "GET", "/ping", password="")[:2] == (200, b"Ok.\n")


def test_a_query_comes_in_the_body_or_in_the_url_or_in_both(engine: EngineProcess):
    in_url = "/?" + urlencode({"query": "SELECT 1 +"})

    assert ask(engine, body=b"SELECT 3 FORMAT CSV")[1] == b"3\n"
    assert ask(engine, "GET", "/?" + urlencode({"query": "SELECT 3"}))[1] == b"3\n"
    assert ask(engine, path=in_url, body=b"2")[1] == b"3\n"


def test_parameters_and_settings_come_in_the_url(engine: EngineProcess):
    arguments = {"param_text": "a\\tb", "max_block_size": "7", "default_format": "JSONEachRow"}

    status, body, _ = ask(
        engine, path="/?" + urlencode(arguments), body=b"SELECT {text:String} AS t, getSetting('max_block_size') AS s"
    )

    assert (status, body) == (200, b'{"t":"a\\tb","s":7}\n')
    assert ask(engine, body=b"SELECT getSetting('max_block_size') = 7")[1] == b"0\n"


def test_long_parameters_come_as_form_fields(engine: EngineProcess):
    form = (
        b'--x\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT length({many:Array(Int64)})\r\n'
        b'--x\r\nContent-Disposition: form-data; name="param_many"\r\n\r\n[' + b"1,"  * 50_000 + b"1]\r\n--x--\r\n"
    )  # fmt: skip

    assert ask(engine, body=form, Content_Type="multipart/form-data; boundary=x")[1] == b"50001\n"


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("zstd", lambda body: zstandard.ZstdCompressor().compress(body)), ("identity", bytes)],
)
def test_inserts_come_plain_or_compressed_and_in_chunks(engine: EngineProcess, encoding: str, encode: Any):
    table = f"encoded_{encoding}"
    ask(engine, body=f"CREATE TABLE IF NOT EXISTS {table} (n UInt32) ENGINE = Memory".encode())
    whole = encode(f"INSERT INTO {table} FORMAT CSV\n".encode() + b"".join(b"%d\n" % n for n in range(10_000)))

    status, _, headers = ask(engine, body=iter([whole[:1000], whole[1000:]]), Content_Encoding=encoding)

    assert status == 200
    assert '"written_rows": "10000"' in headers["X-ClickHouse-Summary"]
    assert ask(engine, body=f"SELECT sum(n) FROM {table}".encode())[1] == b"%d\n" % sum(range(10_000))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"SELECT * FROM missing", 404, "60"),
        (b"SELECT (1", 400, "62"),
        (b"SELECT {a:String}", 400, "456"),
        (b"INSERT INTO missing FORMAT CSV\n1", 404, "60"),
        (b"SELECT throwIf(1)", 500, "395"),
    ],
)
def test_errors_keep_the_code_and_text_of_clickhouse(engine: EngineProcess, body: bytes, status: int, code: str):
    found, text, headers = ask(engine, body=body)

    assert (found, headers["X-ClickHouse-Exception-Code"]) == (status, code)
    assert text.startswith(b"Code: " + code.encode())


def test_what_is_refused_says_why(engine: EngineProcess):
    assert ask(engine, password="guess", body=b"SELECT 1")[0] == 401
    assert b"readonly" in ask(engine, "GET", "/?query=CREATE+DATABASE+x")[1]
    assert b"Sessions are not supported" in ask(engine, path="/?session_id=1", body=b"SELECT 1")[1]
    assert b"Content-Encoding br is not supported" in ask(engine, body=b"x", Content_Encoding="br")[1]
    assert ask(engine, path="/?no_such_setting=1", body=b"SELECT 1")[2]["X-ClickHouse-Exception-Code"] == "115"
    assert ask(engine, path="/?a'b=1", body=b"SELECT 1")[2]["X-ClickHouse-Exception-Code"] == "115"


def test_a_failed_insert_stores_nothing_and_the_next_one_is_unharmed(engine: EngineProcess):
    ask(engine, body=b"CREATE TABLE halves (n UInt32) ENGINE = MergeTree ORDER BY n")

    status, _, _ = ask(engine, body=b"INSERT INTO halves FORMAT CSV\n1\n2\nx\n")
    ask(engine, body=b"INSERT INTO halves FORMAT CSV\n7\n")

    assert status >= 400
    assert ask(engine, body=b"SELECT n FROM halves")[1] == b"7\n"


def test_an_insert_whose_client_goes_away_stores_nothing(engine: EngineProcess):
    ask(engine, body=b"CREATE TABLE gone (n UInt32) ENGINE = MergeTree ORDER BY n")

    def half() -> Iterator[bytes]:
        yield b"INSERT INTO gone FORMAT CSV\n1\n2\n"
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        ask(engine, body=half())
    ask(engine, body=b"INSERT INTO gone FORMAT CSV\n7\n")

    assert ask(engine, body=b"SELECT n FROM gone")[1] == b"7\n"


def test_slow_questions_never_hold_up_an_insert(engine: EngineProcess):
    ask(engine, body=b"CREATE TABLE quick (n UInt32) ENGINE = Memory")
    slow = [
        threading.Thread(target=ask, args=(engine,), kwargs={"body": b"SELECT sleep(2)"}) for _ in range(READERS + 1)
    ]
    for thread in slow:
        thread.start()

    assert ask(engine, body=b"INSERT INTO quick FORMAT CSV\n1\n")[0] == 200
    assert slow[-1].is_alive()
    for thread in slow:
        thread.join()


def test_reads_run_while_another_is_slow(engine: EngineProcess):
    slow = threading.Thread(target=ask, args=(engine,), kwargs={"body": b"SELECT sleep(2)"})
    slow.start()

    answers = [ask(engine, body=b"SELECT 1")[1] for _ in range(5)]

    assert answers == [b"1\n"] * 5
    assert slow.is_alive()
    slow.join()
