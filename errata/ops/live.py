"""Live updates: server-sent events to every open page, from one poller a worker."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

import structlog
from django.db import Error, connection
from granian.rsgi import ProtocolClosed

# A new event is on screen within 2 s: the digest's turn, this look, and the page's own redraw.
_LOOK_S = 0.4
# Each feed is asked this often even when nothing has changed: it may want to give a sign of life.
_ASK_S = 10.0
_HEADERS = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
]
_AWAY_S = 5.0

log = structlog.get_logger(__name__)

Run = Callable[[Callable[[], Any]], Awaitable[Any]]


class Feed(Protocol):
    """One page's view of what changes. Called in threads, by one at a time."""

    def next(self) -> bytes:
        """The frames since the last call, or nothing."""


class Live:
    """Wakes the streams when something has changed; each then asks for what concerns its own reader.

    Looking costs one query a worker, however many pages are open.
    """

    def __init__(self, *, newest: Callable[[], int], run: Run) -> None:
        self._newest_now, self._run = newest, run
        self._wakes: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="live", daemon=True)
        self._newest = 0

    @property
    def followers(self) -> int:
        return len(self._wakes)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to look for changes."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """End every stream. Called in the event loop. Browsers come back by themselves."""
        self._stopped.set()
        self._wake_all()

    async def stream(self, protocol: Any, feed: Feed) -> int:
        """Send a page its changes until it leaves. Return the status."""
        transport = protocol.response_stream(200, _HEADERS)
        wake = asyncio.Event()
        self._wakes.add(wake)
        try:
            # A page that was left is how a stream ends.
            with suppress(ProtocolClosed):
                await self._follow(transport, feed, wake)
        finally:
            self._wakes.discard(wake)
        return 200

    async def _follow(self, transport: Any, feed: Feed, wake: asyncio.Event) -> None:
        while not self._stopped.is_set():
            wake.clear()
            frames: bytes = await self._run(feed.next)
            if frames:
                await transport.send_bytes(frames)
            await _woken(wake)

    def _poll(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            if self._wakes:
                self._look()

    def _look(self) -> None:
        try:
            newest = self._newest_now()
        except Error as error:
            connection.close()  # It may be broken; the next look opens another.
            log.warning("live updates wait for the records", error=str(error))
            self._stopped.wait(_AWAY_S)
            return
        if newest != self._newest:
            self._newest = newest
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for wake in self._wakes:
            wake.set()


async def _woken(wake: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(wake.wait(), _ASK_S)
    except TimeoutError:
        return
