"""What an entry of the audit log is made of, and what others may hold of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec


class Author(Protocol):
    """Who did it. An accounts Actor is one; this app lies below accounts and can't name it."""

    @property
    def kind(self) -> str: ...
    @property
    def user_id(self) -> int | None: ...
    @property
    def organization_id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def ip(self) -> str: ...
    @property
    def request_id(self) -> str: ...


class Deed(msgspec.Struct, frozen=True):
    """A write: what was done to what, and how that looked before and after."""

    action: str  # past tense, "issue.assigned"
    target: str  # "PAY-142", "bob@shop.example"
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}


class AuditEntry(msgspec.Struct, frozen=True):
    """One entry of the log."""

    sequence: int
    organization_id: int
    actor_kind: str
    actor_id: int | None
    actor_name: str
    action: str
    target: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    at: datetime
    ip: str
    request_id: str
    previous: str  # hash of the entry before
    hash: str


class Withheld(msgspec.Struct, frozen=True):
    """The place of an entry that another organisation wrote: what the chain is checked by, and nothing that it says."""

    sequence: int
    previous: str
    hash: str


class Head(msgspec.Struct, frozen=True):
    """The newest entry's place and hash. Kept elsewhere, it proves that nothing up to it was changed or cut off."""

    sequence: int
    hash: str


FaultKind = Literal["edited", "missing", "misplaced", "truncated", "appended", "unreadable"]


class Fault(msgspec.Struct, frozen=True):
    """Where the chain is broken, and how."""

    sequence: int
    kind: FaultKind
    message: str


class Verification(msgspec.Struct, frozen=True):
    """What checking the chain found."""

    entries: int
    head: Head
    faults: list[Fault]
    withheld: int = 0  # of the entries, those of which only the hashes are there

    @property
    def ok(self) -> bool:
        """Nothing was changed, removed, moved or slipped in."""
        return not self.faults


class AuditPage(msgspec.Struct, frozen=True):
    """A page of the log, newest first."""

    items: list[AuditEntry]
    next: str | None
