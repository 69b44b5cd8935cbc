"""Mail about accounts. It leaves after the commit and outside of the request, whose time tells nobody anything."""

import logging
from concurrent.futures import ThreadPoolExecutor

from django.core.mail import EmailMessage
from django.db import transaction

_log = logging.getLogger(__name__)
_post = ThreadPoolExecutor(max_workers=1, thread_name_prefix="letters")


def send(*, to: str, subject: str, text: str) -> None:
    """Send a letter once the transaction around has committed."""
    letter = EmailMessage(subject=subject, body=text, to=[to])
    transaction.on_commit(lambda: _hand_over(letter))


def wait() -> None:
    """Wait until every letter handed over has left. For a stop, and for tests."""
    _post.submit(lambda: None).result()


def _hand_over(letter: EmailMessage) -> None:
    _post.submit(_deliver, letter)


def _deliver(letter: EmailMessage) -> None:
    try:
        letter.send()
    except OSError:  # smtplib's errors are OSErrors; the person can ask for the letter again
        _log.exception("mail not sent to %s", letter.to)
