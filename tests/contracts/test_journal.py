"""What every journal must do, whatever it is made of."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.adapters.memory.journal import MemoryJournals
from errata.adapters.nats.address import Address
from errata.adapters.nats.journal import NatsJournals
from errata.adapters.sqlite.journal import SqliteJournals
from errata.ports.journal import (
    Entry,
    JournalFull,
    JournalInUse,
    JournalReader,
    Journals,
    JournalUnavailable,
    JournalWriter,
)

BYTES_MAX = 4 * 2**20
_prefixes = count(1)
MANY = {"limit": 1_000, "bytes_max": 2**30}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["memory", "sqlite", pytest.param("nats", marks=pytest.mark.nats)])
def journals(request, tmp_path) -> Iterator[Journals]:
    if request.param == "memory":
        yield MemoryJournals(bytes_max=BYTES_MAX)
    elif request.param == "sqlite":
        yield SqliteJournals(tmp_path, bytes_max=BYTES_MAX, free_bytes_min=0, clock=now)
    else:
        server = request.getfixturevalue("nats_server")
        address = Address([server.url], prefix=f"contract-{next(_prefixes)}")
        journals = NatsJournals(address, bytes_max=BYTES_MAX, clock=now)
        yield journals
        journals.close()


@pytest.fixture
def writer(journals: Journals) -> Iterator[JournalWriter]:
    writer = journals.writer("worker-1")
    yield writer
    writer.close()


@pytest.fixture
def reader(journals: Journals, writer: JournalWriter) -> Iterator[JournalReader]:
    (reader,) = journals.readers()
    yield reader
    reader.close()


def records_of(entries: list[Entry]) -> list[bytes]:
    return [entry.record for entry in entries]


def test_what_is_appended_is_read_in_order(writer, reader):
    writer.append([b"one", b"two"])
    writer.append([b"three"])

    assert records_of(reader.read(after=0, **MANY)) == [b"one", b"two", b"three"]


def test_an_empty_journal_reads_as_nothing(reader):
    assert reader.read(after=0, **MANY) == []
    assert reader.backlog(after=0) == 0
    reader.trim(through=10)


def test_positions_grow(writer, reader):
    for number in range(5):
        writer.append([str(number).encode()])

    positions = [entry.position for entry in reader.read(after=0, **MANY)]

    assert positions == sorted(set(positions))
    assert positions[0] > 0


def test_reading_goes_on_behind_a_position(writer, reader):
    writer.append([b"one", b"two", b"three"])
    first, second, _third = reader.read(after=0, **MANY)

    assert records_of(reader.read(after=first.position, **MANY)) == [b"two", b"three"]
    assert records_of(reader.read(after=second.position, **MANY)) == [b"three"]


def test_a_read_is_limited_in_entries(writer, reader):
    writer.append([b"one", b"two", b"three"])

    assert records_of(reader.read(after=0, limit=2, bytes_max=2**20)) == [b"one", b"two"]


def test_a_read_is_limited_in_bytes_but_returns_at_least_one_entry(writer, reader):
    writer.append([b"x" * 100, b"y" * 100, b"z" * 100])

    assert records_of(reader.read(after=0, limit=10, bytes_max=250)) == [b"x" * 100, b"y" * 100]
    assert records_of(reader.read(after=0, limit=10, bytes_max=1)) == [b"x" * 100]


def test_trimmed_entries_are_gone_and_the_others_stay(writer, reader):
    writer.append([b"one", b"two", b"three"])
    second = reader.read(after=0, **MANY)[1]

    reader.trim(through=second.position)

    assert records_of(reader.read(after=0, **MANY)) == [b"three"]


def test_positions_are_not_used_again_after_a_trim(writer, reader):
    writer.append([b"one", b"two"])
    last = reader.read(after=0, **MANY)[-1].position
    reader.trim(through=last)

    writer.append([b"three"])

    assert reader.read(after=0, **MANY)[0].position > last


def test_the_backlog_counts_what_is_behind_a_position(writer, reader):
    writer.append([b"one", b"two", b"three"])
    first, *_ = reader.read(after=0, **MANY)

    assert reader.backlog(after=0) == 3
    assert reader.backlog(after=first.position) == 2
    reader.trim(through=first.position)
    assert reader.backlog(after=0) == 2
    assert reader.backlog(after=first.position) == 2


def test_a_large_record_comes_back_whole(writer, reader):
    large = bytes(range(256)) * 4_096

    writer.append([large, b"small"])

    assert records_of(reader.read(after=0, **MANY)) == [large, b"small"]


def test_a_full_journal_refuses_and_keeps_what_it_has(writer, reader):
    kept: list[bytes] = []
    with pytest.raises(JournalFull):
        for number in range(100):
            record = bytes([number]) * 100_000
            writer.append([record])
            kept.append(record)

    assert 10 < len(kept) < 100
    assert records_of(reader.read(after=0, **MANY)) == kept


def test_nothing_of_a_refused_append_is_kept(writer, reader):
    with pytest.raises(JournalFull):
        writer.append([b"small", b"x" * (BYTES_MAX + 1)])

    assert reader.read(after=0, **MANY) == []


def test_a_full_journal_takes_records_again_once_it_is_trimmed(writer, reader):
    with pytest.raises(JournalFull):
        for _ in range(100):
            writer.append([b"x" * 100_000])
    reader.trim(through=reader.read(after=0, **MANY)[-1].position)

    writer.append([b"again"])

    assert records_of(reader.read(after=0, **MANY)) == [b"again"]


def test_the_space_of_a_drained_journal_is_given_back(writer, reader):
    writer.append([b"x" * 100_000 for _ in range(30)])
    full = reader.bytes_used()

    reader.trim(through=reader.read(after=0, **MANY)[-1].position)

    assert full >= 3_000_000
    assert reader.bytes_used() < 1_200_000


def test_submitted_records_are_there_when_done_is_told(writer, reader):
    told = threading.Event()
    seen: list[object] = []

    def done(error: JournalUnavailable | None) -> None:
        seen.append(error)
        told.set()

    writer.submit([b"one"], done=done)

    assert told.wait(10)
    assert seen == [None]
    assert records_of(reader.read(after=0, **MANY)) == [b"one"]


def test_submitted_records_that_do_not_fit_are_refused_to_done(writer, reader):
    told = threading.Event()
    seen: list[object] = []

    def done(error: JournalUnavailable | None) -> None:
        seen.append(error)
        told.set()

    writer.submit([b"x" * (BYTES_MAX + 1)], done=done)

    assert told.wait(10)
    assert [type(error) for error in seen] == [JournalFull]


def test_many_threads_append_and_each_record_is_there_once(writer, reader):
    def work(number: int) -> None:
        for turn in range(25):
            writer.append([f"{number}:{turn}:a".encode(), f"{number}:{turn}:b".encode()])

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    records = records_of(reader.read(after=0, **MANY))
    assert sorted(records) == sorted(f"{n}:{t}:{x}".encode() for n in range(8) for t in range(25) for x in "ab")
    for number in range(8):  # and each thread's are in its order, its pairs together
        mine = [record for record in records if record.startswith(f"{number}:".encode())]
        assert mine == [f"{number}:{t}:{x}".encode() for t in range(25) for x in "ab"]
        assert all(records.index(pair) + 1 == records.index(mine[i + 1]) for i, pair in enumerate(mine) if i % 2 == 0)


def test_a_reader_that_keeps_up_and_trims_meets_each_record_once(writer, reader):
    wanted = [f"{number}".encode() * (number % 400) for number in range(2_000)]
    writing = threading.Thread(target=lambda: [writer.append([record]) for record in wanted])
    writing.start()

    found: list[bytes] = []
    after = 0
    while len(found) < len(wanted):
        entries = reader.read(after=after, limit=50, bytes_max=2**20)
        found += records_of(entries)
        if entries:
            after = entries[-1].position
            reader.trim(through=after)
        elif not writing.is_alive() and not reader.backlog(after=after):
            break
    writing.join()

    assert found == wanted


def test_a_journal_is_written_by_one_at_a_time(journals, writer):
    with pytest.raises(JournalInUse):
        journals.writer("worker-1")


def test_a_closed_writer_lets_the_next_one_in_and_takes_nothing_more(journals, writer, reader):
    writer.append([b"one"])
    writer.close()
    writer.close()

    next_one = journals.writer("worker-1")
    next_one.append([b"two"])
    next_one.close()

    with pytest.raises(JournalUnavailable):
        writer.append([b"never"])
    assert records_of(reader.read(after=0, **MANY)) == [b"one", b"two"]


def test_what_was_submitted_before_the_close_is_kept(writer, reader):
    told: list[object] = []

    for number in range(50):
        writer.submit([str(number).encode()], done=told.append)
    writer.close()

    assert told == [None] * 50
    assert reader.backlog(after=0) == 50


def test_every_workers_journal_has_its_reader_and_keeps_it(journals, writer):
    other = journals.writer("worker-2")
    other.append([b"from two"])
    writer.append([b"from one"])
    other.close()

    readers = journals.readers()

    assert [reader.name for reader in readers] == ["worker-1", "worker-2"]
    assert [records_of(reader.read(after=0, **MANY)) for reader in readers] == [[b"from one"], [b"from two"]]
    assert all(a is b for a, b in zip(readers, journals.readers(), strict=True))
    for reader in readers:
        reader.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.lists(st.binary(max_size=40_000), min_size=1, max_size=4), st.integers(0, 3)), max_size=12)
)
def test_a_journal_is_a_queue_whatever_comes(writer, reader, steps):
    """Lists are appended, numbers are how many to take: against a plain list."""
    for entry in reader.read(after=0, **MANY):
        reader.trim(through=entry.position)
    model: list[bytes] = []
    for step in steps:
        if isinstance(step, list):
            writer.append(step)
            model += step
        else:
            taken = reader.read(after=0, limit=step, bytes_max=2**30) if step else []
            assert records_of(taken) == model[:step]
            if taken:
                reader.trim(through=taken[-1].position)
            model = model[step:]
        assert reader.backlog(after=0) == len(model)
    assert records_of(reader.read(after=0, **MANY)) == model
