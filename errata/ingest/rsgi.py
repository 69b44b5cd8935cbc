"""Intake over RSGI: reads a body within its limits, has it decided on, waits until it is on disk, answers."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, BinaryIO, TypeVar

from errata.core import limits
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.core.signal import SignalKind
from errata.ingest import replies
from errata.ingest.accept import Accepted, Acceptor, body_in_query
from errata.ingest.body import IDLE_S_MAX, Body, BodyReader
from errata.ingest.commits import Commits
from errata.ingest.compress import Compressor
from errata.ingest.counts import Dropped
from errata.ingest.encodings import Overflow
from errata.ingest.replies import Reply
from errata.ingest.request import KeyUnknown, NotReady, Request, Sender, check, endpoint_of, identify, takes
from errata.ingest.tend import Tending
from errata.ports.blobs import Blobs
from errata.ports.dictionaries import Dictionaries
from errata.ports.journal import JournalUnavailable, JournalWriter
from errata.ports.keys import UNREAD, Keys, KeySnapshot
from errata.ports.quotas import Quotas

# What is decided on the event loop: an event of the largest size takes some 3 ms. Larger bodies go to a thread.
INLINE_BYTES_MAX = limits.EVENT_BYTES_MAX
# When clients may come back if nothing can be written: the digest frees space within seconds, people within minutes.
_RETRY_S = 30

T = TypeVar("T")


class Unavailable(Refusal):
    """Nothing can be accepted now."""

    code = "unavailable"
    status = 503


class Intake:
    """Answers what programs send. One a worker, on one event loop."""

    def __init__(
        self,
        *,
        keys: Keys,
        journal: JournalWriter,
        blobs: Blobs,
        dictionaries: Dictionaries,
        quotas: Quotas,
        clock: Callable[[], datetime],
        address: Callable[[Any], str],
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        look_s: float = 0.6,
        idle_s: float = IDLE_S_MAX,
    ) -> None:
        self._keys = keys
        self.accepted: Counter[SignalKind] = Counter()  # Items on disk, since the beginning.
        self._address = address
        self._look_s = look_s
        compressor = Compressor(dictionaries)
        self._acceptor = Acceptor(blobs=blobs, compressor=compressor, quotas=quotas, clock=clock, new_id=new_id)
        self._tending = Tending(acceptor=self._acceptor, compressor=compressor, journal=journal)
        self._commits = Commits(journal)
        self._bodies = BodyReader(idle_s=idle_s)
        # One large body at a time: each may take hundreds of megabytes. Keys are looked up meanwhile.
        self._large = ThreadPoolExecutor(1, thread_name_prefix="large-body")
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="unknown-key")

    def start(self) -> None:
        """Begin to tend counts and dictionaries in the background."""
        self._tending.start()

    def stop(self) -> None:
        """Put the last counts into the journal. Call it before the journal is closed."""
        self._large.shutdown()
        self._looking.shutdown()
        self._tending.stop()

    def dropped(self) -> dict[Dropped, int]:
        """Count items that were not accepted, since the beginning."""
        return self._acceptor.dropped()

    def takes(self, path: str) -> bool:
        """Whether a path is intake's."""
        return takes(path)

    async def answer(self, scope: Any, protocol: Any, *, path: str) -> int:
        """Answer one request and return the status."""
        reply = await self._reply(scope, protocol, path)
        protocol.response_bytes(reply.status, reply.headers, reply.body)
        return reply.status

    async def _reply(self, scope: Any, protocol: Any, path: str) -> Reply:
        sender: Sender | None = None
        try:
            request = _request(scope, path, self._address(scope))
            check(request)
            if request.method == "OPTIONS":
                return replies.PREFLIGHT
            is_get = request.method == "GET"
            sender = await self._identify(request)
            with self._commits:
                body = body_in_query(request.query) if is_get else await self._bodies.read(request, protocol)
                accepted = await self._accept(request, body, sender)
                on_disk = self._commits.append(accepted.records) if accepted.records else None
            if on_disk:
                await on_disk
                self.accepted.update(accepted.kinds)
        except Refusal as refusal:
            if sender is not None:
                self._acceptor.drop(sender, refusal)
            return replies.refused(refusal)
        except JournalUnavailable as error:
            return replies.refused(Unavailable(f"Nothing can be accepted now. {error}", retry_s=_RETRY_S))
        return replies.PIXEL if is_get and accepted.reply.status == 200 else accepted.reply

    async def _identify(self, request: Request) -> Sender | None:
        try:
            return identify(request, self._known())
        except KeyUnknown:
            return await self._patiently(lambda known: _ready(identify(request, known)))

    async def _accept(self, request: Request, body: Body, sender: Sender | None) -> Accepted:
        try:
            return await self._decide(request, body, sender, self._known())
        except KeyUnknown:  # Only the DSN in the envelope told the key.
            return await self._patiently(lambda known: self._decide(request, body, sender, known))
        finally:
            if not isinstance(body, bytes):
                body.close()

    async def _decide(self, request: Request, body: Body, sender: Sender | None, known: KeySnapshot) -> Accepted:
        decide = self._acceptor.accept
        if isinstance(body, bytes):
            try:
                return decide(request, body, sender=sender, snapshot=known, bytes_max=INLINE_BYTES_MAX)
            except Overflow:
                pass

        def at_length() -> Accepted:
            whole = body if isinstance(body, bytes) else _whole(body)
            return decide(request, whole, sender=sender, snapshot=known, bytes_max=limits.ENVELOPE_BYTES_MAX)

        return await asyncio.get_running_loop().run_in_executor(self._large, at_length)

    async def _patiently(self, attempt: Callable[[KeySnapshot], Awaitable[T]]) -> T:
        """Look for the key again, and once more in case that was too early: a new key's first event comes at once."""
        loop = asyncio.get_running_loop()
        try:
            return await attempt(await loop.run_in_executor(self._looking, self._keys.refresh))
        except KeyUnknown:
            await asyncio.sleep(
                self._look_s
            )  # Longer than the least time between two looks; and it slows guessers down.
        return await attempt(await loop.run_in_executor(self._looking, self._keys.refresh))

    def _known(self) -> KeySnapshot:
        known = self._keys.current()
        if known.version == UNREAD:
            raise NotReady("The project keys were not read yet. Try again in a moment.", retry_s=1)
        return known


async def _ready(value: T) -> T:
    return value


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _request(scope: Any, path: str, client_ip: str) -> Request:
    header = scope.headers.get
    endpoint, project = endpoint_of(path)
    length = header("content-length") or ""
    return Request(
        method=scope.method,
        endpoint=endpoint,
        project=project,
        query=scope.query_string,
        sentry_auth=header("x-sentry-auth") or "",
        authorization=header("authorization") or "",
        origin=header("origin") or "",
        content_type=header("content-type") or "",
        content_encoding=header("content-encoding") or "",
        content_length=whole_number(length),
        user_agent=header("user-agent") or "",
        client_ip=client_ip,
    )
