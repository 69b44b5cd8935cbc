"""Telling people and channels: notices into inboxes, messages into the outbox, in the transaction of what they tell."""

import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import F

from errata.apps.accounts import queries as accounts
from errata.apps.issues import audience
from errata.apps.issues.audience import Concern
from errata.apps.notices.models import Channel, Delivery, InboxItem, Notice
from errata.apps.notices.wishes import wishes_of
from errata.apps.records import storable, write
from errata.core.notice import timing
from errata.core.notice.kinds import EMAIL, INBOX, Kind, kind_of
from errata.core.notice.preferences import Preferences, places_of
from errata.core.notice.timing import Plan

# Ids of deliveries are made of what they tell, so that the same telling has the same id even if it is written anew.
_IDS = uuid.UUID("0e88a7a0-6f1b-5a54-9a0c-0b1d2f6c7e11")
# What a throttle looks at: no limit is higher.
_RECENT_MAX = 1_000


class Telling(msgspec.Struct, frozen=True):
    """What is told, why, and by what it is known again."""

    kind: Kind
    reason: str
    text: str
    dedupe: str
    actor_name: str = ""


def notify(*, issue_id: int, to: Collection[int], kind: str, reason: str, text: str, dedupe: str, at: datetime) -> None:
    """Tell people of an issue. The same `dedupe` tells a person once; who is no member is left out.

    It may be called within `records.together`. `reason` ends a sentence: "because a clock of it is at risk".
    """
    telling = Telling(kind=kind_of(kind), reason=reason, text=text, dedupe=dedupe)
    with write():
        concern = audience.concerns([issue_id]).get(issue_id)
        if concern is not None:
            tell(concern, telling, to=to, at=at)


def post(
    *, organization_id: int, channel: str, issue_id: int | None, text: str, dedupe: str, at: datetime, title: str = "",
    kind: str = "automation", reason: str = "", actor_name: str = "",
) -> bool:  # fmt: skip
    """Tell a channel of the organisation, and say whether it has that channel. The same `dedupe` posts once."""
    with write():
        row = Channel.objects.filter(
            organization_id=organization_id, owner=None, folded=channel.strip().casefold(), enabled=True
        ).first()
        if row is None:
            return False
        concern = audience.concerns([issue_id]).get(issue_id) if issue_id is not None else None
        if concern is None or not concern.is_archived:
            telling = Telling(kind=kind_of(kind), reason=reason, text=text, dedupe=dedupe, actor_name=actor_name)
            post_to(row, telling, concern=concern, title=title, at=at)
        return True


