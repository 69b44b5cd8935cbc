"""Where replies to mails are taken: a small SMTP server in the `store` process, if the operator wants one."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import connection

from errata.adapters.smtp.listener import MailListener
from errata.apps.notices import operations as notices
from errata.apps.records import RecordsBusy
from errata.core.errors import Refusal
from errata.ops.settings import Settings

log = structlog.get_logger(__name__)


def listener(settings: Settings, *, now: Callable[[], datetime]) -> MailListener | None:
    """Begin to listen, when a port is set."""
    if not settings.mail_in_port:
        return None
    made = MailListener(
        host=settings.mail_in_host, port=settings.mail_in_port, check=notices.takes, receive=_receiver(now)
    )
    try:
        made.start()
    except OSError as error:
        # The rest goes on: who sent the mail is told by their own server that it waits.
        log.error("replies to mails can't be taken", port=settings.mail_in_port, error=str(error))  # noqa: TRY400 (the reason is enough)
        return None
    log.info("taking replies to mails", host=settings.mail_in_host, port=settings.mail_in_port)
    return made


def _receiver(now: Callable[[], datetime]) -> Callable[[str, bytes], str]:
    def receive(address: str, raw: bytes) -> str:
        try:
            key = notices.receive(address=address, raw=raw, at=now())
        except RecordsBusy:
            return "451 4.3.0 Busy, try again"
        except Refusal as error:
            log.info("a mail was not taken", why=error.message)
            # One line of ASCII is what the protocol has room for.
            return "550 5.7.1 " + error.message.encode("ascii", "replace").decode().replace("\n", " ")[:400]
        finally:
            connection.close()
        log.info("a reply became a comment", issue=key)
        return "250 2.0.0 OK"

    return receive
