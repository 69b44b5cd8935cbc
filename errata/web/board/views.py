"""The board over any query: its page, its lanes and columns as they are scrolled to, moves, and what changed."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from errata.apps.accounts import queries as accounts
from errata.apps.issues import boards, families, operations, queries
from errata.apps.issues.boards import Board
from errata.apps.issues.types import Changed, IssueRow
from errata.apps.records import together
from errata.core import past
from errata.core.errors import Refusal
from errata.core.search import SearchError
from errata.core.search.fields import SORTS
from errata.web.answers import Toast, fragment
from errata.web.board import show
from errata.web.issues.problems import Problem, problem_of
from errata.web.issues.saved import board_tabs
from errata.web.past import of_a_moment
from errata.web.requests import ActorRequest

# As many as one push tells of, see errata.web.live.
_KEYS_MAX = 200


class MoveUnknown(Refusal):
    """The move asked for isn't one of the issue's."""

    code = "move_unknown"
    status = 404


@of_a_moment
def page(request: ActorRequest) -> HttpResponse:
    """The board for the query in the address."""
    address = show.read(request)
    board, problem = _board(request, address)
    ways = show.Ways(board.columns, request)
    rows = [] if problem else show.lanes(request, address, board, ways)
    tabs = board_tabs(request, address)
    context = {
        "query": address.query,
        "sort": address.sort,
        "sort_name": SORTS[address.sort],
        "sorts": [(sort, name) for sort, name in SORTS.items() if not request.as_of or sort not in past.UNTOLD_KEYS],
        "lanes_by": address.lanes,
        "lane_names": show.LANES.items(),
        "limits": address.limits_text,
        "heads": show.heads(board, address),
        "rows": rows,
        "ways": ways.told,
        "total": board.total,
        "problem": problem,
        "missing": [board.partial] if board.partial else [],
        "projects": address.known,
        "chosen_project": address.project,
        "views": tabs,
        "current_view": next((tab for tab in tabs if tab.current), None),
        "mine": [tab for tab in tabs if tab.view and tab.view.mine],
        "here": address.with_(),
        "options": address.options().items(),
        "welcome": not board.total
        and not request.as_of
        and not any(project.first_event_at for project in address.known),
        "seq": queries.newest_change(actor=request.actor),
    }
    return render(request, "board/page.html", context, status=400 if problem else 200)


@of_a_moment
def lane(request: ActorRequest) -> HttpResponse:
    """A lane that was scrolled to."""
    address = show.read(request)
    board = boards.board(actor=request.actor, asked=address.asked, now=request.now)
    chosen = next((each for each in board.lanes if each.id == request.GET.get("lane")), None)
    if chosen is None:
        return HttpResponse("")
    piles = boards.piles(actor=request.actor, asked=address.asked, of=board, lane=chosen)
    ways = show.Ways(board.columns, request)
    cells = show.cells(piles, address, ways, of=board, lane=chosen)
    return render(request, "board/cells.html", {"cells": cells, "ways": ways.told})


@of_a_moment
def more(request: ActorRequest) -> HttpResponse:
    """The next cards of a column."""
    address = show.read(request)
    get = request.GET
    lane_id = get.get("lane", "")
    pile = boards.more(
        actor=request.actor,
        asked=address.asked,
        column_id=get.get("column", ""),
        cursor=get.get("cursor", ""),
        lane=lane_id,
        now=request.now,
    )
    board = boards.board(actor=request.actor, asked=address.asked, now=request.now)
    ways = show.Ways(board.columns, request)
    ways.prepare(pile.cards)
    cards = [ways.card(row) for row in pile.cards]
    context = {"cards": cards, "more_url": show.more_url(address, pile, lane=lane_id), "ways": ways.told}
    return render(request, "board/more.html", context)


def cards(request: ActorRequest) -> JsonResponse:
    """Some issues as they are now: in which columns and lanes they stand, or that they left; and the counts."""
    address = show.read(request)
    keys = request.GET.getlist("key")[:_KEYS_MAX]
    board = boards.board(actor=request.actor, asked=address.asked, now=request.now)
    ways = show.Ways(board.columns, request)
    labels = boards.label_lanes(actor=request.actor) if address.lanes == "label" else {}
    rows = boards.among(actor=request.actor, asked=address.asked, keys=keys, now=request.now)
    ways.prepare(rows)
    found = {
        row.key: {
            "column": boards.column_of(board.columns, row),
            "lanes": boards.lane_of(address.lanes, row, labels),
            "html": ways.card(row),
        }
        for row in rows
    }
    counts = {column.id: board.counts.get(column.id, 0) for column in board.columns}
    of_lanes = {each.id: each.count for each in board.lanes}
    return JsonResponse({"cards": found, "counts": counts, "lanes": of_lanes, "ways": ways.told})


def ask(request: ActorRequest) -> HttpResponse:
    """What a move still wants to know, as a form."""
    key, to = request.GET.get("key", ""), request.GET.get("to", "")
    detail = queries.issue(actor=request.actor, key=key)
    move = next((each for each in detail.moves if each.name == to and each.allowed), None)
    if move is None:
        raise MoveUnknown(f"{detail.key} has no move “{to}” from {detail.row.stage} any more.", key=key, to=to)
    people = [person for person in accounts.members(actor=request.actor) if person.active]
    context = {
        "row": detail.row,
        "move": move,
        "needs": move.needs,
        "people": sorted(people, key=lambda person: person.id != request.actor.user_id),
    }
    return render(request, "board/ask.html", context)


@require_POST
def move(request: ActorRequest) -> HttpResponse:
    """Move a card to a column, to another lane, or both. A refusal is a toast, and the page puts the card back."""
    post = request.POST
    key = post.get("key", "")
    with together():  # the stage and the lane, or neither: a refusal puts the card back
        done = _moved(request, key)
    if not done:
        raise MoveUnknown("Say where the card goes: `to`, or `field` and `value`.", key=key)
    undo = tuple(activity for one in done for activity in one.activities)
    row = queries.issues_by_keys(actor=request.actor, keys=[done[-1].key])[0]
    toast = Toast(text=_sentence(request, row, post.get("field", ""), moved=bool(post.get("to"))), undo=undo)
    response = fragment(request, [], toast=toast)
    response.headers["HX-Trigger"] = "errata:changed"
    response.headers["X-Changed"] = row.key
    return response


def _moved(request: ActorRequest, key: str) -> list[Changed]:
    post = request.POST
    done: list[Changed] = []
    if to := post.get("to", ""):
        done.append(
            operations.transition_issue(
                key=key,
                to=to,
                comment=post.get("comment", "").strip() or None,
                reason=post.get("reason", "").strip() or None,
                assignee=post.get("assignee", "").strip() or None,
                by=request.actor,
                at=request.now,
            )
        )
    if (field := post.get("field", "")) in _LANE_CHANGES:
        done.append(_LANE_CHANGES[field](request, key, post.get("value", "")))
    return done


def _board(request: ActorRequest, address: show.Address) -> tuple[Board, Problem | None]:
    try:
        return boards.board(actor=request.actor, asked=address.asked, now=request.now), None
    except SearchError as error:
        return boards.nothing(), problem_of(error, address.query)


def _sentence(request: ActorRequest, row: IssueRow, field: str, *, moved: bool) -> str:
    if not moved:
        return f"Changed the {field} of {row.key}."
    return f"Moved {row.key} to {row.stage}. {families.warning(actor=request.actor, rows=[row])}".strip()


def _to_person(request: ActorRequest, key: str, value: str) -> Changed:
    return operations.assign_issue(key=key, to=value or None, by=request.actor, at=request.now)


def _to_value(field: str) -> Callable[[ActorRequest, str, str], Changed]:
    def change(request: ActorRequest, key: str, value: str) -> Changed:
        values: dict[str, Any] = {field: value}
        return operations.update_issue(key=key, by=request.actor, at=request.now, **values)

    return change


_LANE_CHANGES: dict[str, Callable[[ActorRequest, str, str], Changed]] = {
    "assignee": _to_person,
    "priority": _to_value("priority"),
    "severity": _to_value("severity"),
}
