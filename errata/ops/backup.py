"""Backup and restore: one archive, taken while Errata runs, verified before it is put to use."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

import errata
from errata.adapters.clickhouse import backup as event_archives
from errata.adapters.clickhouse.embedded import Engine
from errata.adapters.clickhouse.event_store import ClickHouseEventStore
from errata.core.errors import Refusal
from errata.ops import archive, datadir, wiring
from errata.ops.archive import Manifest, Writer
from errata.ops.gate import Gate
from errata.ops.settings import Settings

_EVENTS, _RECORDS, _DUMP, _KEY = "events.tar", "records.sqlite3", "records.dump", "secret_key"
_NAME = "errata-backup"
_JOURNALS, _BLOBS = "journals", "blobs"


class BackupRefused(Refusal):
    """The backup can't be taken or put back."""

    code = "backup_refused"


def backup(settings: Settings, file: Path, *, now: datetime) -> Manifest:
    """Write everything that the data directory holds into one archive, while Errata runs or not."""
    datadir.require(settings)
    if file.exists():
        msg = f"{file} is there already. Choose another name, or remove it."
        raise BackupRefused(msg)
    if not file.absolute().parent.is_dir():
        msg = f"There is no directory {file.absolute().parent}. Make it first, or choose another place."
        raise BackupRefused(msg)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=settings.data) as scratch, _event_store(settings) as url:
        with Gate(settings.run).closed():
            _copy_records(settings, Path(scratch))
            events = _copy_events(settings, url)
            _copy_journals(settings, Path(scratch))
        try:
            return _write(settings, file, Path(scratch), events, now=now)
        except OSError as error:
            msg = f"{file} can't be written: {error.strerror}. Nothing is left of it."
            raise BackupRefused(msg) from None
        finally:
            if events:
                events.unlink()


def _write(settings: Settings, file: Path, scratch: Path, events: Path | None, *, now: datetime) -> Manifest:
    with archive.writing(file) as writer:
        _add_tree(writer, scratch, "")
        if events:
            writer.add(events, _EVENTS)
        # Blobs are named by their content and never change, so they need no copy and no pause.
        _add_tree(writer, settings.data / _BLOBS, f"{_BLOBS}/")
        if (settings.data / _KEY).exists():
            writer.add(settings.data / _KEY, _KEY)
        manifest = Manifest(
            errata=errata.__version__,
            created_at=now.isoformat(),
            records="postgresql" if settings.database_url.startswith("postgres") else "sqlite",
            events="embedded" if events else "elsewhere",
            members=writer.members,
        )
        writer.finish(manifest)
    return manifest


def _add_tree(writer: Writer, root: Path, prefix: str) -> None:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            writer.add(path, f"{prefix}{path.relative_to(root)}")


@contextmanager
def _event_store(settings: Settings) -> Iterator[str | None]:
    """Yield the embedded event store's address, opening it when no `errata serve` has. None when it is elsewhere."""
    if settings.events_url:
        yield None
    elif datadir.is_in_use(settings):
        yield datadir.events_url(settings)
    else:
        with datadir.locked(settings), _opened(settings.data, prepared=True) as url:
            yield url


@contextmanager
def _opened(data: Path, *, prepared: bool) -> Iterator[str]:
    engine = Engine(data / "events", password=_NAME)
    try:
        url = f"http://errata:{_NAME}@127.0.0.1:{engine.serve()}/errata"
        if prepared:
            ClickHouseEventStore(url, wiring.dictionaries).prepare()
        yield url
    finally:
        engine.stop()


def _copy_records(settings: Settings, scratch: Path) -> None:
    if settings.database_url.startswith("postgres"):
        _run_postgres("pg_dump", settings.database_url, "--format=custom", f"--file={scratch / _DUMP}")
    else:
        _copy_sqlite(records_file(settings), scratch / _RECORDS)


