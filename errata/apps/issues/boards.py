"""Boards: the issues a search finds, in the columns of their workflows and in lanes across them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec
from django.db.models import Count, Q, QuerySet

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import list_people
from errata.apps.accounts.types import Actor, Person
from errata.apps.issues import cursors, rows
from errata.apps.issues.changes import keyed
from errata.apps.issues.finding import project_ids, search
from errata.apps.issues.hindsight import search_as_of
from errata.apps.issues.models import Issue, Label
from errata.apps.issues.proving import evidence_of_rows
from errata.apps.issues.search import Found
from errata.apps.issues.sought import Sought
from errata.apps.issues.types import IssueRow
from errata.apps.projects import queries as projects_of
from errata.apps.workflows.queries import processes_of
from errata.apps.workflows.types import Process
from errata.core import vocabulary, workflow
from errata.core.board import Column, Drop, columns_of, drop_on, find_column
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.core.past import check_told_order
from errata.core.workflow import Workflow

Lanes = Literal["", "assignee", "project", "priority", "severity", "label"]
# A column shows what one can look through; the rest comes when it is scrolled to.
CARDS = 50
# A lane is one row of several: fewer cards in each of its columns.
LANE_CARDS = 20
# Up to here all cards are read by one statement and dealt to their columns; beyond it each column asks for itself.
DEALT_MAX = 300
# The lanes of a large board that come with the page; the others come when they are scrolled to.
EAGER_LANES = 2
_LANE_COLUMNS: Mapping[str, str] = {
    "assignee": "assignee_id",
    "project": "project_id",
    "priority": "priority_rank",
    "severity": "severity_rank",
    "label": "labellings__label_id",
}
_RANKS: Mapping[str, Sequence[str]] = {"priority": vocabulary.PRIORITIES, "severity": vocabulary.SEVERITIES}
# As many people or labels as one may scroll through; a board of more is a question for the query.
LANES_MAX = 100


class LanesUnknown(Refusal):
    """Lanes that boards don't have."""

    code = "lanes_unknown"
    status = 400


class Lane(msgspec.Struct, frozen=True):
    """A row of the board: what its issues share."""

    id: str  # in addresses: a number, or a word of the vocabulary; "none" where the field is empty
    name: str
    count: int
    counts: Mapping[str, int]  # by column
    value: str = ""  # what the field is set to by a drop into this lane
    person: Person | None = None
    colour: int = 0


class Pile(msgspec.Struct, frozen=True):
    """The cards of a column, or of a column in a lane: the first of them, and where the others begin."""

    column: Column
    count: int
    cards: list[IssueRow]
    next: str | None


class Board(msgspec.Struct, frozen=True):
    """A board without its cards: columns and lanes with their counts."""

    columns: list[Column]
    stages: Mapping[str, list[str]]  # what the issues of a column call their stage
    counts: Mapping[str, int]
    lanes: list[Lane]
    total: int
    partial: str
    sought: Sought  # what its cards are dealt from


class Asked(msgspec.Struct, frozen=True):
    """What a board is of."""

    query: str = ""
    projects: Collection[int] | None = None
    sort: str = ""
    lanes: Lanes = ""
    as_of: datetime | None = None  # of a moment in the past


def nothing() -> Board:
    """The board of a search that can't be read."""
    sought = Sought(Found(Q(), "last_seen", descending=True, partial=""), Issue.objects.none())
    return Board(columns=[], stages={}, counts={}, lanes=[], total=0, partial="", sought=sought)


def board(*, actor: Actor, asked: Asked, now: datetime) -> Board:
    """The columns with how many issues stand in each; with lanes, in each of those."""
    allow(actor, "issue:read")
    sought = _sought(actor, asked, now)
    columns = _columns(actor, asked)
    counts: dict[str, int] = {}
    stages: dict[str, list[str]] = {}
    by_lane: dict[Any, dict[str, int]] = {}
    for category, stage, *lane, times in _tallies(actor, asked.lanes, sought):
        column = find_column(columns, stage=stage, category=category)
        if column is None:
            continue
        counts[column.id] = counts.get(column.id, 0) + times
        if stage not in (own_stages := stages.setdefault(column.id, [])):
            own_stages.append(stage)
        if lane:
            own = by_lane.setdefault(lane[0], {})
            own[column.id] = own.get(column.id, 0) + times
    if asked.lanes == "label":
        # An issue with two labels stands in two lanes, and in its column once.
        counts = _totals(columns, _tallies(actor, "", sought))
    return Board(
        columns=columns,
        stages=stages,
        counts=counts,
        lanes=_lanes(actor, asked.lanes, by_lane),
        total=sum(counts.values()),
        partial=sought.found.partial,
        sought=sought,
    )


