"""A board as its page shows it: what the address asks for, cards with their signs, where each may be dropped."""

import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from django.utils.safestring import SafeString

from errata.apps.issues import boards
from errata.apps.issues.boards import Asked, Board, Drops, Lane, Lanes, Pile
from errata.apps.issues.types import IssueRow
from errata.apps.projects import queries as projects
from errata.apps.projects.types import ProjectView
from errata.core import past
from errata.core.board import Column, LimitsRefused, read_limits
from errata.core.search.fields import SORTS
from errata.web.board.cards import drawn
from errata.web.past import query_of
from errata.web.requests import ActorRequest

LANES: Mapping[str, str] = {
    "": "None",
    "assignee": "Assignee",
    "project": "Project",
    "priority": "Priority",
    "severity": "Severity",
    "label": "Label",
}
# Lanes whose value a drop can set. A project can't be changed, and a label is one of several.
_SETTABLE = ("assignee", "priority", "severity")


class Address(msgspec.Struct, frozen=True):
    """What the address asks for."""

    query: str
    sort: str
    lanes: Lanes
    limits: Mapping[str, int]
    limits_text: str
    project: ProjectView | None
    known: list[ProjectView]
    as_of: datetime | None = None

    @property
    def asked(self) -> Asked:
        """The same, as the records are asked."""
        chosen = [self.project.id] if self.project else None
        return Asked(query=self.query, projects=chosen, sort=self.sort, lanes=self.lanes, as_of=self.as_of)

    def options(self) -> dict[str, str]:
        """The address without its query: what a saved view keeps."""
        values = {
            "project": self.project.slug if self.project else "",
            "sort": self.sort if self.sort != "last_seen" else "",
            "lanes": self.lanes,
            "limits": self.limits_text,
            "as_of": past.written(self.as_of) if self.as_of else "",
        }
        return {name: value for name, value in values.items() if value}

    def with_(self, **more: str) -> str:
        """The query part of an address of this board."""
        values = {"q": self.query} | self.options() | more
        return "?" + urlencode({name: value for name, value in values.items() if value}, safe=":,")


class Cell(msgspec.Struct, frozen=True):
    """A column, or a column of a lane."""

    column: Column
    lane: str
    label: str
    cards: list[SafeString]
    count: int
    more_url: str
    slim: bool  # the whole column is empty


class Head(msgspec.Struct, frozen=True):
    """The head of a column."""

    column: Column
    count: int
    limit: int
    over: int  # by how many it is over its limit


class LaneShown(msgspec.Struct, frozen=True):
    lane: Lane | None
    cells: list[Cell] | None  # None: they come when the lane is scrolled to
    url: str
    field: str  # what a drop into the lane sets


class Ways:
    """The ways cards may go, each told once: cards name theirs by number."""

    def __init__(self, columns: Sequence[Column], request: ActorRequest) -> None:
        self._drops = Drops(columns, request.actor)
        # Nothing moves in the past.
        self.can_write = request.actor.role != "viewer" and request.as_of is None
        self._past = request.as_of is not None
        self._query = query_of(request)
        self._now = request.as_of or request.now
        self.told: dict[str, dict[str, list[str]]] = {}

    def prepare(self, rows: Sequence[IssueRow]) -> None:
        """Before the ways of these are asked for."""
        if not self._past:
            self._drops.prepare(rows)

    def card(self, row: IssueRow) -> SafeString:
        """The card of an issue with its ways."""
        drops = "" if self._past else self.of(row)
        return drawn(row, drops=drops, now=self._now, can_write=self.can_write, query=self._query)

    def of(self, row: IssueRow) -> str:
        """The number of an issue's ways. It is made from what they are, so that later answers agree with the page."""
        ways = {name: [drop.state, drop.to, drop.words] for name, drop in self._drops.of(row).items()}
        number = f"{zlib.crc32(json.dumps(ways, sort_keys=True).encode()):x}"
        self.told[number] = ways
        return number


def read(request: ActorRequest) -> Address:
    """What the address asks for. Raises LanesUnknown; limits that can't be read are none."""
    get = request.GET
    known = projects.list_projects(actor=request.actor)
    sort = get.get("sort", "last_seen")
    try:
        limits = read_limits(get.get("limits", ""))
    except LimitsRefused:
        limits = {}
    return Address(
        query=get.get("q", "").strip(),
        sort=sort if sort in SORTS else "last_seen",
        lanes=boards.checked_lanes(get.get("lanes", "")),
        limits=limits,
        limits_text=get.get("limits", "") if limits else "",
        project=next((project for project in known if project.slug == get.get("project")), None),
        known=known,
        as_of=request.as_of,
    )


def heads(board: Board, address: Address) -> list[Head]:
    """The heads of the columns, with their limits."""
    return [
        Head(
            column=column,
            count=(count := board.counts.get(column.id, 0)),
            limit=(limit := address.limits.get(column.id, 0)),
            over=max(0, count - limit) if limit else 0,
        )
        for column in board.columns
    ]


def lanes(request: ActorRequest, address: Address, board: Board, ways: Ways) -> list[LaneShown]:
    """The rows of the board; without lanes, one that has no name."""
    if not address.lanes:
        own = boards.piles(actor=request.actor, asked=address.asked, of=board)
        return [LaneShown(lane=None, cells=cells(own, address, ways, of=board), url="", field="")]
    filled = boards.lane_piles(actor=request.actor, asked=address.asked, of=board)
    field = address.lanes if address.lanes in _SETTABLE else ""
    return [
        LaneShown(
            lane=lane,
            cells=cells(filled[lane.id], address, ways, of=board, lane=lane) if lane.id in filled else None,
            url=address.with_(lane=lane.id),
            field=field,
        )
        for lane in board.lanes
    ]


def cells(piles: Sequence[Pile], address: Address, ways: Ways, *, of: Board, lane: Lane | None = None) -> list[Cell]:
    """The columns of a row with their cards."""
    lane_id = lane.id if lane else ""
    ways.prepare([row for pile in piles for row in pile.cards])
    return [
        Cell(
            column=pile.column,
            lane=lane_id,
            label=f"{pile.column.name}, {lane.name}" if lane else pile.column.name,
            cards=[ways.card(row) for row in pile.cards],
            count=pile.count,
            more_url=more_url(address, pile, lane=lane_id),
            slim=not of.counts.get(pile.column.id),
        )
        for pile in piles
    ]


def more_url(address: Address, pile: Pile, *, lane: str) -> str:
    """Where the column goes on; empty at its end."""
    return address.with_(column=pile.column.id, cursor=pile.next, lane=lane) if pile.next else ""
