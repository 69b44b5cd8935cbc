"""Granian inside our own process and event loop: we keep the signals, the logs and the order of the stop."""

import asyncio
import signal
from collections.abc import Callable

from granian._granian import ListenerSpec
from granian.server.embed import Server

# Waiting in the kernel for a worker: a restart, or a burst of 10,000 clients.
_BACKLOG = 4096
# Connections a worker holds, idle ones included: above it new ones wait in the kernel, unanswered. 10,000 clients may
# all have landed on one worker; intake's own limits speak before.
_BACKPRESSURE = 16_384


class _Listener(Server):
    """Granian's embedded server, without its trial listen: for a moment it took connections, and dropped them."""

    def _init_shared_socket(self) -> None:
        self._ssp = ListenerSpec(self.bind_addr, self.bind_port, self.backlog)  # type: ignore[assignment]  # untyped there


async def listen(application: object, *, host: str, port: int, on_stop: Callable[[], None]) -> None:
    """Serve an RSGI application until SIGTERM or SIGINT, then finish the requests under way."""
    server = _Listener(
        application, address=host, port=port, backlog=_BACKLOG, backpressure=_BACKPRESSURE, websockets=False,
        log_enabled=False,
    )  # fmt: skip

    def stop() -> None:
        on_stop()
        server.stop()  # type: ignore[no-untyped-call]  # untyped there

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await server.serve()