def piles(*, actor: Actor, asked: Asked, of: Board, lane: Lane | None = None) -> list[Pile]:
    """The first cards of each column, of a whole board or of a lane of it."""
    allow(actor, "issue:read")
    order = of.sought.order(asked.sort)
    counts, limit = (lane.counts, LANE_CARDS) if lane else (of.counts, CARDS)
    issues = _in_lane(of.sought.issues, asked.lanes, lane.id if lane else "")
    others = _others_by_column(actor, asked.lanes, of.sought, of.columns, lane.id if lane else "")
    if sum(counts.values()) <= DEALT_MAX:
        places = _dealt(issues, order, of.columns)
        for column_id, rows in others.items():
            own = [*places.get(column_id, []), *map(order.place, rows)]
            places[column_id] = sorted(own, reverse=order.falls)
    else:
        places = {
            column.id: of.sought.places(
                _in_stages(issues, column, of.stages[column.id]), others.get(column.id, []), order, limit=limit + 1
            )
            for column in of.columns
            if counts.get(column.id)
        }
    ids = [place[-1] for own in places.values() for place in own[:limit]]
    cards = {row.id: row for row in of.sought.rows(ids)}
    return [
        _pile(column, places.get(column.id, []), cards, count=counts.get(column.id, 0), order=order, limit=limit)
        for column in of.columns
    ]


def lane_piles(*, actor: Actor, asked: Asked, of: Board) -> dict[str, list[Pile]]:
    """The cards of the lanes to begin with, by lane: all of them on a small board, the first few on a large one."""
    if of.total > DEALT_MAX:
        eager = of.lanes[:EAGER_LANES]
        return {lane.id: piles(actor=actor, asked=asked, of=of, lane=lane) for lane in eager}
    allow(actor, "issue:read")
    order = of.sought.order(asked.sort)
    places = of.sought.places(of.sought.issues, of.sought.others.values(), order, limit=DEALT_MAX)
    labels = label_lanes(actor=actor) if asked.lanes == "label" else {}
    cells: dict[tuple[str, str], list[IssueRow]] = {}
    for row in of.sought.rows([place[-1] for place in places]):
        for lane in lane_of(asked.lanes, row, labels):
            cells.setdefault((lane, column_of(of.columns, row)), []).append(row)
    return {
        lane.id: [
            Pile(
                column=column,
                count=lane.counts.get(column.id, 0),
                cards=cells.get((lane.id, column.id), []),
                next=None,
            )
            for column in of.columns
        ]
        for lane in of.lanes
    }


def more(*, actor: Actor, asked: Asked, column_id: str, cursor: str, now: datetime, lane: str = "") -> Pile:
    """The cards of a column behind a place. A column that isn't there has none."""
    allow(actor, "issue:read")
    columns = _columns(actor, asked)
    column = next((each for each in columns if each.id == column_id), None)
    if column is None:
        return Pile(column=Column(id=column_id, name=column_id, category="new"), count=0, cards=[], next=None)
    sought = _sought(actor, asked, now)
    order = sought.order(asked.sort)
    issues = _in_column(_in_lane(sought.issues, asked.lanes, lane), column, columns)
    others = _others_by_column(actor, asked.lanes, sought, columns, lane).get(column.id, [])
    places = sought.places(issues, others, order, limit=CARDS + 1, cursor=cursor or None)
    cards = {row.id: row for row in sought.rows([place[-1] for place in places[:CARDS]])}
    return _pile(column, places, cards, count=0, order=order, limit=CARDS)


def among(*, actor: Actor, asked: Asked, keys: Sequence[str], now: datetime) -> list[IssueRow]:
    """Of these issues, those that the board shows: what a page asks when they changed."""
    allow(actor, "issue:read")
    _, issues = search(actor, asked.query, asked.projects, now)
    return rows.fetch_by_ids(list(issues.filter(keyed(actor, keys)).values_list("id", flat=True)))


def column_of(columns: Sequence[Column], row: IssueRow) -> str:
    """The id of the column an issue stands in."""
    found = find_column(columns, stage=row.stage, category=row.category)
    return found.id if found else ""


def lane_of(lanes: Lanes, row: IssueRow, labels: Mapping[str, str]) -> list[str]:
    """The lanes an issue stands in: one, or one for each of its labels."""
    match lanes:
        case "assignee":
            return [str(row.assignee.id) if row.assignee else "none"]
        case "project":
            return [str(row.project.id)]
        case "priority":
            return [row.priority]
        case "severity":
            return [row.severity]
        case "label":
            return [labels[label.name] for label in row.labels if label.name in labels] or ["none"]
    return [""]


def label_lanes(*, actor: Actor) -> dict[str, str]:
    """The lane of each label."""
    found = Label.objects.filter(organization_id=actor.organization_id).values_list("name", "id")
    return {name: str(number) for name, number in found}


