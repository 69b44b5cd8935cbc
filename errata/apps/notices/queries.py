"""Reads of inboxes, channels and deliveries."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues import audience
from errata.apps.notices.models import InboxItem, Notice, Subscription, Watch
from errata.apps.notices.naming import named_ids
from errata.apps.notices.outbox_log import deliveries, delivery
from errata.apps.notices.stopping import stops
from errata.apps.notices.types import Inbox, InboxLine, InboxView, NoticeView, SubscriptionView, WatchView
from errata.apps.notices.ways import channel, channels, preview
from errata.apps.notices.wishes import preferences
from errata.apps.projects import queries as projects
from errata.core.notice.watching import mode_of

__all__ = [
    "channel",
    "channels",
    "deliveries",
    "delivery",
    "inbox",
    "item_ids",
    "named_ids",
    "preferences",
    "preview",
    "stops",
    "subscriptions",
    "unread",
    "watch",
    "watch_of",
]

_PAGE_MAX = 200
# Notices that a line shows; the issue's own page has all that happened.
_NOTICES_SHOWN = 5


def inbox(
    *, actor: Actor, now: datetime, view: InboxView = "inbox", after: int | None = None, limit: int = 50
) -> Inbox:
    """A page of a person's inbox, newest first, grouped by issue."""
    allow(actor, "issue:read")
    found = _view(actor, view, now).order_by("-newest_at", "-id")
    last = InboxItem.objects.filter(id=after, user_id=actor.own_id).first() if after else None
    if last:
        found = found.filter(Q(newest_at__lt=last.newest_at) | Q(newest_at=last.newest_at, id__lt=last.id))
    limit = max(1, min(limit, _PAGE_MAX))
    rows = list(found[: limit + 1])
    shown = rows[:limit]
    return Inbox(
        lines=_lines(actor, shown),
        counts=_counts(actor, now),
        unread=unread(actor=actor, now=now),
        next=shown[-1].id if len(rows) > limit else None,
    )


def item_ids(*, actor: Actor, keys: Sequence[str]) -> list[int]:
    """The actor's lines about these issues, wherever they lie. Raises IssueNotFound."""
    allow(actor, "issue:read")
    issue_ids = [audience.find(actor=actor, key=key) for key in keys]
    found = InboxItem.objects.filter(user_id=actor.own_id, issue_id__in=issue_ids)
    return list(found.values_list("id", flat=True))


def unread(*, actor: Actor, now: datetime) -> int:
    """How many issues have something new for the actor."""
    return _view(actor, "inbox", now).filter(unread__gt=0).count()


def watch(*, actor: Actor, key: str) -> WatchView:
    """How the actor hears of an issue."""
    allow(actor, "issue:read")
    return watch_of(actor=actor, issue_id=audience.find(actor=actor, key=key))


def watch_of(*, actor: Actor, issue_id: int, watching: bool = True) -> WatchView:
    """The same of an issue that the actor is known to see; `watching=False` knows that there is no reason."""
    reason = audience.watch_reason(issue_id=issue_id, user_id=actor.own_id) if watching else ""
    chosen = Watch.objects.filter(user_id=actor.own_id, issue_id=issue_id).values_list("mode", flat=True).first()
    unread_of = InboxItem.objects.filter(user_id=actor.own_id, issue_id=issue_id).values_list("unread", flat=True)
    mode = chosen or (mode_of(reason) if reason else "none")
    return WatchView(
        mode=mode,  # type: ignore[arg-type]  # (written by set_watch alone)
        chosen=bool(chosen),
        reason=reason,
        unread=unread_of.first() or 0,
    )


def subscriptions(*, actor: Actor) -> list[SubscriptionView]:
    """Every project, and what the actor hears of it as a whole."""
    own = dict(Subscription.objects.filter(user_id=actor.own_id).values_list("project_id", "mode"))
    return [
        SubscriptionView(project_id=place.id, project=place.name, slug=place.slug, mode=own.get(place.id, ""))
        for place in projects.list_projects(actor=actor)
    ]


def _view(actor: Actor, view: InboxView, now: datetime) -> QuerySet[InboxItem]:
    own = InboxItem.objects.filter(
        user_id=actor.own_id, organization_id=actor.organization_id, issue__project__deleted_at=None
    )
    if view == "done":
        return own.exclude(done_at=None)
    if view == "snoozed":
        return own.filter(done_at=None, snoozed_until__gt=now)
    return own.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now), done_at=None)


def _counts(actor: Actor, now: datetime) -> dict[InboxView, int]:
    views: tuple[InboxView, ...] = ("inbox", "snoozed", "done")
    return {view: _view(actor, view, now).count() for view in views}


def _lines(actor: Actor, rows: Sequence[InboxItem]) -> list[InboxLine]:
    concerns = audience.concerns([row.issue_id for row in rows])
    notices = _notices(rows)
    muted = set(
        Watch.objects.filter(
            user_id=actor.own_id, mode="none", issue_id__in=[row.issue_id for row in rows]
        ).values_list("issue_id", flat=True)
    )
    return [
        InboxLine(
            id=row.id,
            key=concern.key,
            title=concern.title,
            project=concern.project,
            stage=concern.stage,
            priority=concern.priority,
            severity=concern.severity,
            unread=row.unread,
            newest_at=row.newest_at,
            done_at=row.done_at,
            snoozed_until=row.snoozed_until,
            muted=row.issue_id in muted,
            notices=[notice for notice, _ in notices.get(row.id, [])],
            more=max((total for _, total in notices.get(row.id, [])), default=0) - len(notices.get(row.id, [])),
        )
        for row in rows
        if (concern := concerns.get(row.issue_id))
    ]


def _notices(rows: Sequence[InboxItem]) -> dict[int, list[tuple[NoticeView, int]]]:
    """The newest few of each line, each with how many the line has."""
    ranked = Notice.objects.filter(item_id__in=[row.id for row in rows]).annotate(
        place=Window(RowNumber(), partition_by=F("item_id"), order_by="-id"),
        total=Window(Count("id"), partition_by=F("item_id")),
    )
    found: dict[int, list[tuple[NoticeView, int]]] = {}
    for notice in ranked.filter(place__lte=_NOTICES_SHOWN).order_by("-id"):
        view = NoticeView(
            kind=notice.kind, reason=notice.reason, text=notice.text, actor_name=notice.actor_name, at=notice.at
        )
        found.setdefault(notice.item_id, []).append((view, notice.total))
    return found
