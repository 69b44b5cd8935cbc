"""The link in a mail that stops more of them. Whoever has the mail may use it: it needs no signing in."""

from datetime import datetime

from errata.apps.accounts.queries import actor_for_user
from errata.apps.audit import operations as audit
from errata.apps.issues import audience
from errata.apps.notices.mailing import unsubscribing
from errata.apps.notices.watching import mute_issues
from errata.apps.notices.wishes import stop_mail
from errata.apps.records import together
from errata.core.errors import Refusal


class StopRefused(Refusal):
    """The link is none of ours, or its person is gone."""

    code = "unsubscribe_refused"
    status = 404

    def __init__(self) -> None:
        super().__init__("This link doesn't work any more. Sign in, and choose what you are sent under Notifications.")


def stops(token: str) -> str:
    """The key of the issue that a link stops mail about; "" when it stops all mail. Raises StopRefused."""
    found = unsubscribing(token)
    if found is None:
        raise StopRefused
    if found.issue_id is None:
        return ""
    concern = audience.concerns([found.issue_id]).get(found.issue_id)
    if concern is None:  # gone with its project: nothing more comes of it, and the other mail was not meant
        raise StopRefused
    return concern.key


def stop(*, token: str, at: datetime, everything: bool = False) -> str:
    """Do what the link says, or stop all mail. Return the key of the issue, or ""."""
    found = unsubscribing(token)
    actor = actor_for_user(found.user_id) if found else None
    if found is None or actor is None:
        raise StopRefused
    key = "" if everything else stops(token)
    with together():
        if key and found.issue_id:
            mute_issues([found.issue_id], user_id=found.user_id, at=at)
            return key
        stop_mail(user_id=found.user_id, at=at)
        audit.record(by=actor, action="person.notified_as", target=actor.email, at=at, after={"mail_off": True})
        return ""
