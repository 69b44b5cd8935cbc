"""Mails: text and HTML, one thread for each issue, answerable, and with a way to stop them."""

from collections.abc import Sequence
from email.utils import parseaddr

import msgspec
from django.core import signing
from django.core.mail import EmailMultiAlternatives as Letter
from django.template.loader import render_to_string

from errata.apps.notices.models import Delivery
from errata.apps.notices.sealing import derived_key
from errata.core.notice import replies
from errata.core.notice.message import Parcel

__all__ = ["Letter", "Site", "Unsubscribing", "to_list", "to_person", "unsubscribing"]

_SALT = "errata.unsubscribe"


class Site(msgspec.Struct, frozen=True):
    """What mails say of the installation."""

    url: str  # without a slash at its end
    mail_from: str
    reply_domain: str = ""  # "" when replies are not taken


class Unsubscribing(msgspec.Struct, frozen=True):
    """What a link in a mail stops: hearing of one issue, or, without one, all mail."""

    user_id: int
    issue_id: int | None


def to_person(parcel: Parcel, *, rows: Sequence[Delivery], site: Site) -> Letter:
    """A mail to a person at their own address."""
    user, issue_id = rows[0].user, _only_issue(rows)
    assert user is not None, "A delivery without a channel goes to a person."
    stop = f"{site.url}/unsubscribe/{_signed(Unsubscribing(user.id, issue_id))}/"
    answer_to = ""
    if issue_id and site.reply_domain:
        to = replies.Answerable(user_id=user.id, issue_id=issue_id)
        answer_to = replies.address(to, domain=site.reply_domain, key=reply_key())
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return _letter(parcel, [user.email], issue_id, site, headers=headers, stop=stop, answer_to=answer_to)


def to_list(parcel: Parcel, *, addresses: Sequence[str], rows: Sequence[Delivery], site: Site) -> Letter:
    """A mail to a channel of the organisation."""
    return _letter(parcel, addresses, _only_issue(rows), site, headers={})


def unsubscribing(token: str) -> Unsubscribing | None:
    """What a link stops; None unless it is one of ours."""
    try:
        return msgspec.convert(signing.loads(token, salt=_SALT), Unsubscribing)
    except (signing.BadSignature, msgspec.ValidationError):
        return None


def reply_key() -> bytes:
    """What the addresses for replies are signed with."""
    return derived_key("replies")


def _letter(
    parcel: Parcel,
    to: Sequence[str],
    issue_id: int | None,
    site: Site,
    *,
    headers: dict[str, str],
    stop: str = "",
    answer_to: str = "",
) -> Letter:
    domain = parseaddr(site.mail_from)[1].partition("@")[2] or "errata"
    headers = headers | {
        "Message-ID": f"<{parcel.uid}@{domain}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's vacation program answers
        "X-Auto-Response-Suppress": "All",
        "X-Errata-Message": parcel.uid,
    }
    if issue_id:
        # A thread's first mail was never sent; programs put together what refers to the same.
        root = f"<issue.{issue_id}@{domain}>"
        headers |= {"In-Reply-To": root, "References": root}
    first = parcel.notes[0]
    about = f"[{first.key}] {first.title}" if first.key else first.title
    subject = about if issue_id else parcel.heading
    values = {"parcel": parcel, "stop": stop, "answerable": bool(answer_to), "issue_only": issue_id is not None}
    letter = Letter(
        subject=" ".join(subject.split())[:250],
        body=render_to_string("notices/mail.txt", values),
        from_email=site.mail_from,
        to=list(to),
        reply_to=[answer_to] if answer_to else None,
        headers=headers,
    )
    letter.attach_alternative(render_to_string("notices/mail.html", values), "text/html")
    return letter


def _only_issue(rows: Sequence[Delivery]) -> int | None:
    issues = {row.issue_id for row in rows}
    return issues.pop() if len(issues) == 1 else None


def _signed(stop: Unsubscribing) -> str:
    return signing.dumps(msgspec.to_builtins(stop), salt=_SALT)
