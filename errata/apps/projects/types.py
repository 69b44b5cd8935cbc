"""What others may hold of projects."""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from errata.core.event.scrub import ScrubRules

Outcome = Literal["accepted", "rate_limited", "filtered", "invalid", "client_discard", "dropped"]


class KeyView(msgspec.Struct, frozen=True):
    id: int
    project_id: int
    name: str
    public_key: str
    active: bool
    quota_per_minute: int
    created_at: datetime


class ProjectView(msgspec.Struct, frozen=True):
    id: int
    name: str
    slug: str
    key: str
    platform: str
    team: str  # the slug of the team that owns it, or ""
    team_name: str
    active: bool
    archived_at: datetime | None
    quota_per_minute: int
    allowed_origins: tuple[str, ...]
    scrub: ScrubRules
    created_at: datetime
    first_event_at: datetime | None


class IntakeCountRow(NamedTuple):
    """How many items of one kind met one fate within an hour."""

    project_id: int
    key_id: int  # 0 = not known
    hour: datetime  # the start of the hour
    outcome: str
    category: str  # "error", "transaction", "attachment" …
    reason: str
    quantity: int


class DictionaryView(msgspec.Struct, frozen=True):
    number: int
    project_id: int
    body: bytes
    created_at: datetime
