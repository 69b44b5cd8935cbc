"""The data directory: made, locked, and refused with a sentence when it can't be used."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errata.core.errors import Refusal
from errata.ops.settings import STORE_URL, Settings

# Nothing listens there: without an event store every question ends in StoreUnavailable, which each page can tell.
_NOWHERE = "http://127.0.0.1:1/errata"


class DataDirectoryRefused(Refusal):
    """The data directory can't be used as it is."""

    code = "data_directory_refused"


class DataDirectoryInUse(DataDirectoryRefused):
    code = "data_directory_in_use"


def require(settings: Settings) -> None:
    """Refuse when the data directory isn't there: a command that reads must not make an empty one."""
    if not settings.run.is_dir():
        msg = (
            f"There is no Errata data in {settings.data}."
            " Set ERRATA_DATA, or begin with `errata serve` or `errata init`."
        )
        raise DataDirectoryRefused(msg)


def prepare(settings: Settings) -> None:
    """Make the data directory, readable to this user only, with its secret key."""
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.run.mkdir(mode=0o700, exist_ok=True)
        if not settings.secret_key:
            _make_secret_key(settings.data / "secret_key")
    except OSError as error:
        msg = f"The data directory {settings.data} can't be used: {error.strerror}. Set ERRATA_DATA to one that can."
        raise DataDirectoryRefused(msg) from None


def _make_secret_key(path: Path) -> None:
    if path.exists():
        return
    # Written beside and linked in place: two that start at once agree on one key, and a crash never leaves half of one.
    fresh = path.with_name(f".secret_key.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def check_disk(settings: Settings) -> None:
    """Refuse when less space is free than must remain."""
    free = free_bytes(settings.data)
    if free < settings.disk_free_bytes_min:
        msg = (
            f"The disk of {settings.data} is nearly full: {_spoken(free)} are free, and"
            f" {_spoken(settings.disk_free_bytes_min)} must remain."
            " Free some space, or lower ERRATA_DISK_FREE_BYTES_MIN."
        )
        raise DataDirectoryRefused(msg, free_bytes=free)


def free_bytes(path: Path) -> int:
    """Return the space an ordinary user may still fill."""
    stat = os.statvfs(path)
    return stat.f_bavail * stat.f_frsize


def _spoken(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Hold the data directory for this process. Refuse when another one does.

    The kernel lets go of the lock when its holder ends, however it ends, so a stale one can't exist.
    """
    with (settings.run / "lock").open("a+") as lock:
        if not _flock(lock.fileno(), fcntl.LOCK_EX):
            lock.seek(0)
            holder = lock.read().strip() or "an unknown process"
            msg = f"{settings.data} is in use by pid {holder}. Stop that one, or set ERRATA_DATA to another directory."
            raise DataDirectoryInUse(msg, pid=holder)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def wait_for_orphans(settings: Settings, *, seconds: float) -> None:
    """Wait until the processes of a supervisor that was killed have ended too. Refuse when they don't."""
    deadline = time.monotonic() + seconds
    with (settings.run / "members").open("a+") as members:
        while not _flock(members.fileno(), fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                msg = f"Processes of an earlier start still use {settings.data}: see the pid files in {settings.run}."
                raise DataDirectoryInUse(msg)
            time.sleep(0.05)


def join_members(settings: Settings) -> int:
    """Count this process among those that use the data directory until it ends. Return the descriptor that says so."""
    descriptor = os.open(settings.run / "members", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_in_use(settings: Settings) -> bool:
    """Whether a running Errata holds the data directory."""
    try:
        with (settings.run / "lock").open("a+") as lock:
            return not _flock(lock.fileno(), fcntl.LOCK_EX)
    except FileNotFoundError:
        return False


def events_url(settings: Settings) -> str:
    """Return the address of the event store: the given one, or the embedded one's of the running `errata serve`."""
    if settings.events_url:
        return settings.events_url
    try:
        return (settings.run / STORE_URL).read_text().strip()
    except FileNotFoundError:
        return _NOWHERE
