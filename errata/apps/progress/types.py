"""What others may hold of the progress of the work."""

from datetime import date, datetime

import msgspec

from errata.apps.clocks.types import Promises
from errata.core.progress import Day, Percentiles


class Filter(msgspec.Struct, frozen=True):
    """Which issues are told of."""

    days: int = 30
    project: str = ""  # slug
    team: str = ""  # slug
    type: str = ""
    severity: str = ""


class StageCount(msgspec.Struct, frozen=True):
    stage: str
    category: str
    count: int


class StageTime(msgspec.Struct, frozen=True):
    """How long issues spent in a stage that they last left within the days; each issue once."""

    stage: str
    time: Percentiles


class AgeCount(msgspec.Struct, frozen=True):
    """Open issues of an age, in days; `until` None is without end."""

    since: int
    until: int | None
    count: int


class DayCount(msgspec.Struct, frozen=True):
    day: date
    opened: int
    ended: int


class Part(msgspec.Struct, frozen=True):
    """The same for one project, team, type or severity."""

    name: str  # as searches and filters know it
    title: str
    opened: int
    ended: int
    open: int
    time_to_take_up: Percentiles
    time_to_end: Percentiles
    resolution: Promises


class Progress(msgspec.Struct, frozen=True):
    """How the work went in the last days."""

    since: datetime
    funnel: list[StageCount]
    flow: list[Day]
    stages: list[StageTime]
    ages: list[AgeCount]
    throughput: list[DayCount]
    opened: int
    ended: int
    returned: int
    time_to_take_up: Percentiles  # MTTA's better sister
    time_to_end: Percentiles  # MTTR's
    response: Promises
    resolution: Promises
    behind: int  # activities that are not told of yet
