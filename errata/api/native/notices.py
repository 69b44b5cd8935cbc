"""Notifications: the inbox, what one wants to hear, channels, and the log of what was sent."""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import asdict
from ninja import Field, Router, Schema, Status
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.api.native.schemas import Page
from errata.apps.notices import operations, queries
from errata.apps.notices.types import ChannelView, DeliveryView, InboxLine, WatchView
from errata.core.notice.channels import HOURLY_MAX
from errata.core.notice.preferences import Preferences

router = Router(tags=["Notifications"])

Deed = Literal["done", "back", "read", "unread", "mute", "unmute", "snooze"]
_DEEDS = {
    "done": operations.done,
    "back": operations.bring_back,
    "read": operations.mark_read,
    "unread": operations.mark_unread,
    "mute": operations.mute,
    "unmute": operations.unmute,
}


class NoticeOut(Schema):
    kind: str
    reason: str
    text: str
    actor_name: str
    at: datetime


class InboxLineOut(Schema):
    """An issue with what was told of it, newest first."""

    id: int
    key: str
    title: str
    project: str
    stage: str
    priority: str
    severity: str
    unread: int
    newest_at: datetime
    done_at: datetime | None
    snoozed_until: datetime | None
    muted: bool
    notices: list[NoticeOut]

    @staticmethod
    def of(line: InboxLine) -> "InboxLineOut":
        fields = asdict(line) | {"notices": [NoticeOut(**asdict(notice)) for notice in line.notices]}
        fields.pop("more")
        return InboxLineOut(**fields)


class InboxDeedIn(Schema):
    keys: list[str] = Field(max_length=200, description="Keys of issues, such as PAY-142.")
    until: datetime | None = Field(None, description="Until when to snooze.")


class ChangedOut(Schema):
    changed: int


class WatchOut(Schema):
    mode: Literal["every", "stage", "spike", "none"]
    chosen: bool
    reason: str

    @staticmethod
    def of(view: WatchView) -> "WatchOut":
        return WatchOut(mode=view.mode, chosen=view.chosen, reason=view.reason)


class WatchIn(Schema):
    mode: Literal["every", "stage", "spike", "none", ""] = Field(description="Empty goes back to the default.")


class PreferencesOut(Schema):
    """`places` holds, for each kind of notice, where it goes when that is not its default."""

    places: dict[str, list[str]] = {}
    zone: str = "UTC"
    quiet_from: str = ""
    quiet_to: str = ""
    urgent_wakes: bool = True
    digest: Literal["off", "hourly", "daily"] = "off"
    digest_at: str = "09:00"
    issue_hourly_max: int = 6
    channel_hourly_max: int = 30
    mail_off: bool = False


class SubscriptionIn(Schema):
    mode: Literal["new", "every", ""] = Field(description="Empty ends it.")


class SubscriptionOut(Schema):
    project: str
    slug: str
    mode: str


class ChannelOut(Schema):
    """A channel without its address, which is never given back."""

    id: int
    name: str
    kind: str
    hint: str
    mine: bool
    enabled: bool
    hourly_max: int
    title_words: str
    text_words: str
    failing_since: datetime | None
    created_at: datetime

    @staticmethod
    def of(view: ChannelView) -> "ChannelOut":
        fields = asdict(view)
        fields.pop("kind_name")
        return ChannelOut(**fields)


class NewChannelOut(ChannelOut):
    secret: str = Field(description="What a webhook's receiver checks signatures with. Shown this once.")


class ChannelIn(Schema):
    name: str
    kind: Literal["email", "slack", "teams", "discord", "webhook", "apprise"]
    address: str = Field(description="Kept encrypted, and never given back.")
    mine: bool = Field(False, description="A channel of one's own, rather than of the organisation.")
    hourly_max: int = HOURLY_MAX


class ChannelPatch(Schema):
    name: str | None = None
    address: str = ""
    enabled: bool | None = None
    hourly_max: int | None = None
    title_words: str | None = None
    text_words: str | None = None


