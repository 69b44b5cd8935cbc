"""The ways out: channels of the organisation and people's own. Their addresses are sealed, and never shown again."""

import base64
import secrets
from datetime import datetime

import msgspec
from django.db.models import Q, QuerySet

from errata.apps.accounts.permissions import allow, may
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.notices.models import Channel, Delivery
from errata.apps.notices.sealing import seal, unseal
from errata.apps.notices.telling import Telling, facts_of, new_delivery
from errata.apps.notices.types import ChannelView
from errata.apps.records import storable, write
from errata.core.errors import Refusal
from errata.core.notice import message
from errata.core.notice.channels import (
    CHANNEL_KINDS,
    HOURLY_MAX,
    Address,
    ChannelRefused,
    checked_address,
    checked_hourly,
    hint,
)
from errata.core.notice.kinds import kind_of
from errata.core.notice.message import Note, checked_words
from errata.core.notice.timing import Plan

NAME_CHARS_MAX = 60
CHANNELS_MAX = 100
SAMPLE = Note(
    kind="regressed", key="PAY-142", title="TimeoutError: card processor", project="Payments", stage="Revise",
    text="It happened again: Fixed → Revise.", reason="because you watch it", priority="High", severity="Major",
    actor="Errata", url="https://errata.example/issues/PAY-142/",
)  # fmt: skip


class ChannelNotFound(Refusal):
    """No such channel, or somebody else's."""

    code = "channel_not_found"
    status = 404


def create_channel(
    *,
    name: str,
    kind: str,
    address: str,
    by: Actor,
    at: datetime,
    mine: bool = False,
    hourly_max: int = HOURLY_MAX,
) -> tuple[ChannelView, str]:
    """Add a channel. Return it, and the secret that a webhook's receiver needs: it is shown this once."""
    _allow(by, mine=mine)
    checked = checked_address(kind, address)
    if mine and kind == "email":
        raise ChannelRefused("Your mail goes to your own address by itself.", field="kind")
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}" if kind == "webhook" else ""
    checked = msgspec.structs.replace(checked, secret=secret)
    tidy = _name(name)
    with write():
        own = Channel.objects.filter(organization_id=by.organization_id, owner_id=by.own_id if mine else None)
        _refuse_taken(own if mine else own.filter(owner=None), tidy)
        if own.count() >= CHANNELS_MAX:
            raise ChannelRefused(f"{CHANNELS_MAX} channels are the most. Remove one that nobody uses.", field="name")
        row = Channel.objects.create(
            organization_id=by.organization_id,
            owner_id=by.own_id if mine else None,
            name=tidy,
            folded=tidy.casefold(),
            kind=kind,
            sealed=_sealed(checked),
            hint=hint(kind, checked),
            hourly_max=checked_hourly(hourly_max),
            created_at=at,
        )
        audit.record(
            by=by, action="channel.created", target=tidy, at=at, after={"kind": kind, "address": row.hint, "own": mine}
        )
    return channel_view(row), secret


def update_channel(
    *,
    channel_id: int,
    by: Actor,
    at: datetime,
    name: str | None = None,
    address: str = "",
    hourly_max: int | None = None,
    enabled: bool | None = None,
    title_words: str | None = None,
    text_words: str | None = None,
) -> ChannelView:
    """Change what is given. An address replaces the one before, whose secret a webhook keeps."""
    with write():
        row = row_of(channel_id, by)
        before = {"name": row.name, "address": row.hint, "hourly_max": row.hourly_max, "enabled": row.enabled}
        if name is not None and (tidy := _name(name)) != row.name:
            _refuse_taken(_siblings(row), tidy, but=row.id)
            row.name, row.folded = tidy, tidy.casefold()
        if address.strip():
            _readdress(row, address)
        if hourly_max is not None:
            row.hourly_max = checked_hourly(hourly_max)
        if enabled is not None:
            row.enabled = enabled
        for field, words in (("title", title_words), ("text", text_words)):
            if words is not None:
                row.words = {**row.words, field: checked_words(storable(words), field=f"{field}_words")}
        row.save()
        after = {"name": row.name, "address": row.hint, "hourly_max": row.hourly_max, "enabled": row.enabled}
        if title_words is not None or text_words is not None:
            after |= {"words": row.words}
        audit.record(by=by, action="channel.changed", target=row.name, at=at, before=before, after=after)
    return channel_view(row)


