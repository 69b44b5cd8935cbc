"""Whether this process can do its work: looked at in the background, answered from memory."""

import threading
import time
from collections.abc import Callable, Mapping

import structlog
from django.db import Error, connection

from errata.core.errors import Refusal
from errata.ports.event_store import StoreUnavailable

# How often each part is looked at.
_LOOK_S = 1.0
# A start waits for every part this long; after it, the parts that can wait (the event store) may be missing.
_START_S_MAX = 30.0

OK = "ok"
UNKNOWN = "not looked at yet"

log = structlog.get_logger(__name__)


class Status:
    """The state of each part, by name: "ok" or what is wrong. Parts not in `needed` degrade, they don't stop."""

    def __init__(self, checks: Mapping[str, Callable[[], None]], *, needed: frozenset[str]) -> None:
        self._checks, self._needed = checks, needed
        self.parts = dict.fromkeys(checks, UNKNOWN)
        self._told = dict.fromkeys(checks, OK)
        self._born_s = time.monotonic()
        self._was_whole = False
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, args=(name,), name=f"check-{name}", daemon=True) for name in checks
        ]

    def start(self) -> None:
        """Look at every part once a second, each in a thread of its own: one that hangs holds no other."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopped.set()

    def is_ready(self) -> bool:
        """Whether requests should come here."""
        return self._settled() and all(self.parts[name] == OK for name in self._needed)

    def summary(self) -> dict[str, object]:
        """Return what /readyz answers."""
        whole = all(state == OK for state in self.parts.values())
        ready = self.is_ready()
        return {"status": "not ready" if not ready else "ready" if whole else "degraded", "parts": self.parts}

    def _settled(self) -> bool:
        self._was_whole = self._was_whole or all(state == OK for state in self.parts.values())
        return self._was_whole or time.monotonic() - self._born_s > _START_S_MAX

    def _watch(self, name: str) -> None:
        while not self._stopped.is_set():
            self.look(name)
            self._stopped.wait(_LOOK_S)

    def look(self, name: str) -> None:
        """Look at one part now."""
        try:
            self._checks[name]()
        except Error as error:
            connection.close()  # It may be broken; the next look opens another.
            self._note(name, "doesn't answer", str(error))
        except (StoreUnavailable, OSError) as error:
            self._note(name, "doesn't answer", str(error))
        except Refusal as error:
            self._note(name, error.message, error.message)
        else:
            self._note(name, OK, "")

    def _note(self, name: str, state: str, reason: str) -> None:
        """Keep the state for anybody to see; tell the reason, which may name machines, to the log alone, and once."""
        self.parts[name] = state
        if not self._settled():
            return  # Parts come one after the other at a start; none is missing yet.
        before, self._told[name] = self._told[name], state
        if state not in (before, OK):
            log.warning("a part is missing", part=name, reason=reason)
        elif state != before:
            log.info("a part is back", part=name)
