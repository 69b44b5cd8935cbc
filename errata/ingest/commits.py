"""Waiting for the journal on an event loop: many waiters, one wake-up."""

import asyncio
from collections.abc import Sequence

from errata.ports.journal import JournalUnavailable, JournalWriter

_Waiter = asyncio.Future[None]


class Commits:
    """Appends to the journal for coroutines of one loop.

    What one turn of the loop decides goes to the journal's thread together, and is told together: a hand-over between
    threads costs some 100 µs with the wake-ups on both sides, as much as the journal's own work for several events.
    """

    def __init__(self, journal: JournalWriter) -> None:
        self._journal = journal
        self._records: list[bytes] = []
        self._waiters: list[_Waiter] = []

    def append(self, records: Sequence[bytes]) -> _Waiter:
        """Append records. The result is there when they are on disk; or it raises JournalUnavailable."""
        loop = asyncio.get_running_loop()
        waiter: _Waiter = loop.create_future()
        if not self._waiters:
            loop.call_soon(self._submit, loop)
        self._records += records
        self._waiters.append(waiter)
        return waiter

    def _submit(self, loop: asyncio.AbstractEventLoop) -> None:
        records, waiters = self._records, self._waiters
        self._records, self._waiters = [], []

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
