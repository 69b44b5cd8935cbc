"""`errata serve`: one supervisor, its workers and the store, from one data directory.

The supervisor imports no framework and holds no data: it starts processes, starts again what dies, and stops them in
order, workers before the store, so that what they accepted last is still digested.
"""

import os
import resource
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from errata.core.errors import Refusal
from errata.ops import datadir, port
from errata.ops.children import Child, stop
from errata.ops.settings import STORE_URL, Settings

# Connections of 10,000 clients, with room for files.
_DESCRIPTORS = 65_536
_LOOK_S = 0.25
_READY_S_MAX = 60
_RELOAD_S = 1.0
# glibc gives every thread an arena of its own; two are enough, and save some 30 MB a process.
_ENVIRON = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


class MigrationFailed(Refusal):
    """The records could not be brought up to this version."""

    code = "migration_failed"


def serve(settings: Settings) -> int:
    """Run Errata until it is told to stop. Raises Refusal when it can't start."""
    began_s = time.monotonic()
    datadir.prepare(settings)
    datadir.check_disk(settings)
    with datadir.locked(settings), _pid_file(settings.run / "serve.pid"):
        datadir.wait_for_orphans(settings, seconds=settings.stop_grace_s)
        _clear(settings.run)
        with port.reserve(settings.host, settings.port) as kept:
            _raise_limits()
            chosen = _with_address(settings, kept)
            _write_store_url(chosen)
            _migrate(chosen)
            Supervisor(chosen, began_s=began_s).run()
        _clear(settings.run)
    return 0


@contextmanager
def _pid_file(path: Path) -> Iterator[None]:
    path.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _clear(run: Path) -> None:
    for pattern in ("worker-*", "store.*"):
        for path in run.glob(pattern):
            path.unlink()


def _with_address(settings: Settings, kept: socket.socket) -> Settings:
    host, number = kept.getsockname()[:2]
    return msgspec.structs.replace(settings, host=host, port=number)


def _write_store_url(settings: Settings) -> None:
    """Choose the embedded event store's port and password for this run. It keeps them when it is started again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    path = settings.run / STORE_URL
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"http://errata:{secrets.token_urlsafe(24)}@127.0.0.1:{number}/errata\n")


def _raise_limits() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _environ(settings: Settings) -> dict[str, str]:
    told = {"ERRATA_DATA": str(settings.data), "ERRATA_HOST": settings.host, "ERRATA_PORT": str(settings.port)}
    return {**os.environ, **_ENVIRON, **told}


def _migrate(settings: Settings) -> None:
    # A process of its own, so that the supervisor never imports what it needs.
    done = subprocess.run([sys.executable, "-m", "errata", "migrate"], env=_environ(settings), check=False)
    if done.returncode:
        msg = "The records could not be brought up to this version; the reason stands above. Nothing was started."
        raise MigrationFailed(msg)


def say(text: str) -> None:
    """Tell the operator, on standard error, where logs go too."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Supervisor:
    """Keeps the processes of the table alive until a signal says stop."""

    def __init__(self, settings: Settings, *, began_s: float) -> None:
        self._settings = settings
        self._began_s = began_s
        environ, parent = _environ(settings), ["--parent", str(os.getpid())]
        self._store = Child("store", ["store", *parent], run=settings.run, environ=environ)
        self._workers = [
            Child(f"worker-{number}", ["worker", "--number", str(number), *parent], run=settings.run, environ=environ)
            for number in range(1, settings.worker_count + 1)
        ]
        self._announced = False

    def run(self) -> None:
        """Start everything, watch until SIGTERM or SIGINT, stop everything."""
        with _signals() as wake:
            watch = _Reload() if self._settings.dev_mode else None
            for child in self._all():
                child.start()
            try:
                while not _stop_asked(wake, _LOOK_S):
                    self._look()
                    if watch and watch.changed():
                        self._restart_workers()
            finally:
                self._stop()

    def _all(self) -> list[Child]:
        return [self._store, *self._workers]

    def _look(self) -> None:
        for child in self._all():
            child.look(say)
        if not self._announced:
            self._announced = self._announce()

    def _announce(self) -> bool:
        took_s = time.monotonic() - self._began_s
        ready = _is_ready(self._settings)
        if not ready and took_s < _READY_S_MAX:
            return False
        processes = [f"supervisor {os.getpid()}", *(f"{child.name} {child.pid}" for child in self._all())]
        state = (
            f"is ready on {self._settings.public_url}" if ready else "has started, but isn't ready: see the log above"
        )
        say(
            f"\n  Errata {state}   ({took_s:.1f} s)\n"
            f"  data       {self._settings.data}\n"
            f"  processes  {' · '.join(processes)}\n"
            "  Stop it with Ctrl-C.\n"
        )
        return True

    def _restart_workers(self) -> None:
        say("The code has changed; restarting.")
        stop(self._all(), grace_s=self._settings.stop_grace_s, report=say)
        for child in self._all():
            child.start()

    def _stop(self) -> None:
        say("Stopping: workers first, then the store.")
        stop(self._workers, grace_s=self._settings.stop_grace_s, report=say)
        stop([self._store], grace_s=self._settings.stop_grace_s, report=say)
        say("Stopped.")


@contextmanager
def _signals() -> Iterator[int]:
    """Turn signals into bytes on a pipe: nothing runs inside a handler, and none gets lost meanwhile."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = {
        number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
    }
    previous = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(previous)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _stop_asked(wake: int, timeout_s: float) -> bool:
    readable, _, _ = select.select([wake], [], [], timeout_s)
    return bool(readable) and bool({signal.SIGTERM, signal.SIGINT} & set(os.read(wake, 512)))


def _is_ready(settings: Settings) -> bool:
    connection = HTTPConnection(urlsplit(settings.local_url).netloc, timeout=1)
    with suppress(OSError, HTTPException):
        connection.request("GET", f"{settings.path_prefix}/readyz")
        return connection.getresponse().status == 200
    return False


class _Reload:
    """Whether a source file has changed since the last look, once a second at most."""

    def __init__(self) -> None:
        self._root = Path(__file__).parent.parent
        self._seen = self._newest()
        self._next_s = 0.0

    def changed(self) -> bool:
        now = time.monotonic()
        if now < self._next_s:
            return False
        self._next_s = now + _RELOAD_S
        before, self._seen = self._seen, self._newest()
        return before != self._seen

    def _newest(self) -> float:
        return max(path.stat().st_mtime for path in self._root.rglob("*.py"))
