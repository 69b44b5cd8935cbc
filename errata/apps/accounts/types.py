"""Who does things, and what others may hold of people, teams and tokens."""

from datetime import datetime
from typing import Literal

import msgspec

Role = Literal["owner", "admin", "member", "viewer"]
ActorKind = Literal["person", "token", "system"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something, and for which organisation. Every query and operation takes one."""

    kind: ActorKind
    user_id: int | None
    organization_id: int
    role: Role
    name: str
    email: str = ""
    scopes: frozenset[str] | None = None  # of a token; None = all that the role has
    ip: str = ""  # for the audit log, as is the request id
    request_id: str = ""

    @property
    def own_id(self) -> int:
        """The person's id, or 0, which is nobody's: what rows of one's own are looked up by."""
        return self.user_id or 0


class Person(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    email: str
    name: str
    initials: str
    role: str = ""  # "" where the place that shows the person has no use for it
    active: bool = True
    teams: tuple[str, ...] = ()
    joined_at: datetime | None = None
    signed_in_at: datetime | None = None


class OrganizationView(msgspec.Struct, frozen=True):
    id: int
    name: str
    slug: str
    created_at: datetime


class TeamView(msgspec.Struct, frozen=True):
    id: int
    name: str
    slug: str
    members: list[Person]


class TokenView(msgspec.Struct, frozen=True):
    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    owner: Person
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class InvitationView(msgspec.Struct, frozen=True):
    id: int
    email: str
    role: Role
    organization: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
