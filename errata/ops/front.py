"""The RSGI application: intake inline, health and live updates beside it, pages in threads."""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Protocol

import orjson
import structlog

from errata.ops import families
from errata.ops.live import Feed, Live
from errata.ops.pages import Pages, refuse
from errata.ops.status import Status

log = structlog.get_logger(__name__)

_JSON = [("content-type", "application/json"), ("cache-control", "no-store")]
_TEXT = [("content-type", "text/plain; version=0.0.4; charset=utf-8"), ("cache-control", "no-store")]


class Intake(Protocol):
    """The hot path: answers what programs send."""

    def takes(self, path: str) -> bool: ...

    async def answer(self, scope: Any, protocol: Any, *, path: str) -> int: ...


class Front:
    """Routes a request to the part that answers it, and counts."""

    def __init__(
        self,
        *,
        intake: Intake,
        pages: Pages,
        live: Live,
        open_feed: Callable[[dict[str, Any]], Feed | None],
        status: Status,
        scrape: Callable[[Any], str | None],
        prefix: str,
    ) -> None:
        self._intake, self._pages, self._live, self._status = intake, pages, live, status
        self._open_feed, self._scrape, self._prefix = open_feed, scrape, prefix
        self.latency = families.latencies()
        self._own: dict[str, Callable[[Any, Any], Awaitable[int]]] = {
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": self._metrics,
            "/live/": self._stream,
        }

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        if scope.proto != "http":
            protocol.close(None)
            return
        began_s = time.perf_counter()
        part, status = "front", 500
        try:
            part, status = await self._route(scope, protocol)
        except Exception:
            log.exception("request failed", method=scope.method, path=scope.path)
            refuse(protocol, HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here; it is in the log.")
        if part != "live":
            self.latency.observe(time.perf_counter() - began_s, part=part, status=str(status))

    async def _route(self, scope: Any, protocol: Any) -> tuple[str, int]:
        path: str = scope.path
        if self._prefix:
            if not path.startswith(f"{self._prefix}/"):
                return "front", refuse(protocol, HTTPStatus.NOT_FOUND, f"Errata is at {self._prefix}/.")
            path = path.removeprefix(self._prefix)
        if self._intake.takes(path):
            return "intake", await self._intake.answer(scope, protocol, path=path)
        own = self._own.get(path)
        if own:
            return "live" if path == "/live/" else "front", await own(scope, protocol)
        return "pages", await self._pages.answer(scope, protocol, path=path)

    async def _healthz(self, _scope: Any, protocol: Any) -> int:
        protocol.response_bytes(200, _JSON, b'{"status":"ok"}')
        return 200

    async def _readyz(self, _scope: Any, protocol: Any) -> int:
        code = 200 if self._status.is_ready() else 503
        protocol.response_bytes(code, _JSON, orjson.dumps(self._status.summary()))
        return code

    async def _metrics(self, scope: Any, protocol: Any) -> int:
        text = self._scrape(scope)
        if text is None:
            return refuse(protocol, HTTPStatus.UNAUTHORIZED, "Metrics need the bearer token of ERRATA_METRICS_TOKEN.")
        protocol.response_str(200, _TEXT, text)
        return 200

    async def _stream(self, scope: Any, protocol: Any) -> int:
        environ = self._pages.environ(scope, path="/live/")
        feed = await self._pages.run(lambda: self._open_feed(environ))
        if feed is None:
            return refuse(protocol, HTTPStatus.UNAUTHORIZED, "Sign in to follow changes.")
        return await self._live.stream(protocol, feed)
