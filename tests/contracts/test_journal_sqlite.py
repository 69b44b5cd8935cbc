"""What only files do: they outlive a kill, they get damaged, and disks get full."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from errata.adapters.sqlite import journal_file
from errata.adapters.sqlite.journal import SqliteJournals
from errata.adapters.sqlite.journal_file import PAGE_BYTES
from errata.ports.journal import JournalFull, JournalInUse

MANY = {"limit": 100_000, "bytes_max": 2**30}
ROOT = Path(__file__).parents[2]

WRITER = """
import os, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from errata.adapters.sqlite import journal_file
from errata.adapters.sqlite.journal import SqliteJournals

journals = SqliteJournals(Path(sys.argv[1]), bytes_max=2**30, free_bytes_min=0, clock=lambda: datetime.now(UTC))
writer = journals.writer("worker-1")

def work(number):
    turn = 0
    while True:
        turn += 1
        record = f"{number}:{turn}:".encode() + b"x" * (turn * 37 % 30_000)
        writer.append([record])
        os.write(1, f"{number}:{turn}\\n".encode())  # acknowledged: one write each, so that no line is ever cut

threads = [threading.Thread(target=work, args=[n]) for n in range(8)]
[t.start() for t in threads]
"""


def open_journals(directory: Path, *, bytes_max: int = 2**30, free_bytes_min: int = 0) -> SqliteJournals:
    return SqliteJournals(
        directory, bytes_max=bytes_max, free_bytes_min=free_bytes_min, clock=lambda: datetime.now(UTC)
    )


def all_records(journals: SqliteJournals) -> list[bytes]:
    return [entry.record for reader in journals.readers() for entry in reader.read(after=0, **MANY)]


def close(journals: SqliteJournals) -> None:
    for reader in journals.readers():
        reader.close()


def start_writer(directory: Path) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", WRITER, str(directory)], stdout=subprocess.PIPE, env=environ)


def kill_after(process: subprocess.Popen[bytes], lines: int) -> list[bytes]:
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(lines)]
    process.kill()
    acknowledged += process.stdout.read().split()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    return acknowledged


@pytest.mark.parametrize("lines", [1, 50, 400])
def test_every_acknowledged_record_outlives_kill_9(tmp_path, lines):
    acknowledged = kill_after(start_writer(tmp_path), lines)

    journals = open_journals(tmp_path)
    found = [b":".join(record.split(b":")[:2]) for record in all_records(journals)]

    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    close(journals)


def test_a_journal_goes_on_after_kill_9(tmp_path):
    kill_after(start_writer(tmp_path), 20)
    journals = open_journals(tmp_path)
    before = journals.readers()[0].read(after=0, **MANY)[-1]

    writer = journals.writer("worker-1")
    writer.append([b"afterwards"])
    writer.close()

    (entry,) = journals.readers()[0].read(after=before.position, **MANY)
    assert entry.record == b"afterwards"
    close(journals)


def test_another_process_cannot_write_the_same_journal(tmp_path):
    process = start_writer(tmp_path)
    assert process.stdout is not None
    process.stdout.readline()

    with pytest.raises(JournalInUse, match=r"worker-1\.sqlite3"):
        open_journals(tmp_path).writer("worker-1")
    kill_after(process, 1)


def test_records_are_read_while_another_process_writes(tmp_path):
    process = start_writer(tmp_path)
    assert process.stdout is not None
    acknowledged = process.stdout.readline().strip()
    journals = open_journals(tmp_path)
    (reader,) = journals.readers()

    first = reader.read(after=0, limit=1_000, bytes_max=2**20)
    reader.trim(through=first[-1].position)
    more = reader.read(after=first[-1].position, **MANY)
    acknowledged_later = kill_after(process, 100)
    rest = reader.read(after=(more or first)[-1].position, **MANY)

    found = [b":".join(entry.record.split(b":")[:2]) for entry in [*first, *more, *rest]]
    assert {acknowledged, *acknowledged_later} <= set(found)
    assert len(found) == len(set(found))
    close(journals)


def test_journals_of_workers_that_are_gone_are_still_read(tmp_path):
    for name in ("worker-1", "worker-7"):
        writer = open_journals(tmp_path).writer(name)
        writer.append([name.encode()])
        writer.close()

    journals = open_journals(tmp_path)

    assert all_records(journals) == [b"worker-1", b"worker-7"]
    close(journals)


def test_a_disk_that_is_nearly_full_refuses(tmp_path):
    journals = open_journals(tmp_path, free_bytes_min=2**60)
    writer = journals.writer("worker-1")

    with pytest.raises(JournalFull, match="are free on the disk"):
        writer.append([b"one"])

    writer.close()
    assert all_records(journals) == []
    close(journals)


def test_a_journal_that_is_made_anew_uses_no_position_again(tmp_path):
    positions = []
    for _ in range(2):
        journals = open_journals(tmp_path)
        writer = journals.writer("worker-1")
        writer.append([b"one"])
        writer.close()
        positions.append(journals.readers()[0].read(after=0, **MANY)[0].position)
        close(journals)
        for path in tmp_path.iterdir():
            path.unlink()

    assert positions[0] < positions[1]


# ------------------------------------------------------------------------------------------------------------- damage


def filled(directory: Path, *, records: int = 200, size: int = 3_000) -> list[bytes]:
    """A journal of a worker that has ended in good order: everything is in the main file."""
    written = [str(number).encode().ljust(size, b".") for number in range(records)]
    writer = open_journals(directory).writer("worker-1")
    writer.append(written)
    writer.close()
    return written


def overwrite(path: Path, at: int, garbage: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(garbage)


def tear(path: Path, record: bytes) -> None:
    """Overwrite every page that holds a copy of the record: SQLite leaves old copies in the unused parts of pages."""
    raw, at = path.read_bytes(), -1
    while (at := raw.find(record, at + 1)) >= 0:
        overwrite(path, at // PAGE_BYTES * PAGE_BYTES, os.urandom(PAGE_BYTES))


def last_page(path: Path) -> int:
    return (path.stat().st_size // PAGE_BYTES - 1) * PAGE_BYTES


def test_a_torn_last_page_costs_its_own_entries_and_a_new_journal_begins(tmp_path):
    written = filled(tmp_path)
    path = tmp_path / "worker-1.sqlite3"
    tear(path, written[-1])

    journals = open_journals(tmp_path)
    writer = journals.writer("worker-1")
    writer.append([b"afterwards"])
    found = all_records(journals)

    assert found[-1] == b"afterwards"
    assert found[:-1] == written[: len(found) - 1]
    assert len(found) - 1 >= len(written) - 3  # a page holds two
    writer.close()
    close(journals)


def test_a_broken_header_costs_no_entry(tmp_path):
    written = filled(tmp_path)
    overwrite(tmp_path / "worker-1.sqlite3", 0, os.urandom(100))

    journals = open_journals(tmp_path)
    writer = journals.writer("worker-1")
    writer.append([b"afterwards"])

    assert all_records(journals) == [*written, b"afterwards"]
    writer.close()
    close(journals)


def test_a_file_cut_short_yields_what_is_left(tmp_path):
    written = filled(tmp_path)
    path = tmp_path / "worker-1.sqlite3"
    os.truncate(path, last_page(path) - 3 * PAGE_BYTES - 1_000)

    journals = open_journals(tmp_path)
    found = all_records(journals)

    assert len(written) - 40 < len(found) < len(written)
    assert found == written[: len(found)]
    close(journals)


def test_large_entries_are_salvaged_with_all_their_pages(tmp_path):
    written = filled(tmp_path, records=5, size=200_000)
    overwrite(tmp_path / "worker-1.sqlite3", 0, os.urandom(100))

    journals = open_journals(tmp_path)

    assert all_records(journals) == written
    close(journals)


def test_a_file_of_garbage_is_set_aside_and_a_new_journal_begins(tmp_path):
    (tmp_path / "worker-1.sqlite3").write_bytes(os.urandom(100_000))

    journals = open_journals(tmp_path)
    writer = journals.writer("worker-1")
    writer.append([b"afterwards"])

    assert all_records(journals) == [b"afterwards"]
    assert (tmp_path / "worker-1.sqlite3.damaged").exists()
    assert [reader.name for reader in journals.readers()] == ["worker-1~2"]
    writer.close()
    close(journals)


def test_what_is_salvaged_keeps_its_positions_and_is_set_aside_when_digested(tmp_path):
    filled(tmp_path)
    sound = open_journals(tmp_path)
    before = sound.readers()[0].read(after=0, **MANY)
    close(sound)
    overwrite(tmp_path / "worker-1.sqlite3", 0, os.urandom(100))

    journals = open_journals(tmp_path)
    (reader,) = journals.readers()
    after = reader.read(after=0, **MANY)
    some = reader.read(after=before[99].position, limit=10, bytes_max=2**20)
    backlog = reader.backlog(after=before[99].position)
    reader.trim(through=before[99].position)
    still = reader.read(after=before[99].position, **MANY)
    reader.trim(through=before[-1].position)

    assert after == before
    assert some == before[100:110]
    assert backlog == 100
    assert still == before[100:]
    assert journals.readers() == []
    assert sorted(path.name for path in tmp_path.glob("*sqlite3*")) == ["worker-1.sqlite3.damaged"]


def test_a_writer_leaves_a_file_that_its_reader_finds_damaged(tmp_path):
    """The damage is in the middle: appending works, reading and trimming don't."""
    written = filled(tmp_path)
    path = tmp_path / "worker-1.sqlite3"
    tear(path, written[100])
    journals = open_journals(tmp_path)
    writer = journals.writer("worker-1")
    writer.append([b"before it is found"])

    (reader,) = journals.readers()
    good = reader.read(after=0, **MANY)
    stuck = reader.read(after=good[-1].position, **MANY)
    writer.append([b"after it is found"])
    found = all_records(journals)

    assert [entry.record for entry in good] == written[: len(good)]
    assert stuck == []  # its writer still has it
    assert found[-1] == b"after it is found"
    assert found[-2] == b"before it is found"
    assert len(written) - 3 <= len(found) - 2 < len(written)
    writer.close()
    close(journals)