def delete_channel(*, channel_id: int, by: Actor, at: datetime) -> None:
    """Remove a channel, and what waits for it."""
    with write():
        row = row_of(channel_id, by)
        row.delete()
        audit.record(by=by, action="channel.deleted", target=row.name, at=at, before={"kind": row.kind})


def send_test(*, channel_id: int, by: Actor, at: datetime) -> int:
    """Put a test message into the outbox, at once and past every throttle. Return the delivery's id."""
    with write():
        row = row_of(channel_id, by)
        telling = Telling(
            kind=kind_of("automation"),
            reason=f"because {by.name} pressed “Send a test”",
            text="If you can read this, the channel works.",
            dedupe=f"test:{row.id}:{at.isoformat()}",
            actor_name=by.name,
        )
        made = new_delivery(
            telling, facts=facts_of(telling, None, title="A test of Errata"), plan=Plan(at), at=at, channel_id=row.id,
            user_id=row.owner_id, organization_id=row.organization_id,
        )  # fmt: skip
        Delivery.objects.bulk_create([made], ignore_conflicts=True)
        audit.record(by=by, action="channel.tested", target=row.name, at=at)
        return Delivery.objects.get(dedupe=made.dedupe).id


def channels(*, actor: Actor, mine: bool = False) -> list[ChannelView]:
    """The organisation's channels, or the actor's own, by name."""
    allow(actor, "issue:read")
    rows = Channel.objects.filter(organization_id=actor.organization_id)
    rows = rows.filter(owner_id=actor.own_id) if mine else rows.filter(owner=None)
    return [channel_view(row) for row in rows.order_by("folded")]


def channel(*, actor: Actor, channel_id: int) -> ChannelView:
    """A channel that the actor may change. Raises ChannelNotFound."""
    return channel_view(row_of(channel_id, actor))


def preview(*, title_words: str, text_words: str) -> Note:
    """A sample message in these words. Raises WordsRefused."""
    return message.worded(
        SAMPLE,
        title_words=checked_words(title_words, field="title_words"),
        text_words=checked_words(text_words, field="text_words"),
    )


def row_of(channel_id: int, by: Actor) -> Channel:
    """The row of a channel that the actor may change."""
    reach = Q(owner_id=by.own_id)
    if may(by, "org:admin"):
        reach |= Q(owner=None)
    row = Channel.objects.filter(reach, id=channel_id, organization_id=by.organization_id).first()
    if row is None:
        # Says the role, when that is all that is missing.
        if Channel.objects.filter(id=channel_id, organization_id=by.organization_id, owner=None).exists():
            allow(by, "org:admin")
        raise ChannelNotFound("There is no such channel.", channel_id=channel_id)
    return row


def address_of(row: Channel) -> Address:
    """Where a channel leads, with its secret. Raises SealBroken."""
    return msgspec.json.decode(unseal(bytes(row.sealed)), type=Address)


def channel_view(row: Channel) -> ChannelView:
    """A channel without its address."""
    return ChannelView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        kind_name=CHANNEL_KINDS[row.kind].name,
        hint=row.hint,
        mine=row.owner_id is not None,
        enabled=row.enabled,
        hourly_max=row.hourly_max,
        title_words=row.words.get("title", ""),
        text_words=row.words.get("text", ""),
        failing_since=row.failing_since,
        created_at=row.created_at,
    )


def _allow(by: Actor, *, mine: bool) -> None:
    allow(by, "issue:read" if mine else "org:admin")


def _name(name: str) -> str:
    tidy = " ".join(storable(name).split())
    if not tidy or len(tidy) > NAME_CHARS_MAX:
        raise ChannelRefused(f"A channel needs a name of at most {NAME_CHARS_MAX} letters.", field="name")
    return tidy


def _siblings(row: Channel) -> QuerySet[Channel]:
    own = Channel.objects.filter(organization_id=row.organization_id)
    return own.filter(owner_id=row.owner_id) if row.owner_id else own.filter(owner=None)


def _refuse_taken(own: QuerySet[Channel], name: str, *, but: int = 0) -> None:
    if own.filter(folded=name.casefold()).exclude(id=but).exists():
        raise ChannelRefused(f"There is a channel {name} already.", field="name")


def _readdress(row: Channel, text: str) -> None:
    checked = checked_address(row.kind, text)
    if row.kind == "webhook":
        checked = msgspec.structs.replace(checked, secret=address_of(row).secret)
    row.sealed, row.hint, row.failing_since = _sealed(checked), hint(row.kind, checked), None


def _sealed(address: Address) -> bytes:
    return seal(msgspec.json.encode(address))
