"""Waiting for the journal on an event loop: many waiters, one wake-up."""

import asyncio
from collections.abc import Sequence
from types import TracebackType

from errata.ports.journal import JournalUnavailable, JournalWriter

# How long the first record of a group waits for those that are coming. A commit costs as much processor time for one
# record as for ten, and deciding on one takes half a millisecond.
LINGER_S = 0.005

_Waiter = asyncio.Future[None]


class Commits:
    """Appends to the journal for coroutines of one loop.

    What is decided within a few milliseconds goes to the journal's thread together, and is told together: a hand-over
    between threads costs some 100 µs with the wake-ups on both sides, as much as the journal's own work for several
    events. Nobody waits for company that isn't coming: requests say that they are, with `with commits:`, and when the
    last of them has been decided on, the group goes at once.
    """

    def __init__(self, journal: JournalWriter) -> None:
        self._journal = journal
        self._coming = 0
        self._records: list[bytes] = []
        self._waiters: list[_Waiter] = []
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self._coming += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._coming -= 1
        if self._waiters and not self._coming:
            self._submit()

    def append(self, records: Sequence[bytes]) -> _Waiter:
        """Append records, on the way out of a `with`. Await the result outside: it comes when they are on disk.

        It raises JournalUnavailable.
        """
        loop = asyncio.get_running_loop()
        waiter: _Waiter = loop.create_future()
        self._records += records
        self._waiters.append(waiter)
        if self._timer is None and self._coming > 1:
            self._timer = loop.call_later(LINGER_S, self._submit)
        return waiter

    def _submit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        records, waiters = self._records, self._waiters
        self._records, self._waiters = [], []
        loop = asyncio.get_running_loop()

        def done(error: JournalUnavailable | None) -> None:
            loop.call_soon_threadsafe(_tell, waiters, error)

        self._journal.submit(records, done=done)


def _tell(waiters: Sequence[_Waiter], error: JournalUnavailable | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue  # Its client has gone.
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