def test_a_flipped_bit_costs_one_entry_and_never_returns_a_wrong_one(tmp_path):
    written = filled(tmp_path, records=10)
    path = tmp_path / "worker-1.sqlite3"
    path.write_bytes(path.read_bytes().replace(written[4], written[4].replace(b".....", b"...!.", 1)))

    journals = open_journals(tmp_path)

    assert all_records(journals) == [*written[:4], *written[5:]]
    close(journals)


def test_a_torn_write_ahead_log_is_cut_where_it_tears(tmp_path):
    kill_after(start_writer(tmp_path), 100)
    log = tmp_path / "worker-1.sqlite3-wal"
    size = log.stat().st_size
    overwrite(log, size - 20_000, os.urandom(20_000))

    journals = open_journals(tmp_path)
    writer = journals.writer("worker-1")
    writer.append([b"afterwards"])
    found = all_records(journals)

    assert found[-1] == b"afterwards"
    assert len(found) > 1
    writer.close()
    close(journals)


def test_entries_that_only_the_write_ahead_log_holds_are_salvaged(tmp_path):
    acknowledged = kill_after(start_writer(tmp_path), 100)
    path = tmp_path / "worker-1.sqlite3"
    path.write_bytes(os.urandom(path.stat().st_size))
    path.with_name("worker-1.sqlite3-shm").unlink()

    journals = open_journals(tmp_path)
    found = [b":".join(record.split(b":")[:2]) for record in all_records(journals)]

    assert len(set(found)) == len(found)
    assert set(acknowledged) <= set(found)
    close(journals)


def test_a_file_with_other_pages_than_ours_is_written_read_and_salvaged(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_file, "PAGE_BYTES", 16_384)
    written = filled(tmp_path)
    monkeypatch.undo()
    journals = open_journals(tmp_path)
    writer = journals.writer("worker-1")
    writer.append([b"with ours"])
    sound = all_records(journals)
    writer.close()
    close(journals)
    overwrite(tmp_path / "worker-1.sqlite3", 100, os.urandom(16_284))  # the schema, and not the header

    journals = open_journals(tmp_path)

    assert sound == [*written, b"with ours"]
    assert all_records(journals) == sound
    close(journals)