class AttemptOut(Schema):
    at: datetime
    ok: bool
    status: int | None
    answer: str


class DeliveryOut(Schema):
    """A message: `uid` is what its receiver knows it by."""

    id: int
    uid: str
    state: Literal["waiting", "sending", "sent", "failed", "dropped"]
    why: str
    kind: str
    channel: str
    person: str
    key: str
    title: str
    text: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    attempts: list[AttemptOut]

    @staticmethod
    def of(view: DeliveryView) -> "DeliveryOut":
        fields: dict[str, Any] = asdict(view) | {"attempts": [AttemptOut(**asdict(one)) for one in view.attempts]}
        return DeliveryOut(**{name: value for name, value in fields.items() if name in DeliveryOut.model_fields})


@router.get("/inbox", response=Page[InboxLineOut], summary="Read the inbox")
def get_inbox(
    request: ApiRequest,
    view: Literal["inbox", "snoozed", "done"] = "inbox",
    cursor: int | None = Query(None, description="`next` of the page before."),
    limit: int = Query(50, ge=1, le=200),
) -> Page[InboxLineOut]:
    """One line for each issue, newest first."""
    found = queries.inbox(actor=request.auth, now=datetime.now(UTC), view=view, after=cursor, limit=limit)
    return Page(items=[InboxLineOut.of(line) for line in found.lines], next=str(found.next) if found.next else None)


@router.post("/inbox/{deed}", response=ChangedOut, summary="Do something with lines of the inbox")
def act(request: ApiRequest, deed: Deed, body: InboxDeedIn) -> ChangedOut:
    """Put them away, bring them back, read, mute or snooze them."""
    now = datetime.now(UTC)
    items = queries.item_ids(actor=request.auth, keys=body.keys)
    if deed == "snooze":
        changed = operations.snooze(item_ids=items, until=body.until or now, by=request.auth, at=now)
    else:
        changed = _DEEDS[deed](item_ids=items, by=request.auth, at=now)
    return ChangedOut(changed=len(changed))


@router.get("/issues/{key}/watch", response=WatchOut, summary="How one hears of an issue")
def get_watch(request: ApiRequest, key: str) -> WatchOut:
    """By choice, or by the reason one watches it for."""
    return WatchOut.of(queries.watch(actor=request.auth, key=key))


@router.put("/issues/{key}/watch", response=WatchOut, summary="Choose what to hear of an issue")
def put_watch(request: ApiRequest, key: str, body: WatchIn) -> WatchOut:
    """Who is named (assigned, mentioned, in the chain of a clock) is told whatever they choose."""
    operations.set_watch(key=key, mode=body.mode, by=request.auth, at=datetime.now(UTC))
    return WatchOut.of(queries.watch(actor=request.auth, key=key))


@router.get("/subscriptions", response=Page[SubscriptionOut], summary="List what one hears of whole projects")
def list_subscriptions(request: ApiRequest) -> Page[SubscriptionOut]:
    """Every project; an empty mode is no subscription."""
    found = queries.subscriptions(actor=request.auth)
    return Page(items=[SubscriptionOut(project=one.project, slug=one.slug, mode=one.mode) for one in found])


@router.put("/projects/{project}/subscription", response={204: None}, summary="Subscribe to a project")
def put_subscription(request: ApiRequest, project: str, body: SubscriptionIn) -> Status[None]:
    """Hear of its new issues and regressions, or of everything."""
    operations.subscribe(project=project, mode=body.mode, by=request.auth, at=datetime.now(UTC))
    return Status(204, None)


@router.get("/notifications", response=PreferencesOut, summary="What one hears, where and when")
def get_preferences(request: ApiRequest) -> PreferencesOut:
    """The token's person's own."""
    return PreferencesOut(**msgspec.to_builtins(queries.preferences(actor=request.auth)))


