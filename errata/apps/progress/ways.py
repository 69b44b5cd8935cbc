"""The ways of some issues: read, changed in memory, and written with what that does to the counts of the days."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec

from errata.apps.progress.models import Life, Stay
from errata.apps.records import add_counts, update_rows
from errata.core.progress import bucket

_STAY = ("type", "severity", "left_at", "total_s")
_LIFE = ("type", "severity", "taken_up_at", "taken_up_s", "ended_at", "ended_s", "returns")


class Cell(NamedTuple):
    """What a count of a day is of."""

    organization_id: int
    project_id: int
    day: date
    what: str
    name: str
    type: str
    severity: str
    bucket: int


class Sum(NamedTuple):
    """A cell of all projects."""

    organization_id: int
    day: date
    what: str
    name: str
    type: str
    severity: str
    bucket: int


class Place(NamedTuple):
    """What a count of those that stand somewhere is of."""

    organization_id: int
    project_id: int
    stage: str
    category: str
    type: str
    severity: str


class Way(msgspec.Struct):
    """An issue's life, and its stays in order: the last one lasts."""

    life: Life
    stays: list[Stay]


class Ways:
    """Those of the issues that a follower has before it."""

    def __init__(self, ids: Collection[int]) -> None:
        self._ways = {life.issue_id: Way(life, []) for life in Life.objects.filter(issue_id__in=ids)}
        for stay in Stay.objects.filter(issue_id__in=self._ways).order_by("id"):
            self._ways[stay.issue_id].stays.append(stay)
        self._known = set(self._ways)
        self._gone: set[int] = set()
        self._counts = self._counted()
        self._before = self._columns()

    def find(self, issue_id: int) -> Way | None:
        """The way of an issue, or None when it has none, or none any more."""
        return self._ways.get(issue_id)

    def put(self, way: Way) -> None:
        """A way that begins."""
        self._ways[way.life.issue_id] = way

    def forget(self, issue_id: int) -> None:
        """Of the issue nothing is told."""
        self._ways.pop(issue_id, None)
        self._gone.add(issue_id)

    def save(self) -> None:
        """Write what changed."""
        gone = self._gone & self._known
        if gone:
            Stay.objects.filter(issue_id__in=gone).delete()
            Life.objects.filter(issue_id__in=gone).delete()
        now = self._columns()
        # Stays that end before those that begin: an issue stands in one stage at a time.
        for model, columns in ((Stay, _STAY), (Life, _LIFE)):
            rows = [row for row in self._rows(model) if row.pk and not row._state.adding]
            changed = [row for row in rows if now[model, row.pk] != self._before.get((model, row.pk))]
            update_rows(model, changed, columns)
            model._default_manager.bulk_create([row for row in self._rows(model) if row._state.adding])
        self._count()

    def _rows(self, model: type[Stay] | type[Life]) -> list[Any]:
        if model is Life:
            return [way.life for way in self._ways.values()]
        return [stay for way in self._ways.values() for stay in way.stays]

    def _columns(self) -> dict[tuple[type, int], tuple[Any, ...]]:
        return {
            (model, row.pk): tuple(getattr(row, name) for name in columns)
            for model, columns in ((Stay, _STAY), (Life, _LIFE))
            for row in self._rows(model)
            if not row._state.adding
        }

    def _counted(self) -> tuple[Counter[Cell], Counter[Place]]:
        ways = self._ways.values()
        return Counter(cell for way in ways for cell in cells(way)), Counter(place(way) for way in ways)

    def _count(self) -> None:
        (cells_now, places_now), (cells_before, places_before) = self._counted(), self._counts
        cells_now.subtract(cells_before)
        places_now.subtract(places_before)
        add_counts("progress_tally", cells_now)
        add_counts("progress_total", totals(cells_now))
        add_counts("progress_standing", places_now)


def cells(way: Way) -> Iterator[Cell]:
    """What the way of an issue adds to the counts of the days."""
    life = way.life

    def cell(what: str, at: datetime, name: str = "", seconds: int | None = None) -> Cell:
        day, place = at.astimezone(UTC).date(), 0 if seconds is None else bucket(seconds)
        return Cell(life.organization_id, life.project_id, day, what, name, life.type, life.severity, place)

    yield cell("opened", life.opened_at)
    if life.returns:
        yield cell("returned", life.opened_at)
    if life.taken_up_at:
        yield cell("taken_up", life.taken_up_at, seconds=life.taken_up_s)
    if life.ended_at:
        yield cell("ended", life.ended_at, seconds=life.ended_s)
    for stay in way.stays:
        yield cell("came", stay.entered_at, stay.category)
        if stay.left_at:
            yield cell("went", stay.left_at, stay.category)
        if stay.left_at and stay.total_s is not None:
            yield cell("left", stay.left_at, stay.stage, stay.total_s)


def totals(counts: Mapping[Cell, int]) -> Counter[Sum]:
    """The counts of all projects together."""
    found: Counter[Sum] = Counter()
    for cell, count in counts.items():
        found[Sum(cell.organization_id, *cell[2:])] += count
    return found


def place(way: Way) -> Place:
    """Where an issue stands."""
    last = way.stays[-1]
    return Place(last.organization_id, last.project_id, last.stage, last.category, last.type, last.severity)
