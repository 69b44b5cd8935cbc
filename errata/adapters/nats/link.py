"""A connection to NATS that mends itself, on an event loop in a thread of its own, for callers that know neither."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from time import monotonic
from typing import Any, TypeVar

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext

from errata.ports.journal import JournalUnavailable

# How long the first call waits for the first connection. Later ones, while there is none, fail at once.
CONNECT_S = 5.0
# How long one question may take. A server that syncs to a slow disk takes tens of milliseconds; one that restarts, more
# than anyone should wait.
ANSWER_S = 3.0
_RECONNECT_S = 0.25
# A cut connection that nobody closed (a pulled cable) is noticed after two of these.
_PING_S = 5

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Link:
    """One connection, for any thread."""

    def __init__(self, servers: Sequence[str]) -> None:
        self.generation = 0  # of the connection: what was learnt over an earlier one may have changed since
        self._patient_until_s = monotonic() + CONNECT_S
        self._client = Client()
        self._stream_api: JetStreamContext = self._client.jetstream(timeout=ANSWER_S)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()
        self._connecting = asyncio.run_coroutine_threadsafe(self._connect(list(servers)), self._loop)

    @property
    def is_connected(self) -> bool:
        """Whether a server answers now."""
        return bool(self._client.is_connected)

    @property
    def payload_bytes_max(self) -> int:
        """The largest message that the server takes."""
        return int(self._client.max_payload)

    @property
    def server_version(self) -> tuple[int, int, int]:
        """The version of the server that we are connected to."""
        version = self._client.connected_server_version
        return version.major, version.minor, version.patch

    def call(self, do: Callable[[JetStreamContext], Awaitable[T]]) -> T:
        """Ask JetStream something and wait for the answer. Raise JournalUnavailable when there is none."""
        return self._run(self._guarded(lambda: do(self._stream_api)))

    def request(self, subject: str, payload: bytes = b"") -> bytes | None:
        """Ask whoever listens to a subject, and return the answer, or None when nobody listens."""

        async def ask() -> bytes | None:
            try:
                message: Msg = await self._client.request(subject, payload, timeout=ANSWER_S)
            except nats.errors.NoRespondersError:
                return None
            return bytes(message.data)

        return self._run(self._guarded(ask))

    def answer(self, subject: str, payload: bytes) -> Subscription:
        """Answer whoever asks on a subject, for as long as this process lives and the subscription is kept."""

        async def respond(message: Msg) -> None:
            await message.respond(payload)

        async def listen() -> Subscription:
            subscription = await self._client.subscribe(subject, cb=respond)
            await self._client.flush()
            return subscription

        return self._run(self._guarded(listen))

    def end(self, subscription: Subscription) -> None:
        """Answer no more."""

        async def leave() -> None:
            await subscription.unsubscribe()
            await self._client.flush()

        self._run(self._guarded(leave))

    def close(self) -> None:
        """Disconnect, and end the thread."""
        if self._thread.is_alive():
            self._connecting.cancel()
            asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except (nats.errors.Error, OSError) as error:  # asyncio's TimeoutError is an OSError
            msg = f"The journal's server gives no answer: {error or type(error).__name__}."
            raise JournalUnavailable(msg) from error

    async def _guarded(self, do: Callable[[], Awaitable[T]]) -> T:
        # The client would keep what it can't send and send it later, when its caller has long given it up.
        while not self.is_connected:
            if monotonic() >= self._patient_until_s:
                raise JournalUnavailable("The journal's server can't be reached.")
            await asyncio.sleep(0.02)
        return await do()

    async def _connect(self, servers: list[str]) -> None:
        await self._client.connect(
            servers,
            name="errata",
            error_cb=_failed,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            max_reconnect_attempts=-1,
            reconnect_time_wait=_RECONNECT_S,
            connect_timeout=2,
            ping_interval=_PING_S,
        )
        self._patient_until_s = 0.0

    async def _disconnected(self) -> None:
        if not self._client.is_closed and self._patient_until_s == 0.0:
            log.warning("the journal's server is gone; connecting again")

    async def _reconnected(self) -> None:
        self.generation += 1
        log.info("connected to the journal's server again")


async def _failed(error: Exception) -> None:
    log.debug("journal connection", error=str(error) or type(error).__name__)