@router.put("/notifications", response=PreferencesOut, summary="Choose what to hear, where and when")
def put_preferences(request: ApiRequest, body: PreferencesOut) -> PreferencesOut:
    """All of it at once."""
    wishes = msgspec.convert(body.dict(), Preferences)
    kept = operations.set_preferences(preferences=wishes, by=request.auth, at=datetime.now(UTC))
    return PreferencesOut(**msgspec.to_builtins(kept))


@router.get("/channels", response=Page[ChannelOut], summary="List channels")
def list_channels(request: ApiRequest, mine: bool = False) -> Page[ChannelOut]:  # noqa: FBT001, FBT002 (a query parameter)
    """The organisation's, or one's own."""
    return Page(items=[ChannelOut.of(view) for view in queries.channels(actor=request.auth, mine=mine)])


@router.post("/channels", response={201: NewChannelOut}, summary="Add a channel")
def create_channel(request: ApiRequest, body: ChannelIn) -> Status[NewChannelOut]:
    """The organisation's need `org:admin`."""
    view, secret = operations.create_channel(**body.dict(), by=request.auth, at=datetime.now(UTC))
    return Status(201, NewChannelOut(**ChannelOut.of(view).dict(), secret=secret))


@router.patch("/channels/{channel_id}", response=ChannelOut, summary="Change a channel")
def patch_channel(request: ApiRequest, channel_id: int, body: ChannelPatch) -> ChannelOut:
    """An address replaces the one before."""
    changes = body.dict(exclude_unset=True)
    return ChannelOut.of(
        operations.update_channel(channel_id=channel_id, **changes, by=request.auth, at=datetime.now(UTC))
    )


@router.delete("/channels/{channel_id}", response={204: None}, summary="Remove a channel")
def delete_channel(request: ApiRequest, channel_id: int) -> Status[None]:
    """And what waits for it."""
    operations.delete_channel(channel_id=channel_id, by=request.auth, at=datetime.now(UTC))
    return Status(204, None)


@router.post("/channels/{channel_id}/test", response={202: DeliveryOut}, summary="Send a test")
def test_channel(request: ApiRequest, channel_id: int) -> Status[DeliveryOut]:
    """Put a test into the outbox; the delivery tells what comes of it."""
    number = operations.send_test(channel_id=channel_id, by=request.auth, at=datetime.now(UTC))
    return Status(202, DeliveryOut.of(queries.delivery(actor=request.auth, delivery_id=number)))


@router.get("/deliveries", response=Page[DeliveryOut], summary="List what was sent")
def list_deliveries(
    request: ApiRequest,
    channel: int | None = None,
    state: Literal["", "waiting", "sending", "sent", "failed", "dropped"] = "",
    cursor: int | None = Query(None, description="`next` of the page before."),
    limit: int = Query(50, ge=1, le=200),
) -> Page[DeliveryOut]:
    """Newest first: one's own, and for admins those of the organisation's channels and mails."""
    found = queries.deliveries(actor=request.auth, channel_id=channel, state=state, before=cursor, limit=limit)
    more = str(found[-1].id) if len(found) == limit else None
    return Page(items=[DeliveryOut.of(view) for view in found], next=more)


@router.get("/deliveries/{delivery_id}", response=DeliveryOut, summary="Get a delivery")
def get_delivery(request: ApiRequest, delivery_id: int) -> DeliveryOut:
    """With every attempt and what was answered."""
    return DeliveryOut.of(queries.delivery(actor=request.auth, delivery_id=delivery_id))


@router.post("/deliveries/{delivery_id}/resend", response={202: DeliveryOut}, summary="Send a message again")
def resend(request: ApiRequest, delivery_id: int) -> Status[DeliveryOut]:
    """As it was, under its own id."""
    operations.resend(delivery_id=delivery_id, by=request.auth, at=datetime.now(UTC))
    return Status(202, DeliveryOut.of(queries.delivery(actor=request.auth, delivery_id=delivery_id)))
