"""The loop: turns, their pace, and waiting for what is missing."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import InterfaceError, OperationalError, connection

from errata.apps.digests import operations, queries
from errata.digest.announce import announce
from errata.digest.batch import Batch
from errata.digest.bodies import Bodies
from errata.digest.count import count
from errata.digest.decode import decode
from errata.digest.dictionary import Trainer
from errata.digest.meters import Meters
from errata.digest.places import Places
from errata.digest.read import BATCH_RECORDS_MAX
from errata.digest.repeats import Sifted, sift
from errata.digest.store import store
from errata.ports import Ports
from errata.ports.dictionaries import Dictionaries
from errata.ports.event_store import StoreUnavailable
from errata.ports.journal import JournalUnavailable

# How often an idle digest looks. A look at a journal that hasn't grown is some 20 µs.
IDLE_S = 0.05
# The least time between the beginnings of two batches, unless the second is full. A turn costs some 20 ms of processor
# however little it does (its transaction, its part in the event store), so events that trickle in share one; an event
# that comes alone is digested at once. When many come, larger batches leave the processor to intake: at 2,500 events/s
# a turn each 250 ms costs some 20 µs an event more than one each 750 ms.
PACE_S = 0.25
PACE_BUSY_S = 0.75
BUSY_RECORDS = 250
BACKOFF_S_MIN = 0.25
BACKOFF_S_MAX = 5.0
# Unexpected failures of one batch, before its records are tried one by one and the culprit is set aside.
ATTEMPTS_MAX = 3
METERS_S = 1.0
# How long a client's repeat is recognised. Clients keep what they could not send for days, not months; a day of a busy
# installation (10 million events) is 150 MB of ids.
SEEN_DAYS = 30
PRUNE_S = 20.0

log = structlog.get_logger(__name__)


class DigestLoop:
    """Digests until told to stop. One an installation; `step` is one turn, and says how long to wait for the next."""

    def __init__(
        self, *, ports: Ports, dictionaries: Dictionaries, clock: Callable[[], datetime], seen_days: int = SEEN_DAYS
    ) -> None:
        self._clock = clock
        self.meters = Meters(through_ms=self._now_ms())
        self._ports = ports
        self._seen_for = timedelta(days=seen_days)
        self._bodies = Bodies(dictionaries=dictionaries, blobs=ports.blobs)
        self._trainer = Trainer(events=ports.events, meters=self.meters, clock=clock)
        self._places = Places(ports.journals)
        self._stop = threading.Event()
        self._batch: Batch | None = None  # written down as begun, and not done
        self._began_s = 0.0
        self._measured_s = 0.0
        self._prune_s = monotonic() + PRUNE_S
        self._prunings = 0
        self._waits = 0  # turns given up one after the other
        self._attempts = 0  # of this batch, that ended in an unexpected failure
        self._singly = 0  # how many more records are to be tried one by one

    def run(self) -> None:
        """Digest until `stop` is called. Nothing that goes wrong in a turn ends the loop."""
        log.info("digest started")
        training = threading.Thread(target=self._trainer.run, name="dictionaries", daemon=True)
        training.start()
        while not self._stop.is_set():
            self._stop.wait(self.step())
        self._trainer.stop()
        self._places.close()
        connection.close()
        log.info("digest stopped", batches=self.meters.batches, records=self.meters.records)

    def stop(self) -> None:
        """End the loop after the current turn. May be called from any thread."""
        self._stop.set()

    def step(self) -> float:
        """Take a turn. Return the seconds to wait before the next: 0 while there is work."""
        try:
            worked = self._turn()
        except StoreUnavailable as error:
            return self._wait_for("event store", error)
        except JournalUnavailable as error:
            return self._wait_for("journal", error)
        except (OperationalError, InterfaceError) as error:
            # Also "database is locked": somebody writes at length. A closed connection is opened again by its next use.
            connection.close()
            return self._wait_for("records", error)
        except Exception as error:
            # A bug, or a record that trips one. It must not end the loop: what others send goes on being digested.
            log.exception("digest failed", attempt=self._attempts + 1)
            self._attempts += 1
            return self._wait_for("digest", error)
        self._waits = 0
        self.meters.waiting_for = ""
        return 0 if worked else IDLE_S

    def _turn(self) -> bool:
        self._measure()
        looked_ms = self._now_ms()
        self._batch = self._batch or self._next()
        if self._batch is None:
            self.meters.through_ms = looked_ms
            self._places.trim()
            self._prune()
            return False
        began_s = monotonic()
        self._digest(self._batch)
        self.meters.batch_ms = int((monotonic() - began_s) * 1000)
        return True

    def _next(self) -> Batch | None:
        """What was begun and not done, or else what has come since, written down as begun."""
        begun = self._places.begun()
        if begun:
            log.info("digest goes on where it was cut off", token=begun.token, records=len(begun.entries))
            return begun
        batch = self._gather()
        if batch:
            operations.begin(ranges=batch.ranges, at=self._clock())
        return batch

    def _gather(self) -> Batch | None:
        records_max = 1 if self._singly else BATCH_RECORDS_MAX
        gathering = self._places.gather(records_max=records_max)
        pace_s = PACE_BUSY_S if self.meters.batch_records >= BUSY_RECORDS else PACE_S
        wait_s = self._began_s + pace_s - monotonic()
        if gathering and not gathering.full and wait_s > 0:
            self._stop.wait(wait_s)
            self._places.gather(gathering, records_max=records_max)
        self._began_s = monotonic()
        return gathering.batch()

    def _digest(self, batch: Batch) -> None:
        decoded = decode(batch.entries)
        sifted = sift(decoded.items, known=queries.seen_among)
        try:
            store(sifted.fresh, events=self._ports.events, token=batch.token)
        except StoreUnavailable:
            raise
        except Exception as error:
            if self._attempts < ATTEMPTS_MAX:
                raise
            if len(batch.entries) > 1:
                self._narrow(batch)
                return
            decoded.poison.extend(item.poison(f"Can't be stored: {error!r}") for item in sifted.fresh)
            sifted = Sifted(fresh=[], repeats=sifted.repeats, seen=[])
        forgive = self._attempts >= ATTEMPTS_MAX
        counted = count(batch, sifted, decoded.poison, bodies=self._bodies, at=self._clock(), forgive=forgive)
        self._done(batch)
        announce(batch, sifted, counted, meters=self.meters)
        self._trainer.note(sifted.fresh)

    def _done(self, batch: Batch) -> None:
        self._batch = None
        self._singly = max(0, self._singly - 1)
        self._attempts = ATTEMPTS_MAX if self._singly else 0
        self._places.moved(batch.ranges)

    def _narrow(self, batch: Batch) -> None:
        """Go on with the first record alone, and with the others one by one after it.

        The store raises something else than StoreUnavailable only before it has stored anything, so another range, and
        with it another token, repeats nothing.
        """
        self._singly = len(batch.entries)
        self._batch = batch.first()
        operations.begin(ranges=self._batch.ranges, at=self._clock())

    def _wait_for(self, what: str, error: Exception) -> float:
        """Say what is missing, once, and how long to wait for it. The journals keep what comes meanwhile."""
        self._waits += 1
        self.meters.failures += 1
        if self.meters.waiting_for != what:
            log.warning("digest waits", waiting_for=what, error=str(error))
        self.meters.waiting_for = what
        return min(BACKOFF_S_MAX, BACKOFF_S_MIN * float(2 ** min(self._waits - 1, 8)))

    def _measure(self) -> None:
        if monotonic() - self._measured_s >= METERS_S:
            self._measured_s = monotonic()
            self.meters.backlog = self._places.backlog()
            self.meters.journal_bytes = self._places.bytes_used()

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)

    def _prune(self) -> None:
        """Forget some old event ids. Only when idle, so never between a batch's beginning and its end."""
        if monotonic() >= self._prune_s:
            self._prune_s = monotonic() + PRUNE_S
            self._prunings += 1
            operations.prune_seen(before=self._clock() - self._seen_for, turn=self._prunings)
