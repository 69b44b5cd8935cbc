"""Replies to mails, which become comments."""

import hashlib
import html
import re
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr

import nh3

from errata.apps.accounts.queries import actor_for_user
from errata.apps.issues import audience
from errata.apps.issues import operations as issues
from errata.apps.notices.mailing import reply_key
from errata.apps.notices.models import MailReply
from errata.apps.records import storable, together
from errata.core.errors import Refusal
from errata.core.notice.replies import Answerable, by_a_machine, opened

# Two programs that answer each other, and hide it, end here. A person who comments by mail writes fewer.
REPLIES_HOURLY_MAX = 10
_MARK = "-- Reply above this line to comment --"
# "-- " on a line of its own, as mail has had it since the nineties. Some programs cut the space.
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "fi", "cs", "ja", "ko", "zh"]


class ReplyRefused(Refusal):
    """A mail that is no reply of a person to what they were sent."""

    code = "reply_refused"
    status = 422


def takes(address: str) -> bool:
    """Whether there is such an address."""
    return opened(address, key=reply_key()) is not None


def receive(*, address: str, raw: bytes, at: datetime) -> str:
    """Make a comment of a mail. Return the issue's key. Raises ReplyRefused; the same mail again changes nothing."""
    to = opened(address, key=reply_key())
    if to is None:
        raise ReplyRefused("Nobody has this address here.")
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    actor = actor_for_user(to.user_id)
    concern = audience.concerns([to.issue_id]).get(to.issue_id)
    if actor is None or concern is None or concern.organization_id != actor.organization_id:
        raise ReplyRefused("The issue, or the account it was sent to, is gone.")
    _refuse_machines(mail)
    if parseaddr(str(mail.get("From", "")))[1].casefold() != actor.email.casefold():
        raise ReplyRefused("Send it from the address that the mail was sent to.")
    text = written(mail)
    if not text:
        raise ReplyRefused("There is nothing above the quotation.")
    digest = hashlib.sha256(f"{address.casefold()}\x1f{mail.get('Message-ID') or text}".encode()).hexdigest()
    with together():
        if MailReply.objects.filter(digest=digest).exists():
            return concern.key
        _refuse_floods(to, at)
        MailReply.objects.create(digest=digest, user_id=to.user_id, issue_id=to.issue_id, at=at)
        issues.comment_on_issue(key=concern.key, body=text, by=actor, at=at)
    return concern.key


def written(mail: EmailMessage) -> str:
    """What the person wrote, without what they quote and without their signature."""
    from mailparser_reply import EmailReplyParser  # for those installations alone that take mail

    text = _text(mail).partition(_MARK)[0]
    text = _SIGNATURE.split(text, maxsplit=1)[0]
    found = EmailReplyParser(languages=_LANGUAGES).parse_reply(text=text) or ""
    return storable(_without_intro(found)).strip()


def _refuse_machines(mail: EmailMessage) -> None:
    headers = {name.casefold(): str(value) for name, value in reversed(mail.items())}
    if why := by_a_machine(headers):
        raise ReplyRefused(f"Not taken for a comment, because {why}.")


def _refuse_floods(to: Answerable, at: datetime) -> None:
    recent = MailReply.objects.filter(user_id=to.user_id, issue_id=to.issue_id, at__gt=at - timedelta(hours=1))
    if recent.count() >= REPLIES_HOURLY_MAX:
        raise ReplyRefused(f"{REPLIES_HOURLY_MAX} comments an hour are the most by mail. Write on the issue's page.")


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeError):  # a character set nobody knows
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    content = content.replace("\r\n", "\n")
    return _of_html(content) if part.get_content_type() == "text/html" else content


def _of_html(content: str) -> str:
    content = re.sub(r"(?is)<blockquote.*", "", content)
    content = re.sub(r"(?i)<br\s*/?>|</(p|div|li|tr|h\d)>", "\n", content)
    bare = nh3.clean(content, tags=set(), clean_content_tags={"script", "style", "head", "title"})
    return re.sub(r"\n{3,}", "\n\n", html.unescape(bare))


def _without_intro(text: str) -> str:
    """Without the line before the quotation ("On Tuesday Errata wrote:") that a cut mark leaves at the end."""
    lines = text.rstrip().splitlines()
    while lines and (not lines[-1].strip(" >") or re.search(r"(<[^>]+@[^>]+>|\bErrata\b).{0,40}:\s*$", lines[-1])):
        lines.pop()
    return "\n".join(lines)
