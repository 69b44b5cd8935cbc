"""An SMTP server for the replies that people send to mails. It takes nothing for anybody else."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# A reply with a screenshot or two; beyond it the sender is told so while still connected.
_MAIL_BYTES_MAX = 10 * 2**20
# Both may write to the records, which have one writer anyway.
_THREADS = 2

Check = Callable[[str], bool]
Receive = Callable[[str, bytes], str]


class MailListener:
    """Listens in a thread of its own. `check` says whether there is such an address; `receive` returns the reply."""

    def __init__(self, *, host: str, port: int, check: Check, receive: Receive) -> None:
        # Loaded by those installations alone that take mail.
        from aiosmtpd.controller import Controller

        # It logs every line of every connection; what was taken and what was not is logged by who takes it.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self._controller = Controller(
            _Handler(check, receive), hostname=host, port=port, data_size_limit=_MAIL_BYTES_MAX, ident="Errata"
        )

    def start(self) -> None:
        """Begin. Raises OSError when the port is taken."""
        self._controller.start()

    def stop(self) -> None:
        """End."""
        self._controller.stop()


class _Handler:
    def __init__(self, check: Check, receive: Receive) -> None:
        self._check, self._receive = check, receive
        self._pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="mail-in")

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if not self._check(address):
            return "550 5.1.1 Nobody has this address here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        loop = asyncio.get_running_loop()
        reply = "250 OK"
        for address in envelope.rcpt_tos:
            reply = await loop.run_in_executor(self._pool, self._receive, address, envelope.content)
        return reply
