"""Reading a request's body: within a size, within a time, and large ones on disk instead of in memory."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any, BinaryIO

from errata.core import limits
from errata.core.errors import Refusal
from errata.ingest.request import Request, too_large

# Ordinary bodies are a few kilobytes, and one await.
_MEMORY_BYTES_MAX = 1 * 2**20
# A sender that says nothing for so long keeps a place that others need: SDKs themselves give up after 30 s or less.
IDLE_S_MAX = 30.0
_WHOLE_S_MAX = 600.0
# Large bodies on their way at once. Each may fill 200 MiB of disk until it is complete.
_SPOOLS_MAX = 16

Body = bytes | BinaryIO


class BodyTooSlow(Refusal):
    """The body didn't arrive in time."""

    code = "too_slow"
    status = 408


class TooManyUploads(Refusal):
    """As many large bodies are on their way as may be."""

    code = "too_many_uploads"
    status = 503


class BodyReader:
    """Reads bodies. Keeps count of the large ones."""

    def __init__(self, *, idle_s: float) -> None:
        self._idle_s = idle_s
        self._spools = 0

    async def read(self, request: Request, protocol: Any) -> Body:
        """Read the body: as bytes when it is small, as a file when it is large. Raise a Refusal."""
        try:
            async with asyncio.timeout(self._idle_s) as deadline:
                if request.content_length is not None and request.content_length <= _MEMORY_BYTES_MAX:
                    whole: bytes = await protocol()
                    return whole
                return await self._stream(protocol, deadline)
        except TimeoutError:
            msg = f"The body did not arrive: nothing came for {self._idle_s:.0f} s, or all took longer than is allowed."
            raise BodyTooSlow(msg) from None

    async def _stream(self, protocol: Any, deadline: asyncio.Timeout) -> Body:
        incoming = self._paced(protocol, deadline)
        parts: list[bytes] = []
        size = 0
        async for part in incoming:
            parts.append(part)
            size += len(part)
            if size > _MEMORY_BYTES_MAX:
                return await self._spool(parts, size, incoming)
        return b"".join(parts)

    async def _paced(self, protocol: Any, deadline: asyncio.Timeout) -> AsyncIterator[bytes]:
        """The parts of a body, each within its time and all within theirs."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + _WHOLE_S_MAX
        async for part in protocol:
            deadline.reschedule(min(loop.time() + self._idle_s, end_s))
            yield part

    async def _spool(self, parts: list[bytes], size: int, incoming: AsyncIterator[bytes]) -> BinaryIO:
        if self._spools >= _SPOOLS_MAX:
            raise TooManyUploads("Too many large bodies are being received. Try again in a moment.", retry_s=10)
        self._spools += 1
        with ExitStack() as stack:
            stack.callback(self._leave)
            file: BinaryIO = stack.enter_context(tempfile.TemporaryFile())
            file.writelines(parts)
            async for part in incoming:
                size += len(part)
                if size > limits.BODY_BYTES_MAX:
                    raise too_large()
                file.write(part)
            stack.pop_all()
        self._leave()
        return file

    def _leave(self) -> None:
        self._spools -= 1
