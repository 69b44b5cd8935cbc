"""What intake knows of projects, kept fresh by a thread."""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import Error, connection

from errata.ports.keys import UNREAD, KeySnapshot

# How old a quota, a disabled key or a new dictionary may be.
_REFRESH_S = 1.0
# How often an unknown key may make us look at once. A key that was just made works on its first use; a scanner that
# tries keys costs two queries a second, whatever it does.
_LOOK_S_MIN = 0.5
_LOOK_S_MAX = 2.0
# How long a start waits for the records. A worker that listens without keys answers 503, and SDKs drop what gets that.
_FIRST_S_MAX = 20.0

log = structlog.get_logger(__name__)


class KeyRing:
    """The last snapshot known. `load` runs in the ring's own thread only, which may hold a database connection."""

    def __init__(self, *, load: Callable[[], KeySnapshot]) -> None:
        self._load = load
        self._snapshot = KeySnapshot(version=UNREAD, keys={}, projects={})
        self._loaded_s = 0.0
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._stopped = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)

    @property
    def known(self) -> bool:
        """Whether a snapshot was ever loaded: without one, nobody's key can be called wrong."""
        return self._snapshot.version != UNREAD

    def start(self) -> None:
        """Load once, unless the records are away for long, then keep loading in the background."""
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self.known, timeout=_FIRST_S_MAX)

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._wake.set()
        self._thread.join()

    def current(self) -> KeySnapshot:
        """The last snapshot known."""
        return self._snapshot

    def refresh(self) -> KeySnapshot:
        """Look again now, unless that was done a moment ago."""
        asked_s = time.monotonic()
        if asked_s - self._loaded_s >= _LOOK_S_MIN:
            self._wake.set()
            with self._changed:
                self._changed.wait_for(lambda: self._loaded_s >= asked_s, timeout=_LOOK_S_MAX)
        return self._snapshot

    def _run(self) -> None:
        while not self._stopped:
            began_s = time.monotonic()
            self._look()
            self._wake.wait(max(0.0, began_s + _REFRESH_S - time.monotonic()))
            self._wake.clear()

    def _look(self) -> None:
        try:
            snapshot = self._load()
        except Error as error:
            if not self._failing:
                log.warning("project keys can't be read; going on with those known", error=str(error))
            self._failing = True
            connection.close()  # It may be broken; the next look opens another.
            return
        self._failing = False
        with self._changed:
            self._snapshot, self._loaded_s = snapshot, time.monotonic()
            self._changed.notify_all()
