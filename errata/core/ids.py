"""The ids that cross package boundaries, each its own type so that they can't be mixed up."""

from typing import NewType

OrganizationId = NewType("OrganizationId", int)
UserId = NewType("UserId", int)
TeamId = NewType("TeamId", int)
ProjectId = NewType("ProjectId", int)
KeyId = NewType("KeyId", int)
IssueId = NewType("IssueId", int)

EventId = NewType("EventId", str)
"""32 lowercase hex digits, no dashes."""

Fingerprint = NewType("Fingerprint", int)
"""A signed 64-bit hash: what groups events. Signed, because SQLite and PostgreSQL integers are."""
