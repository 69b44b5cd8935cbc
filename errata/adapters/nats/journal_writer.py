"""The intake worker's side of a journal: a thread that publishes what has come together since its last message.

One message is under way at a time, and says which one it follows. So order is kept, a message that is sent again
because its answer was lost is not stored twice, and of two writers one is refused.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import NamedTuple
from uuid import uuid4

import structlog
from nats.aio.subscription import Subscription

from errata.adapters.nats import frame
from errata.adapters.nats.frame import Part
from errata.adapters.nats.stream import OutOfStep, Stream
from errata.ports.journal import Done, JournalFull, JournalInUse, JournalUnavailable

# What one frame may carry: half of the payload that servers take by default, so that a frame is one message.
GROUP_RECORDS_MAX = 512
GROUP_BYTES_MAX = 512 * 2**10
# What a message needs beside its piece of the frame: headers, numbers, names.
_ENVELOPE_BYTES_MAX = 1_024
# How long a message is tried again: a server's restart, or the election of another leader. Clients wait meanwhile,
# since many of them drop what is answered with 503. Once it was in vain, they hear at once, until the server is back.
PATIENCE_S = 5.0
_RETRY_S = 0.05

log = structlog.get_logger(__name__)


class _Submission(NamedTuple):
    records: Sequence[bytes]
    done: Done


class NatsJournalWriter:
    """Appends with group commit: many callers share one message."""

    def __init__(self, stream: Stream, *, bytes_max: int, replicas: int, clock: Callable[[], datetime]) -> None:
        self._stream = stream
        self._bytes_max = bytes_max
        self._replicas = replicas
        self._clock = clock
        self._id = uuid4().hex
        self._held: Subscription | None = None
        self._settled = False  # whether the stream is known to be as the next three say
        self._sequence = 0  # of the stream's last message
        self._next = 0  # position of the next record
        self._before = 0  # records that the journal has had
        try:
            self._settle()
        except JournalUnavailable as error:
            log.warning("journal can't be opened yet", journal=stream.journal, error=str(error))
        self._queue: SimpleQueue[_Submission | None] = SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"journal {stream.journal}", daemon=True)
        self._thread.start()

    def append(self, records: Sequence[bytes]) -> None:
        """Append all records in order. Return once they are stored. Raise JournalUnavailable."""
        told: Future[JournalUnavailable | None] = Future()
        self.submit(records, done=told.set_result)
        error = told.result()
        if error is not None:
            raise error

    def submit(self, records: Sequence[bytes], *, done: Done) -> None:
        """Append without waiting; `done` hears what became of it, in the writer's thread."""
        with self._closing:
            if not self._closed:
                self._queue.put(_Submission(records, done))
                return
        done(JournalUnavailable("The journal is closed."))

    def close(self) -> None:
        """Append what was submitted, then let go of the journal."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._gather()
            if group:
                error = self._commit([record for submission in group for record in submission.records])
                for submission in group:
                    submission.done(error)
        with suppress(JournalUnavailable):  # The server lets go of it when the connection ends.
            self._let_go()

    def _gather(self) -> tuple[list[_Submission], bool]:
        """Wait for work, then take all there is, up to a group. False with it when it is the last."""
        group: list[_Submission] = []
        records = size = 0
        try:
            while records < GROUP_RECORDS_MAX and size < GROUP_BYTES_MAX:
                submission = self._queue.get_nowait() if group else self._queue.get()
                if submission is None:
                    return group, False
                group.append(submission)
                records += len(submission.records)
                size += sum(map(len, submission.records))
        except Empty:
            pass
        return group, True

    def _commit(self, records: Sequence[bytes]) -> JournalUnavailable | None:
        """Append the records of a group. Return why it wasn't possible, if so."""
        try:
            self._settle()
            self._append(records)
        except JournalFull as error:
            return error
        except JournalInUse as error:
            return JournalUnavailable(str(error))
        except JournalUnavailable as error:
            self._settled = False
            return error
        return None

    def _append(self, records: Sequence[bytes]) -> None:
        size = self._stream.link.payload_bytes_max - _ENVELOPE_BYTES_MAX
        parts = frame.cut(records, writer=self._id, first=self._next, before=self._before, bytes_max=size)
        if len(parts) > 1:
            self._check_room(sum(len(part.body) + _ENVELOPE_BYTES_MAX for part in parts))
        # Never used again, even if this frame isn't stored, or is found to be later.
        self._next += len(records)
        for part in parts:
            self._put(part)
        self._before += len(records)

    def _check_room(self, size: int) -> None:
        """Refuse as a whole what would be refused at its last part."""
        state = self._stream.state()
        if state and state.bytes + size > self._bytes_max:
            limit = f"its limit of {self._bytes_max // 2**20} MiB"
            raise JournalFull(f"The journal {self._stream.journal} has reached {limit}.")

    def _put(self, part: Part) -> None:
        until_s = monotonic() + PATIENCE_S
        while True:
            try:
                self._sequence = self._stream.append(part, after=self._sequence)
            except OutOfStep:
                if self._is_stored(part):
                    return
            except JournalFull:
                raise
            except JournalUnavailable:
                if monotonic() >= until_s:
                    raise
                sleep(_RETRY_S)
            else:
                return

    def _is_stored(self, part: Part) -> bool:
        """Look what the last message is. If it is neither this part nor another of ours, somebody else writes."""
        known = self._sequence
        self._sequence, last = self._last()
        if last == part:
            return True
        if self._sequence < known:
            log.error(
                "the journal's server has lost acknowledged records: see sync_interval and replicas",
                journal=self._stream.journal,
                messages=known - self._sequence,
            )
        elif last and last.writer != self._id:
            self._let_go()
            msg = f"The journal {self._stream.journal} is written by another process."
            raise JournalUnavailable(msg)
        return False

    def _settle(self) -> None:
        """Make sure that the journal is there and ours, and find its end."""
        if self._settled:
            return
        self._take()
        self._stream.ensure(bytes_max=self._bytes_max, replicas=self._replicas)
        self._sequence, last = self._last()
        # Positions begin at the time in microseconds: above any that an earlier writer gave, whatever is left of them.
        # The records may hold those as digested.
        begin = int(self._clock().timestamp() * 1e6)
        self._next = max(self._next, begin, last.last + 1 if last else 0)
        self._before = last.before + last.count if last else 0
        self._settled = True

    def _last(self) -> tuple[int, Part | None]:
        state = self._stream.state()
        if state is None or not state.messages:
            return state.last if state else 0, None
        [part] = self._stream.parts([state.last])
        return state.last, part

    def _take(self) -> None:
        if self._held is None:
            link, subject = self._stream.link, f"{self._stream.subject}.writer"
            if link.request(subject) is not None:
                msg = f"The journal {self._stream.journal} is written by another process."
                raise JournalInUse(msg)
            self._held = link.answer(subject, self._id.encode())

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._stream.link.end(held)
