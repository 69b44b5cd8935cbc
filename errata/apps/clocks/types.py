"""What others may hold of clocks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from errata.apps.issues.types import IssueRow
from errata.core.sla import ClockKind, Reading
from errata.core.sla.advisor import Advice


class EscalationView(msgspec.Struct, frozen=True):
    """A step that was taken."""

    key: str
    title: str
    kind: str
    percent: int
    action: str
    told: Sequence[str]
    outcome: str
    due_at: datetime | None
    at: datetime


class ChainView(msgspec.Struct, frozen=True):
    """Who is told next, until one acknowledges."""

    kind: str
    percent: int
    next_to: str
    next_at: datetime


class IssueClocks(msgspec.Struct, frozen=True):
    """The clocks of an issue, each explained."""

    key: str
    readings: tuple[Reading, ...]
    escalations: list[EscalationView]
    chains: list[ChainView]
    zone: str  # of the calendar


class Probability(msgspec.Struct, frozen=True):
    """How likely a clock breaches. `value` is None when the project's history is too short to tell."""

    value: float | None = None
    reasons: tuple[str, ...] = ("Not enough data: it takes thirty resolved issues",)

    @property
    def percent(self) -> int | None:
        """The same in whole percents."""
        return None if self.value is None else round(100 * self.value)


class Advised(msgspec.Struct, frozen=True):
    """What could be promised of a project's issues of one priority and severity. Times in minutes of their clock."""

    priority: str
    severity: str
    advice: Advice


class ClockRow(msgspec.Struct, frozen=True):
    """A clock with its issue, as the SLA page lists it."""

    issue: IssueRow
    reading: Reading
    reason: str
    probability: Probability


class ClockPage(msgspec.Struct, frozen=True):
    items: list[ClockRow]
    next: str | None


class Bucket(msgspec.Struct, frozen=True):
    """The clocks that breach within a stretch of time from now."""

    name: str
    words: str
    count: int


class Promises(msgspec.Struct, frozen=True):
    """How many promises were kept, and how many were not."""

    met: int = 0
    missed: int = 0
    breached: int = 0  # still running, and late

    def __add__(self, other: "Promises") -> "Promises":
        return Promises(self.met + other.met, self.missed + other.missed, self.breached + other.breached)

    @property
    def share(self) -> float | None:
        told = self.met + self.missed + self.breached
        return self.met / told if told else None

    @property
    def percent(self) -> int:
        """The share in whole percents, never rounded up to all of them."""
        return int(100 * (self.share or 0))


class Forecast(msgspec.Struct, frozen=True):
    """How many of the resolution clocks that aren't late yet will probably run out."""

    expected: float | None  # the sum of their probabilities; None where nothing can be told of any
    covered: int  # the clocks it is the sum of
    beyond: int  # due after those, in projects with enough history
    untold: int  # in projects without

    @property
    def rounded(self) -> int | None:
        """In whole clocks."""
        return None if self.expected is None else round(self.expected)


class Attainment(Promises, frozen=True, kw_only=True):
    """How many promises a team kept."""

    name: str
    slug: str


class Flip(msgspec.Struct, frozen=True):
    """A clock that a change would put into another state."""

    key: str
    title: str
    kind: ClockKind
    before: str
    after: str
    due_before: datetime | None
    due_after: datetime | None
    left_before: timedelta | None
    left_after: timedelta | None


class Preview(msgspec.Struct, frozen=True):
    """What a change of calendar or policy would do to the clocks that run."""

    checked: int
    moved: int  # clocks whose due time changes
    breaches: int  # in time now, breached then
    rescues: int  # breached now, in time then
    risks: int  # at risk then, and not now
    flips: list[Flip]  # the first of those that change their state
