"""The people among whom designation chooses, and how much each of them holds."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

# An issue counts for as much as it may take: twice as much for each step of severity. A team's own severities, which
# are not on the list, count as a Minor one.
WEIGHTS: Mapping[str, int] = {"Trivial": 1, "Minor": 2, "Major": 4, "Critical": 8}
_WEIGHT_OTHERWISE = 2


class Load(msgspec.Struct, frozen=True):
    """The open issues of somebody, and what they weigh."""

    issues: int = 0
    weight: int = 0

    def with_one(self, severity: str) -> "Load":
        return Load(self.issues + 1, self.weight + weight_of(severity))


class Member(msgspec.Struct, frozen=True):
    """A person of the organisation. Who has left, or may only look, is a member whom nothing can be given to."""

    id: int
    email: str
    name: str
    teams: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    active: bool = True
    may_work: bool = True  # False for a viewer
    away_until: datetime | None = None
    stand_in: int | None = None  # who takes it while they are away


class Staff(msgspec.Struct, frozen=True):
    members: tuple[Member, ...]
    loads: Mapping[int, Load] = {}
    turns: Mapping[str, Mapping[int, int]] = {}  # rule → person → when they last had their turn
    on_duty: frozenset[int] = frozenset()

    def load(self, member: Member) -> Load:
        return self.loads.get(member.id, Load())


def weight_of(severity: str) -> int:
    """What an open issue of this severity counts for in its assignee's load."""
    return WEIGHTS.get(severity, _WEIGHT_OTHERWISE)
