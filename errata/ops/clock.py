"""What happens by time rather than by request: retention and upkeep. One thread, in the `store` process."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.contrib.sessions.backends.db import SessionStore
from django.db import Error, connection

from errata.apps.issues import operations as issues
from errata.apps.projects import operations as projects
from errata.ops.settings import Settings
from errata.ports import Ports
from errata.ports.event_store import StoreUnavailable

_HOUR_S = 3600.0
# After a start, so that it never competes with the first requests.
_FIRST_S = 60.0
_LOOK_S = 1.0
# Between slices of one task, so that others get to write.
_PAUSE_S = 0.2
# How long the accepted-and-dropped counts of each minute are kept: what the project page charts.
_COUNTS_KEPT = timedelta(days=90)

Task = Callable[[], object]

log = structlog.get_logger(__name__)


class Clock:
    """Runs each task when it is due."""

    def __init__(self, settings: Settings, *, ports: Ports, now: Callable[[], datetime]) -> None:
        self._settings, self._ports, self._now = settings, ports, now
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        first_s = time.monotonic() + _FIRST_S
        self._due_s: dict[Task, float] = dict.fromkeys(
            (self._drop_old_events, self._forget_counts, self._forget_sessions, self._purge_projects), first_s
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the task under way."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            for task, due_s in self._due_s.items():
                if time.monotonic() >= due_s:
                    self._try(task)
                    self._due_s[task] = time.monotonic() + _HOUR_S
        connection.close()

    def _try(self, task: Task) -> None:
        try:
            task()
        except (StoreUnavailable, Error, OSError) as error:
            connection.close()
            log.warning(
                "a task of the clock failed; it is tried again in an hour", task=task.__name__, error=str(error)
            )

    def _drop_old_events(self) -> None:
        days = timedelta(days=self._settings.retention_events_days)
        self._ports.events.drop_before(received=self._now() - days)

    def _forget_counts(self) -> None:
        projects.purge_intake_counts(before=self._now() - _COUNTS_KEPT)

    def _purge_projects(self) -> None:
        while not self._stopped.wait(_PAUSE_S) and issues.purge_deleted_projects():
            pass

    def _forget_sessions(self) -> None:
        SessionStore.clear_expired()
