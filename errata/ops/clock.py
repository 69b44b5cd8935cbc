"""What happens by time rather than by request. Threads of the `store` process, each with its duties."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
import structlog
from django.db import Error, InterfaceError, OperationalError, connection

from errata.core.errors import Refusal
from errata.ports.event_store import StoreUnavailable

_LOOK_S = 0.25
# Between slices of one duty, so that others get to write.
_PAUSE_S = 0.05
# After a failure: the records are busy, the event store is away.
_RETRY_S = 5.0
# The longest pause of a duty that trips over a bug each time.
_STUCK_S = 300.0
# Failures in a row that are gone around at once. After so many it is hardly the records' fault: then a few an hour.
_ASIDE_MAX = 100
# Parts that are missing for a while, however often they are asked.
_AWAY = (StoreUnavailable, OperationalError, InterfaceError, OSError)

log = structlog.get_logger(__name__)


class Duty(msgspec.Struct, frozen=True):
    """Something to do again and again. `run` does a slice of it, and says whether there is more."""

    name: str
    run: Callable[[datetime], object]
    every_s: float
    first_s: float = 0.0  # after the start
    # Asked when `run` trips over a bug or is refused: how often in a row, by what. True: it can go on at once.
    stumbled: Callable[[int, str, datetime], bool] | None = None


class Clock:
    """Runs each duty when it is due, one after the other: those of one clock never meet."""

    def __init__(self, duties: Sequence[Duty], *, name: str, now: Callable[[], datetime]) -> None:
        self._now, self._name = now, name
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        began_s = time.monotonic()
        self._due_s = {duty: began_s + duty.first_s for duty in duties}
        self._stumbles: Counter[str] = Counter()  # one after the other, by duty

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the slice under way."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._rest_s()):
            for duty, due_s in self._due_s.items():
                if time.monotonic() >= due_s and not self._stopped.is_set():
                    self._due_s[duty] = time.monotonic() + self._try(duty)
        connection.close()

    def _rest_s(self) -> float:
        """How long nothing is due; not so long that a stop would be noticed late."""
        return max(_PAUSE_S, min(_LOOK_S, min(self._due_s.values()) - time.monotonic()))

    def _try(self, duty: Duty) -> float:
        """Do a slice. Return the seconds until the next."""
        try:
            more = duty.run(self._now())
        except _AWAY as error:
            connection.close()
            log.warning("a duty of the clock failed; it is tried again", duty=duty.name, error=str(error))
            return max(_RETRY_S, min(duty.every_s, 60.0))
        except Refusal as refusal:
            # Somebody changed meanwhile what a duty was about to act on. The others must not stand still for it, nor
            # the digest, whose process this is.
            pause_s = self._stumbled(duty, refusal.message, pause_s=max(_RETRY_S, min(duty.every_s, 60.0)))
            log.warning("a duty of the clock was refused", duty=duty.name, error=refusal.message, pause_s=pause_s)
            return pause_s
        except Exception as error:
            # A bug, or a record that trips one. It ends neither the other duties nor the digest, whose process this is:
            # begun anew, it would meet the same record.
            connection.close()
            pause_s = self._stumbled(duty, repr(error), pause_s=self._growing_s(duty))
            log.exception("a duty of the clock can't go on; it is tried again", duty=duty.name, pause_s=pause_s)
            return pause_s
        del self._stumbles[duty.name]
        return _PAUSE_S if more is True else duty.every_s

    def _stumbled(self, duty: Duty, reason: str, *, pause_s: float) -> float:
        """Note that a duty tripped. Return the seconds until the next try: hardly any where it can go around it."""
        self._stumbles[duty.name] += 1
        if duty.stumbled is None:
            return pause_s
        try:
            goes_on = duty.stumbled(self._stumbles[duty.name], reason, self._now())
        except (Refusal, Error) as error:
            log.warning("what trips a duty of the clock can't be set aside", duty=duty.name, error=str(error))
            return pause_s
        return _PAUSE_S if goes_on and self._stumbles[duty.name] <= _ASIDE_MAX else pause_s

    def _growing_s(self, duty: Duty) -> float:
        """The pause after an unexpected failure: longer after each."""
        pause_s = min(_STUCK_S, _RETRY_S * 2.0 ** min(self._stumbles[duty.name], 10))
        return max(pause_s, min(duty.every_s, _STUCK_S))
