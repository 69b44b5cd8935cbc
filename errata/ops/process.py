"""What every process of a running Errata does first and last."""

import os
import signal
import threading
from datetime import UTC, datetime

import structlog

from errata.ops import children, datadir, logs
from errata.ops.settings import Settings

log = structlog.get_logger(__name__)


def begin(settings: Settings, *, name: str, parent: int | None) -> None:
    """Join the running installation: end when the supervisor does, log under this name, let no thread die unnoticed."""
    if parent is not None:
        children.end_with(parent)
    datadir.prepare(settings)
    datadir.join_members(settings)
    logs.configure(settings, process=name)
    threading.excepthook = _end_with_thread


def pin(number: int) -> None:
    """Keep this process on one of the cores it may use; a number for each worker, counted from 1.

    Deciding on an event walks some 3 MB of tables (patterns, dictionary). On two busy cores the scheduler moves workers
    about, and each move finds a cold cache: pinned, they accepted 22 % more events a second.
    """
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[(number - 1) % len(cores)]})


def end_after(seconds: float) -> None:
    """End this process the hard way when an orderly stop takes longer: what hangs must not hold the data directory."""
    timer = threading.Timer(seconds, os._exit, args=[1])
    timer.daemon = True
    timer.start()


def now() -> datetime:
    """The time now: the one place where it comes from."""
    return datetime.now(UTC)


def _end_with_thread(failed: threading.ExceptHookArgs) -> None:
    # A process that limps on with a thread missing is worse than one that is started again.
    name = failed.thread.name if failed.thread else "?"
    log.error("a thread failed; this process ends and is started again", thread=name, exc_info=failed.exc_value)
    os.kill(os.getpid(), signal.SIGTERM)
