"""What others may hold of notices, channels and deliveries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from errata.core.notice.watching import WatchMode

InboxView = Literal["inbox", "snoozed", "done"]


class NoticeView(msgspec.Struct, frozen=True):
    """One thing told."""

    kind: str
    reason: str
    text: str
    actor_name: str
    at: datetime


class InboxLine(msgspec.Struct, frozen=True):
    """An issue in somebody's inbox, with what they were told of it, newest first."""

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
    notices: list[NoticeView]
    more: int  # older notices than those shown


class Inbox(msgspec.Struct, frozen=True):
    lines: list[InboxLine]
    counts: Mapping[InboxView, int]
    unread: int
    next: int | None  # the id of the last line, when there are more


class WatchView(msgspec.Struct, frozen=True):
    """How somebody watches an issue, and why they hear of it at all."""

    mode: WatchMode
    chosen: bool  # by the person, rather than by the reason
    reason: str  # "" when they don't watch
    unread: int  # notices of it


class SubscriptionView(msgspec.Struct, frozen=True):
    project_id: int
    project: str
    slug: str
    mode: str  # "" when not subscribed


class ChannelView(msgspec.Struct, frozen=True):
    """A channel without its secrets."""

    id: int
    name: str
    kind: str
    kind_name: str
    hint: str
    mine: bool  # a person's own, rather than the organisation's
    enabled: bool
    hourly_max: int
    title_words: str
    text_words: str
    failing_since: datetime | None
    created_at: datetime


class AttemptView(msgspec.Struct, frozen=True):
    at: datetime
    ok: bool
    status: int | None
    answer: str


class DeliveryView(msgspec.Struct, frozen=True):
    """A message of the outbox or its log."""

    id: int
    uid: str
    state: str
    state_words: str
    why: str
    kind: str
    channel: str
    channel_kind: str
    person: str
    key: str
    title: str
    text: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    attempts: list[AttemptView]
