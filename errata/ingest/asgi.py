"""Intake over ASGI, for whoever runs another server: the same handler, with RSGI's two objects made of ASGI's three."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from errata.ingest.replies import Reply
from errata.ingest.rsgi import Intake

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class _Scope:
    def __init__(self, scope: dict[str, Any]) -> None:
        self.method: str = scope["method"]
        self.query_string: str = scope["query_string"].decode("latin-1")
        self.client = ":".join(map(str, scope.get("client") or ()))
        self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


class _Protocol:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.reply = Reply(500, [], b"")

    async def __call__(self) -> bytes:
        return b"".join([part async for part in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            more = message.get("more_body", False)
            yield message.get("body", b"")

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.reply = Reply(status, headers, body)


async def answer(intake: Intake, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one ASGI request on one of intake's paths."""
    protocol = _Protocol(receive)
    await intake.answer(_Scope(scope), protocol, path=scope["path"])
    headers = [(name.encode(), value.encode()) for name, value in protocol.reply.headers]
    await send({"type": "http.response.start", "status": protocol.reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": protocol.reply.body})