def records_file(settings: Settings) -> Path:
    """Return where SQLite keeps the records."""
    return Path(settings.database_url.removeprefix("sqlite:") or settings.data / "errata.db")


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database that may be in use: a consistent state, and no writer waits."""
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reading:
        with closing(sqlite3.connect(target)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")


def _copy_events(settings: Settings, url: str | None) -> Path | None:
    if url is None:
        return None
    file = settings.data / "events" / "backups" / f"{_NAME}.tar"
    file.unlink(missing_ok=True)  # Of a backup that was killed.
    return event_archives.backup(url=url, store=settings.data / "events", name=_NAME)


def _copy_journals(settings: Settings, scratch: Path) -> None:
    target = scratch / _JOURNALS
    target.mkdir()
    for path in (settings.data / _JOURNALS).glob("*"):
        if path.name.endswith((".lock", "-wal", "-shm")):
            continue
        try:
            _copy_sqlite(path, target / path.name)
        except sqlite3.DatabaseError:
            # A damaged journal, or a mark beside one: kept as it is, for whoever mends it.
            shutil.copyfile(path, target / path.name)


def _run_postgres(program: str, url: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        msg = f"The records are in PostgreSQL, and {program} is not on this machine: install postgresql-client."
        raise BackupRefused(msg)
    parts = urlsplit(url)
    # The password goes by the environment: arguments are there for everybody to read.
    environ = {**os.environ, "PGPASSWORD": unquote(parts.password or "")}
    netloc = parts.netloc.replace(f":{parts.password}@", "@") if parts.password else parts.netloc
    command = [program, *arguments, f"--dbname={parts._replace(scheme='postgresql', netloc=netloc).geturl()}"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{program} failed: {done.stderr.strip()}"
        raise BackupRefused(msg)


def restore(settings: Settings, file: Path, *, force: bool, now: datetime) -> Manifest:
    """Put an archive into the data directory: verified whole before anything is touched.

    With `force`, what the directory holds is moved aside, never deleted.
    """
    if not file.is_file():
        msg = f"There is no file {file}."
        raise BackupRefused(msg)
    _refuse_full(settings, force=force)
    settings.data.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{settings.data.name}-restore-", dir=settings.data.parent) as scratch:
        fresh = Path(scratch) / "data"
        fresh.mkdir(mode=0o700)
        manifest = archive.unpack(file, fresh)
        _refuse_mismatch(settings, manifest)
        _settle(settings, fresh)
        _take_place(settings, fresh, now=now)
    return manifest


def _refuse_full(settings: Settings, *, force: bool) -> None:
    if settings.run.is_dir() and datadir.is_in_use(settings):
        msg = f"{settings.data} is in use. Stop that Errata first; a restore replaces everything it holds."
        raise BackupRefused(msg)
    if settings.data.is_dir() and any(settings.data.iterdir()) and not force:
        msg = f"{settings.data} is not empty. --force moves what it holds aside and restores in its place."
        raise BackupRefused(msg)


def _refuse_mismatch(settings: Settings, manifest: Manifest) -> None:
    here = "postgresql" if settings.database_url.startswith("postgres") else "sqlite"
    if manifest.records != here:
        msg = f"The archive holds {manifest.records} records; ERRATA_DATABASE_URL says {here}. Nothing was restored."
        raise BackupRefused(msg)


def _settle(settings: Settings, fresh: Path) -> None:
    """Turn what was unpacked into a data directory."""
    (fresh / archive.MANIFEST).unlink()
    if (fresh / _EVENTS).exists():
        with _opened(fresh, prepared=False) as url:
            (fresh / _EVENTS).rename(fresh / "events" / "backups" / f"{_NAME}.tar")
            event_archives.restore(url=url, store=fresh / "events", name=_NAME)
            (fresh / "events" / "backups" / f"{_NAME}.tar").unlink()
    if (fresh / _DUMP).exists():
        _run_postgres("pg_restore", settings.database_url, "--clean", "--if-exists", "--no-owner", str(fresh / _DUMP))
        (fresh / _DUMP).unlink()
    elif settings.database_url:
        shutil.move(fresh / _RECORDS, records_file(settings))
    else:
        (fresh / _RECORDS).rename(fresh / "errata.db")


def _take_place(settings: Settings, fresh: Path, *, now: datetime) -> None:
    os.sync()
    if settings.data.exists() and any(settings.data.iterdir()):
        settings.data.rename(settings.data.with_name(f"{settings.data.name}.before-{now:%Y%m%d-%H%M%S}"))
    fresh.rename(settings.data)
    datadir.prepare(settings)


def summary(manifest: Manifest) -> dict[str, object]:
    """Return what a command prints about an archive."""
    facts = msgspec.structs.asdict(manifest)
    members = facts.pop("members")
    return {**facts, "files": len(members), "bytes": sum(member.size for member in members)}