def post_to(channel: Channel, telling: Telling, *, concern: Concern | None, title: str, at: datetime) -> None:
    """Put a message to a channel of the organisation into the outbox."""
    recent = Delivery.objects.filter(channel_id=channel.id, planned_at__gt=at - timing.WINDOW).exclude(state="dropped")
    sent = _moments(recent.values_list("planned_at", "together")[:_RECENT_MAX])
    plan = timing.of_organization(at=at, hourly_max=channel.hourly_max, of_channel=sent)
    Delivery.objects.bulk_create(
        [
            new_delivery(
                telling, facts=facts_of(telling, concern, title=title), plan=plan, at=at, channel_id=channel.id,
                organization_id=channel.organization_id, issue_id=concern.issue_id if concern else None,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def tell(concern: Concern, telling: Telling, *, to: Collection[int], at: datetime) -> None:
    """Tell people, within a transaction: members alone, and of an archived project's issue nobody."""
    if concern.is_archived:
        return
    people = sorted(member_ids(concern.organization_id, to))
    if not people:
        return
    wishes = wishes_of(people)
    places = {person: places_of(wishes[person], telling.kind) for person in people}
    _put_in_inboxes(concern, telling, [person for person in people if INBOX in places[person]], at=at)
    for person in people:
        _put_in_outbox(concern, telling, person, wishes[person], places[person], at=at)


def member_ids(organization_id: int, among: Collection[int]) -> frozenset[int]:
    """Those of these people who are active in the organisation."""
    actor = accounts.system_actor(organization_id)
    return frozenset(person.id for person in accounts.members(actor=actor, ids=among)) if among else frozenset()


def facts_of(telling: Telling, concern: Concern | None, *, title: str = "") -> dict[str, Any]:
    """What a message is made of, as it is now: a repeat of it says the same."""
    facts = {"kind": telling.kind.slug, "title": title, "text": telling.text, "reason": telling.reason}
    facts["actor"] = telling.actor_name
    if concern is not None:
        facts |= {
            "key": concern.key,
            "title": title or concern.title,
            "stage": concern.stage,
            "priority": concern.priority,
            "severity": concern.severity,
            "project": concern.project,
        }
    return {name: storable(str(value)) for name, value in facts.items()}


def hashed(*parts: object) -> str:
    """What a telling is known by, whatever its length."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()


def _put_in_inboxes(concern: Concern, telling: Telling, people: Sequence[int], *, at: datetime) -> None:
    if not people:
        return
    dedupe = hashed(telling.dedupe)
    InboxItem.objects.bulk_create(
        [
            InboxItem(user_id=person, organization_id=concern.organization_id, issue_id=concern.issue_id, newest_at=at)
            for person in people
        ],
        ignore_conflicts=True,
    )
    items = dict(InboxItem.objects.filter(issue_id=concern.issue_id, user_id__in=people).values_list("id", "user_id"))
    told = set(Notice.objects.filter(item_id__in=items, dedupe=dedupe).values_list("item_id", flat=True))
    fresh = sorted(set(items) - told)
    if not fresh:
        return
    Notice.objects.bulk_create(
        Notice(
            item_id=item_id,
            dedupe=dedupe,
            kind=telling.kind.slug,
            reason=storable(telling.reason)[:200],
            text=storable(telling.text)[:1000],
            actor_name=telling.actor_name[:254],
            at=at,
        )
        for item_id in fresh
    )
    rows = InboxItem.objects.filter(id__in=fresh)
    rows.exclude(done_at=None).update(done_at=None, unread=0, snoozed_until=None)
    rows.update(unread=F("unread") + 1, newest_at=at)
    if telling.kind.urgent:
        rows.update(snoozed_until=None)
    audience.stir()


def _put_in_outbox(
    concern: Concern, telling: Telling, person: int, wishes: Preferences, places: Collection[str], *, at: datetime
) -> None:
    channel_ids = [None if place == EMAIL else int(place.partition(":")[2]) for place in places if place != INBOX]
    if not channel_ids:
        return
    own = set(
        Channel.objects.filter(owner_id=person, enabled=True, id__in=[one for one in channel_ids if one]).values_list(
            "id", flat=True
        )
    )
    rows = []
    for channel_id in channel_ids:
        if channel_id is not None and channel_id not in own:
            continue
        plan = _plan(concern, telling, person, channel_id, wishes, at=at)
        # What is in the inbox too needs no mail later, once it was read there.
        facts = facts_of(telling, concern) | {"inbox": INBOX in places}
        rows.append(
            new_delivery(
                telling, facts=facts, plan=plan, at=at, channel_id=channel_id, user_id=person,
                organization_id=concern.organization_id, issue_id=concern.issue_id,
            )
        )  # fmt: skip
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)


def _plan(
    concern: Concern, telling: Telling, person: int, channel_id: int | None, wishes: Preferences, *, at: datetime
) -> Plan:
    recent = Delivery.objects.filter(user_id=person, planned_at__gt=at - timing.WINDOW)
    recent = recent.filter(channel_id=channel_id) if channel_id else recent.filter(channel=None)
    found = list(recent.exclude(state="dropped").values_list("planned_at", "together", "issue_id")[:_RECENT_MAX])
    return timing.plan(
        wishes,
        at=at,
        urgent=telling.kind.urgent,
        of_issue=_moments((when, together) for when, together, issue_id in found if issue_id == concern.issue_id),
        of_channel=_moments((when, together) for when, together, _ in found),
    )


def _moments(rows: Iterable[tuple[datetime, bool]]) -> list[datetime]:
    """When messages leave: what goes together is one of them."""
    found = list(rows)
    alone = [when for when, together in found if not together]
    return alone + sorted({when for when, together in found if together})


def new_delivery(telling: Telling, *, facts: Mapping[str, Any], plan: Plan, at: datetime, **target: Any) -> Delivery:
    """A message of the outbox that is yet to be written there."""
    key = hashed(telling.dedupe, target.get("user_id"), target.get("channel_id"), target.get("issue_id"))
    return Delivery(
        uid=uuid.uuid5(_IDS, key),
        dedupe=key,
        kind=telling.kind.slug,
        facts=dict(facts),
        together=plan.together,
        why=plan.why,
        planned_at=plan.due_at,
        due_at=plan.due_at,
        created_at=at,
        **target,
    )