class Drops:
    """Where cards may be dropped. Issues in the same state may go the same ways: each is asked once."""

    def __init__(self, columns: Sequence[Column], actor: Actor) -> None:
        self._columns = columns
        self._actor = actor
        self._command = workflow.Command(
            to="", by=actor.kind, who=str(actor.own_id), administers=actor.role in ("owner", "admin")
        )
        self._known: dict[tuple[Any, ...], dict[str, Drop]] = {}
        self._processes: dict[int, Process] = {}
        self._evidence: dict[int, frozenset[str]] = {}

    def prepare(self, cards: Sequence[IssueRow]) -> None:
        """Read how these issues may move, and what is proven of those whose workflow will ask for it."""
        unknown = {row.project.id for row in cards} - self._processes.keys()
        if unknown:
            self._processes |= processes_of(sorted(unknown))
        self._evidence |= evidence_of_rows(cards)

    def of(self, row: IssueRow) -> dict[str, Drop]:
        """What a drop on each other column would mean."""
        place = row.project.id
        if place not in self._processes:
            self.prepare([row])
        process = self._processes[place]
        state = workflow.IssueState(
            stage=row.stage,
            assignee=str(row.assignee.id) if row.assignee else None,
            reason=row.reason or None,
            regressed=row.regressed,
            evidence=self._evidence.get(row.id, frozenset()),
            deputy=str(row.deputy.id) if row.deputy else None,
            values=row.values,
            fields=process.fields_of(row.type),
        )
        # All that decides it: of people whether they are the one who looks, of fields whether they are filled in.
        who = str(self._actor.own_id)
        filled = frozenset(slug for slug, value in row.values.items() if value is not None)
        held = (bool(state.assignee), state.assignee == who, state.deputy == who)
        known = (place, state.stage, held, state.reason, state.regressed, state.evidence, state.fields, filled)
        if known not in self._known:
            self._known[known] = self._asked(process.workflow, state)
        return self._known[known]

    def _asked(self, own: Workflow, state: workflow.IssueState) -> dict[str, Drop]:
        moves = workflow.moves(own, state=state, command=self._command)
        return {
            column.id: drop_on(column, moves)
            for column in self._columns
            if not (column.stage and column.stage == state.stage)
        }


def checked_lanes(text: str) -> Lanes:
    """The lanes by their name. Raises LanesUnknown."""
    found: Lanes | None = next((name for name in get_args(Lanes) if name == text), None)
    if found is None:
        names = ", ".join(name for name in get_args(Lanes) if name)
        raise LanesUnknown(f"Boards have no lanes by “{text}”. One of: {names}.", lanes=text)
    return found


def _columns(actor: Actor, asked: Asked) -> list[Column]:
    ids = project_ids(actor, asked.projects)
    flows = {(flow.name, flow.version): flow for flow in (process.workflow for process in processes_of(ids).values())}
    return columns_of(list(flows.values()) or [workflow.DEFAULT])


def _sought(actor: Actor, asked: Asked, now: datetime) -> Sought:
    if asked.as_of is None:
        return Sought(*search(actor, asked.query, asked.projects, now))
    sought = search_as_of(actor=actor, query=asked.query, projects=asked.projects, as_of=asked.as_of)
    check_told_order(sought.order(asked.sort).sort)
    return sought


def _tallies(actor: Actor, lanes: Lanes, sought: Sought) -> list[tuple[Any, ...]]:
    """Category, stage, with lanes the lane's value, and how many issues have them."""
    names = ["category", "stage", *([_lane_column(lanes)] if lanes else [])]
    kept = list(sought.issues.order_by().values_list(*names).annotate(times=Count("pk")))
    if not sought.others:
        return kept
    labels = label_lanes(actor=actor) if lanes == "label" else {}
    others = Counter(
        (row.category, row.stage, *([_lane_value(lanes, lane)] if lanes else []))
        for row in sought.others.values()
        for lane in lane_of(lanes, row, labels)
    )
    return [*kept, *((*place, times) for place, times in others.items())]


def _lane_value(lanes: Lanes, lane: str) -> int | None:
    """What the records have in the lane's column."""
    if lanes in _RANKS:
        return _RANKS[lanes].index(lane)
    return None if lane == "none" else int(lane)


def _others_by_column(
    actor: Actor, lanes: Lanes, sought: Sought, columns: Sequence[Column], lane: str
) -> dict[str, list[IssueRow]]:
    """The issues that were otherwise, in the columns where they stood."""
    labels = label_lanes(actor=actor) if sought.others and lanes == "label" else {}
    found: dict[str, list[IssueRow]] = {}
    for row in sought.others.values():
        if not lane or lane in lane_of(lanes, row, labels):
            found.setdefault(column_of(columns, row), []).append(row)
    return found


