"""The outbox: what is due is claimed, sent, and then marked, each in its own transaction.

Who dies between sending and marking sends again under the same id, as soon as a sender starts, or else once the claim
has run out: at least once, and a receiver can tell a repeat.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from errata.apps.issues import audience
from errata.apps.notices.models import Attempt, Channel, Delivery, InboxItem
from errata.apps.notices.telling import member_ids
from errata.apps.notices.wishes import wishes_of
from errata.apps.records import storable, write
from errata.core.notice import timing

# Longer than any attempt takes: a batch of them, four at a time, each within 15 s.
LEASE = timedelta(minutes=5)
BATCH_MAX = 20
# What one message carries of what waited; more is another message.
TOGETHER_MAX = 100
_ANSWER_CHARS_MAX = 500
_OPEN = ("waiting", "sending")
_ARCHIVED = "its project is archived"


class Outcome(msgspec.Struct, frozen=True):
    """What came of an attempt."""

    ok: bool
    answer: str
    status: int | None = None
    final: bool = False  # trying again changes nothing
    retry_after_s: float | None = None


class Claim(msgspec.Struct, frozen=True):
    """One message, and the deliveries it carries."""

    uid: UUID
    rows: Sequence[Delivery]

    @property
    def channel(self) -> Channel | None:
        return self.rows[0].channel


def claim(*, at: datetime, limit: int = BATCH_MAX) -> list[Claim]:
    """Take the messages that are due; nobody else takes them before the lease ends."""
    if not _due(at).exists():
        return []
    with write():
        claims: dict[UUID, Claim] = {}
        # A morning's digests are thousands of rows of a few people.
        is_member = cache(lambda organization_id, person: bool(member_ids(organization_id, [person])))
        for row in _due(at).order_by("due_at", "id")[:limit]:
            if row.message in claims or any(row.id == one.id for made in claims.values() for one in made.rows):
                continue
            carried = _carried(row, at)
            kept = _kept(carried, is_member)
            if kept:
                uid = row.message or kept[0].uid
                Delivery.objects.filter(id__in=[one.id for one in kept]).update(
                    state="sending", message=uid, due_at=at + LEASE
                )
                claims[uid] = Claim(uid=uid, rows=kept)
        return list(claims.values())


def settle(made: Claim, outcome: Outcome, *, at: datetime) -> None:
    """Write down what came of an attempt, and when the next one is."""
    with write():
        rows = Delivery.objects.filter(id__in=[row.id for row in made.rows])
        # A channel, a project or a person may have gone while the message was on its way, and its rows with it.
        there = list(rows.values_list("id", flat=True))
        Attempt.objects.bulk_create(
            Attempt(
                delivery_id=number,
                at=at,
                ok=outcome.ok,
                status=outcome.status,
                answer=storable(outcome.answer)[:_ANSWER_CHARS_MAX],
            )
            for number in there
        )
        attempts = made.rows[0].attempts + 1
        if outcome.ok:
            rows.update(state="sent", attempts=attempts, sent_at=at, due_at=at)
        else:
            delay = None if outcome.final else timing.backoff(attempts, retry_after_s=outcome.retry_after_s)
            if delay is None:
                rows.update(state="failed", attempts=attempts, due_at=at)
            else:
                rows.update(state="waiting", attempts=attempts, due_at=at + delay)
        _note_health(made.channel, ok=outcome.ok, at=at)


def release(*, at: datetime) -> None:
    """Give back what a sender that died had claimed: for a start, when there is no other sender."""
    claimed = Delivery.objects.filter(state="sending")
    if claimed.exists():
        with write():
            claimed.update(state="waiting", due_at=at)


def forget(*, before: datetime) -> bool:
    """Remove a slice of what the log has kept long enough. Return whether there is more."""
    old = Delivery.objects.exclude(state__in=_OPEN).filter(created_at__lt=before)
    ids = list(old.order_by("id").values_list("id", flat=True)[:500])
    if ids:
        with write():
            Delivery.objects.filter(id__in=ids).delete()
    return len(ids) == 500


def _due(at: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state__in=_OPEN, due_at__lte=at).select_related("channel", "user")


def _carried(row: Delivery, at: datetime) -> list[Delivery]:
    """What the row's message carries: what it carried in an earlier attempt, or all that waits with it."""
    if row.message:
        return list(_due(at).filter(message=row.message).order_by("id"))
    if not row.together:
        return [row]
    beside = _due(at).filter(message=None, together=True)
    beside = beside.filter(channel_id=row.channel_id) if row.channel_id else beside.filter(channel=None)
    beside = beside.filter(user_id=row.user_id) if row.user_id else beside.filter(user=None)
    return list(beside.order_by("id")[:TOGETHER_MAX])


def _kept(rows: Sequence[Delivery], is_member: Callable[[int, int], bool]) -> list[Delivery]:
    """The rows that still have a receiver who has yet to hear of it; the others are dropped, with the reason."""
    kept: list[Delivery] = []
    dropped: dict[str, list[int]] = {}
    # What is carried together is one person's, or nobody's.
    person = next((row.user_id for row in rows), None)
    mail_off = person is not None and wishes_of([person])[person].mail_off
    asked = [row.issue_id for row in rows if row.issue_id and row.together]
    read = (
        set(InboxItem.objects.filter(user_id=person, issue_id__in=asked, unread=0).values_list("issue_id", flat=True))
        if person is not None and asked
        else set()
    )
    issue_ids = {row.issue_id for row in rows if row.issue_id}
    archived = audience.put_away(issue_ids) if issue_ids else set()
    for row in rows:
        why = _ARCHIVED if row.issue_id in archived else _needless(row, is_member, read, mail_off=mail_off)
        if why:
            dropped.setdefault(why, []).append(row.id)
        else:
            kept.append(row)
    for why, ids in dropped.items():
        Delivery.objects.filter(id__in=ids).update(state="dropped", why=why)
    return kept


def _needless(row: Delivery, is_member: Callable[[int, int], bool], read: Collection[int], *, mail_off: bool) -> str:
    if row.channel and not row.channel.enabled:
        return "the channel is switched off"
    if row.user_id is None:
        return ""
    if not is_member(row.organization_id, row.user_id):
        return "no member any more"
    if row.channel is None and mail_off:
        return "mail is switched off"
    if row.together and row.facts.get("inbox") and row.attempts == 0 and row.issue_id in read:
        return "read in the inbox meanwhile"
    return ""


def _note_health(channel: Channel | None, *, ok: bool, at: datetime) -> None:
    if channel is None:
        return
    rows = Channel.objects.filter(id=channel.id)
    if ok:
        rows.exclude(failing_since=None).update(failing_since=None)
    else:
        rows.filter(failing_since=None).update(failing_since=at)
