"""What a person does with their inbox. Nobody else sees it, so neither activity nor audit."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues import audience
from errata.apps.issues import operations as issues
from errata.apps.notices.models import InboxItem, Subscription, Watch
from errata.apps.notices.watching import mute_issues, unmute_issues
from errata.apps.projects import queries as projects
from errata.apps.records import together, write
from errata.core.errors import Refusal
from errata.core.notice.hearing import SUBSCRIPTIONS
from errata.core.notice.watching import MODES

SNOOZE_MAX = timedelta(days=366)
_SLICE = 500


class InboxRefused(Refusal):
    """Something that an inbox doesn't do."""

    code = "inbox_refused"
    status = 422


def done(*, item_ids: Collection[int], by: Actor, at: datetime) -> list[int]:
    """Put lines away. Return those that were there: what undoing brings back."""
    return _change(item_ids, by, done_at=at, unread=0, snoozed_until=None)


def bring_back(*, item_ids: Collection[int], by: Actor, at: datetime) -> list[int]:  # noqa: ARG001 (every operation takes the time)
    """Put lines back into the inbox, out of what was done or snoozed."""
    return _change(item_ids, by, done_at=None, snoozed_until=None)


def snooze(*, item_ids: Collection[int], until: datetime, by: Actor, at: datetime) -> list[int]:
    """Hide lines until then. What is urgent brings them back before."""
    if not at < until <= at + SNOOZE_MAX:
        raise InboxRefused("Snooze until some time within the coming year.", field="until")
    return _change(item_ids, by, snoozed_until=until, done_at=None)


def mark_read(*, item_ids: Collection[int], by: Actor, at: datetime) -> list[int]:  # noqa: ARG001 (every operation takes the time)
    """Say that lines were read; they stay where they are."""
    return _change(item_ids, by, unread=0)


def mark_unread(*, item_ids: Collection[int], by: Actor, at: datetime) -> list[int]:  # noqa: ARG001 (every operation takes the time)
    """Take that back."""
    return _change(item_ids, by, unread=1)


def mark_issue_read(*, key: str, by: Actor, at: datetime) -> None:
    """Say that what there is to hear of an issue was read, wherever that was."""
    allow(by, "issue:read")
    issue_id = audience.find(actor=by, key=key)
    ids = _own(by).filter(issue_id=issue_id, unread__gt=0).values_list("id", flat=True)
    mark_read(item_ids=list(ids), by=by, at=at)


def wake_snoozed(*, at: datetime) -> None:
    """Bring back what was snoozed until now, unread."""
    due = InboxItem.objects.filter(snoozed_until__lte=at, done_at=None)
    if due.exists():
        with write():
            due.update(snoozed_until=None, unread=1, newest_at=at)
            audience.stir()


def set_watch(*, key: str, mode: str, by: Actor, at: datetime) -> None:
    """Choose what to hear of an issue; empty goes back to what the reason for watching gives."""
    allow(by, "issue:read")
    if mode and mode not in MODES:
        raise InboxRefused(f"There is no way to watch called {mode}. One of: {', '.join(MODES)}.", field="mode")
    issue_id = audience.find(actor=by, key=key)
    if mode == "none":
        issues.unwatch_issue(key=key, by=by, at=at)
    else:
        issues.watch_issue(key=key, by=by, at=at)
    with write():
        if not mode:
            Watch.objects.filter(user_id=by.own_id, issue_id=issue_id).delete()
        elif by.user_id and mode == "none":
            mute_issues([issue_id], user_id=by.user_id, at=at)
        elif by.user_id:
            chosen = {"mode": mode, "before": "", "at": at}
            Watch.objects.update_or_create(user_id=by.own_id, issue_id=issue_id, defaults=chosen)


def mute(*, item_ids: Collection[int], by: Actor, at: datetime) -> list[int]:
    """Put lines away, and hear no more of their issues, unless named."""
    allow(by, "issue:read")
    with together():
        mute_issues(_issue_ids(item_ids, by), user_id=by.own_id, at=at)
        return done(item_ids=item_ids, by=by, at=at)


def unmute(*, item_ids: Collection[int], by: Actor, at: datetime) -> list[int]:
    """Take a mute back: hear of the issues as before it."""
    allow(by, "issue:read")
    with together():
        unmute_issues(_issue_ids(item_ids, by), user_id=by.own_id, at=at)
        return bring_back(item_ids=item_ids, by=by, at=at)


def subscribe(*, project: str | int, mode: str, by: Actor, at: datetime) -> None:
    """Hear of a whole project, or, with an empty mode, no more."""
    allow(by, "project:read")
    if mode and mode not in SUBSCRIPTIONS:
        raise InboxRefused(f"Subscribe to one of: {', '.join(SUBSCRIPTIONS)}.", field="mode")
    place = projects.project(actor=by, which=project)
    with write():
        own = Subscription.objects.filter(user_id=by.own_id, project_id=place.id)
        if not mode:
            own.delete()
        elif by.user_id:
            Subscription.objects.update_or_create(
                user_id=by.own_id, project_id=place.id, defaults={"mode": mode, "at": at}
            )


def forget_done(*, before: datetime) -> bool:
    """Remove a slice of what has long been done, with its notices. Return whether there is more."""
    ids = list(InboxItem.objects.filter(done_at__lt=before).order_by("id").values_list("id", flat=True)[:_SLICE])
    if ids:
        with write():
            InboxItem.objects.filter(id__in=ids).delete()
    return len(ids) == _SLICE


def _change(item_ids: Collection[int], by: Actor, **fields: object) -> list[int]:
    allow(by, "issue:read")
    with write():
        rows = _own(by).filter(id__in=item_ids)
        found = list(rows.values_list("id", flat=True))
        if found:
            rows.update(**fields)
            audience.stir()
        return found


def _issue_ids(item_ids: Collection[int], by: Actor) -> list[int]:
    return list(_own(by).filter(id__in=item_ids).values_list("issue_id", flat=True))


def _own(by: Actor) -> QuerySet[InboxItem]:
    return InboxItem.objects.filter(user_id=by.own_id, organization_id=by.organization_id)