def _totals(columns: Sequence[Column], tallies: Sequence[tuple[Any, ...]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for category, stage, times in tallies:
        column = find_column(columns, stage=stage, category=category)
        if column:
            counts[column.id] = counts.get(column.id, 0) + times
    return counts


def _lane_column(lanes: Lanes) -> str:
    return _LANE_COLUMNS[lanes] if lanes else ""


def _in_lane(issues: QuerySet[Issue], lanes: Lanes, lane: str) -> QuerySet[Issue]:
    if not lanes or not lane:
        return issues
    column = _lane_column(lanes)
    if lanes in _RANKS:
        values = _RANKS[lanes]
        return issues.filter(**{column: values.index(lane)}) if lane in values else issues.none()
    if lane == "none":
        return issues.filter(**{f"{column}__isnull": True})
    return issues.filter(**{column: whole_number(lane) or 0})


def _in_column(issues: QuerySet[Issue], column: Column, columns: Sequence[Column]) -> QuerySet[Issue]:
    mine = issues.filter(category=column.category)
    first = next(each for each in columns if each.category == column.category)
    if first.id != column.id:
        return mine.filter(stage=column.stage)
    # The first of its category also takes the stages that no workflow has any longer.
    others = [each.stage for each in columns if each.category == column.category and each.id != column.id]
    return mine.exclude(stage__in=others) if others else mine


def _in_stages(issues: QuerySet[Issue], column: Column, stages: Sequence[str]) -> QuerySet[Issue]:
    """Said by what the index of boards begins with, so that its order is the order of the column."""
    mine = issues.filter(category=column.category)
    return mine.filter(stage=stages[0]) if len(stages) == 1 else mine.filter(stage__in=stages)


def _dealt(
    issues: QuerySet[Issue], order: cursors.Order, columns: Sequence[Column]
) -> dict[str, list[tuple[Any, ...]]]:
    dealt: dict[str, list[tuple[Any, ...]]] = {}
    found = issues.order_by(*order.ordering).values_list("category", "stage", *order.columns)
    for category, stage, *place in found[:DEALT_MAX]:
        column = find_column(columns, stage=stage, category=category)
        if column:
            dealt.setdefault(column.id, []).append(tuple(place))
    return dealt


def _pile(
    column: Column,
    places: list[tuple[Any, ...]],
    cards: Mapping[int, IssueRow],
    *,
    count: int,
    order: cursors.Order,
    limit: int,
) -> Pile:
    return Pile(
        column=column,
        count=count,
        cards=[cards[place[-1]] for place in places[:limit] if place[-1] in cards],
        next=cursors.cursor_at(places[limit - 1], order) if len(places) > limit else None,
    )


def _people(actor: Actor, ids: Collection[int]) -> list[Person]:
    return list_people(actor=actor, include_inactive=True, ids=ids, limit=len(ids)) if ids else []


def _lanes(actor: Actor, lanes: Lanes, found: Mapping[Any, Mapping[str, int]]) -> list[Lane]:
    match lanes:
        case "assignee":
            people = {person.id: person for person in _people(actor, [number for number in found if number])}
            named = [(person_id, people[person_id]) for person_id in found if person_id in people]
            named.sort(key=lambda pair: (pair[0] != actor.user_id, pair[1].name.casefold()))
            made = [
                _lane(found, number, name=who.name or who.email, value=who.email, person=who) for number, who in named
            ]
        case "project":
            made = [
                _lane(found, project.id, name=project.name)
                for project in projects_of.list_projects(actor=actor)
                if project.id in found
            ]
        case "priority":
            return _ranked_lanes(found, vocabulary.PRIORITIES)
        case "severity":
            return _ranked_lanes(found, vocabulary.SEVERITIES)
        case "label":
            labels = Label.objects.filter(organization_id=actor.organization_id, id__in=[one for one in found if one])
            made = [_lane(found, row.id, name=row.name, colour=row.colour) for row in labels.order_by("folded")]
        case _:
            return []
    if None in found:
        made.append(_lane(found, None, name="Nobody" if lanes == "assignee" else f"No {lanes}"))
    return made[:LANES_MAX]


def _ranked_lanes(found: Mapping[Any, Mapping[str, int]], values: Sequence[str]) -> list[Lane]:
    named = {values[rank]: counts for rank, counts in found.items()}
    return [_lane(named, value, name=value, value=value) for value in reversed(values) if value in named]


def _lane(found: Mapping[Any, Mapping[str, int]], which: Any, *, name: str, **more: Any) -> Lane:
    counts = found[which]
    lane_id = "none" if which is None else str(which)
    return Lane(id=lane_id, name=name, count=sum(counts.values()), counts=counts, **more)
