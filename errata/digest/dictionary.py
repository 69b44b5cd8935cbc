"""Training the zstd dictionaries that make a project's bodies two or three times smaller.

Measured with the benchmark's events (48 kB of JSON): 7.6 kB without a dictionary, 3.15 kB with one of 112 kB trained on
100 of them, 3.11 kB with one trained on 4,000; training on 100 takes 0.35 s of a processor, on 4,000 ten seconds. So:
early, on few. zstd releases the interpreter's lock while it trains.
"""

import queue
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
import structlog
import zstandard
from django.db import DatabaseError, connection

from errata.apps.projects import operations, queries
from errata.core.ids import ProjectId
from errata.core.signal import Signal
from errata.digest.batch import Item
from errata.digest.meters import Meters
from errata.ports.event_store import EventStore, StoreUnavailable

DICTIONARY_BYTES_MAX = 112_640  # zstd's own default
DICTIONARY_BYTES_MIN = 4_096
# zstd asks for samples of ten times the dictionary's size, better a hundred; below eight it overfits.
SAMPLES_TO_DICTIONARY_MIN = 8
EVENTS_MIN = 100
SAMPLES_MAX = 200
# A dictionary is trained anew when bodies have grown by this against the first ones it compressed: the program changed.
DECAY_MAX = 1.4
WINDOW_EVENTS = 2_000

log = structlog.get_logger(__name__)


class _Window(msgspec.Struct):
    """How well a project's bodies compress, lately and at the beginning of its dictionary."""

    dictionary: int = 0
    events: int = 0
    events_min: int = EVENTS_MIN
    bytes_before: int = 0
    bytes_after: int = 0
    share_at_first: float = 0.0

    def add(self, signal: Signal) -> None:
        if signal.dictionary > self.dictionary:
            self.dictionary, self.share_at_first = signal.dictionary, 0.0
            self._clear()
        if signal.dictionary == self.dictionary:
            self.events += 1
            self.bytes_before += signal.body_bytes
            self.bytes_after += len(signal.body)

    def is_due(self) -> bool:
        """Whether a dictionary is worth its training now."""
        if not self.dictionary:
            due = self.events >= self.events_min
            if due:
                # Should it come to nothing (bodies too small, say), it is tried again, but less and less often.
                self.events_min *= 4
            return due
        if self.events < WINDOW_EVENTS:
            return False
        share = self.bytes_after / max(1, self.bytes_before)
        self._clear()
        self.share_at_first = self.share_at_first or share
        return share > DECAY_MAX * self.share_at_first

    def _clear(self) -> None:
        self.events = self.bytes_before = self.bytes_after = 0


class Trainer:
    """Watches how bodies compress, in the digest's thread, and trains, in its own."""

    def __init__(self, *, events: EventStore, meters: Meters, clock: Callable[[], datetime]) -> None:
        self._events = events
        self._meters = meters
        self._clock = clock
        self._windows: dict[int, _Window] = {}
        self._due: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()

    def note(self, items: Iterable[Item]) -> None:
        """Look at the bodies of a digested batch; ask for a dictionary where one is due."""
        for item in items:
            signal = item.signal
            if signal.kind == "event" and signal.body:
                self._windows.setdefault(signal.project_id, _Window()).add(signal)
        for project_id, window in self._windows.items():
            if window.is_due():
                self._due.put((project_id, window.dictionary))

    def run(self) -> None:
        """Train what is asked for, one after the other, until `stop`.

        At no lower priority than the rest: on a busy machine it would hardly get a turn, and until it is done bodies
        take twice the disk and half again the time.
        """
        while self.train_next():
            pass
        connection.close()

    def train_next(self) -> bool:
        """Wait for a project that is due and train its dictionary. Return False when told to stop."""
        due = self._due.get()
        if due is None:
            return False
        project_id, outdated = due
        try:
            self._replace(project_id, outdated)
        except (StoreUnavailable, DatabaseError, zstandard.ZstdError) as error:
            log.warning("dictionary not trained", project_id=project_id, error=str(error))
            connection.close()
        return True

    def stop(self) -> None:
        """End the thread after what it does now."""
        self._due.put(None)

    def _replace(self, project_id: int, outdated: int) -> None:
        current = queries.current_dictionaries()
        if current.get(project_id, 0) != outdated:
            return  # asked for twice: the workers take a second to take up what was trained
        samples = self._events.sample_bodies(project_id=ProjectId(project_id), limit=SAMPLES_MAX)
        trained = train(samples)
        if trained:
            number = operations.add_dictionary(project_id=project_id, body=trained, at=self._clock())
            self._meters.dictionaries += 1
            log.info(
                "dictionary trained", project_id=project_id, number=number, samples=len(samples), bytes=len(trained)
            )


def train(samples: Sequence[bytes]) -> bytes | None:
    """A dictionary for bodies like these; None when they are too few or too small for one to pay."""
    size = min(DICTIONARY_BYTES_MAX, sum(map(len, samples)) // SAMPLES_TO_DICTIONARY_MIN)
    if size < DICTIONARY_BYTES_MIN:
        return None
    return zstandard.train_dictionary(size, list(samples)).as_bytes()
