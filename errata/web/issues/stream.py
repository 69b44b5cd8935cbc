"""The issue stream: a query in the address, rows with their graphs, tabs with their counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from errata.apps.accounts import queries as accounts
from errata.apps.issues import hindsight, queries
from errata.apps.issues.types import IssueRow, Page
from errata.apps.projects import queries as projects
from errata.apps.projects.types import ProjectView
from errata.core import past
from errata.core.numeral import whole_number
from errata.core.search import SearchError
from errata.core.search.fields import SORTS
from errata.web.answers import fragment, piece
from errata.web.issues import columns, events, exports
from errata.web.issues.columns import Column
from errata.web.issues.problems import Problem, problem_of
from errata.web.issues.saved import list_tabs
from errata.web.past import of_a_moment, query_of
from errata.web.requests import ActorRequest

OPEN = "is:open"
UNHELD = "is:open assignee:none"
_ROWS = 50
_PEOPLE_MAX = 8  # who is none of these is found by another letter


class Row(msgspec.Struct, frozen=True):
    issue: IssueRow
    url: str
    counts: list[int]
    counted: bool = True  # of a moment: whether its events can still be counted


class Asked(msgspec.Struct, frozen=True):
    """What the address asks for."""

    query: str
    sort: str
    period: str
    cursor: str | None
    project: ProjectView | None
    columns: tuple[Column, ...]
    as_of: datetime | None = None

    def options(self) -> dict[str, str]:
        """The address without its query: what a saved view keeps."""
        values = {
            "project": self.project.slug if self.project else "",
            "sort": self.sort if self.sort != "last_seen" else "",
            "period": self.period if self.period != "24h" else "",
            "cols": columns.written(self.columns),
            "as_of": past.written(self.as_of) if self.as_of else "",
        }
        return {name: value for name, value in values.items() if value}


@of_a_moment
def stream(request: ActorRequest) -> HttpResponse:
    """The list of issues for the query in the address."""
    known = projects.list_projects(actor=request.actor)
    asked = _asked(request, known)
    tabs = list_tabs(request, asked, projects=[asked.project.id] if asked.project else None)
    known_total = next((tab.count for tab in tabs if tab.query == asked.query), None)
    # In one go with the page: a search on events is asked once, and is the dearest part of it.
    page, problem = _page(request, asked, count=known_total is None)
    total = page.total if known_total is None else known_total
    rows, answered = _rows(request, page, asked)
    context: dict[str, Any] = {
        "query": asked.query,
        "sort": asked.sort,
        "period": asked.period,
        "columns": columns.told(asked.columns) if asked.as_of else asked.columns,
        "rows": rows,
        "next": page.next,
        "next_url": _next_url(request, page.next),
        "problem": problem,
        "missing": [words for words in (page.partial, "" if answered else events.MISSING) if words],
        "projects": known,
        "chosen_project": asked.project,
        "views": tabs,
        "current_view": next((tab for tab in tabs if tab.current), None),
        "options": asked.options().items(),
        "choices": columns.choices(asked.columns),
        "cols": columns.written(asked.columns),
        "formats": exports.FORMATS,
        "export_query": _export_query(asked),
        "select_all": total if page.next and not asked.as_of else 0,
        "mine": [tab for tab in tabs if tab.view and tab.view.mine],
        "wide": any(not column.usual for column in asked.columns),
        "sorts": [(sort, name) for sort, name in SORTS.items() if not asked.as_of or sort not in past.UNTOLD_KEYS],
        "sort_name": SORTS[asked.sort],
        "welcome": not rows and not asked.as_of and not any(project.first_event_at for project in known),
        "seq": queries.newest_change(actor=request.actor),
    }
    # Nothing can be done about who held what then, and a search of one's own is about something else.
    at_a_tab = any(tab.current for tab in context["views"]) and not asked.as_of
    context["unheld"] = next(
        (tab for tab in context["views"] if at_a_tab and tab.query == UNHELD and not tab.current), None
    )
    return render(request, "issues/stream.html", context, status=400 if problem else 200)


def rows(request: ActorRequest) -> HttpResponse:
    """Some rows as they are now, each to be put where it was."""
    found = queries.issues_by_keys(actor=request.actor, keys=request.GET.getlist("key")[:_ROWS])
    return fragment(request, row_pieces(request, found, request.GET))


def fresh(request: ActorRequest) -> JsonResponse:
    """Which of some issues a reload of the stream would bring up: those that are new, and those that moved."""
    asked = _asked(request, projects.list_projects(actor=request.actor))
    page, _ = _page(request, asked)
    since = parse_datetime(request.GET.get("since", "").replace(" ", "+")) or request.now
    wanted = set(request.GET.getlist("key"))
    found = [row for row in page.items if row.key in wanted]
    new = [row.key for row in found if row.created_at >= since]
    return JsonResponse({"new": new, "moved": [row.key for row in found if row.key not in new]})


def keys(request: ActorRequest) -> JsonResponse:
    """All issues that the address finds, by their keys: what “all matching” changes, a slice at a time."""
    asked = _asked(request, projects.list_projects(actor=request.actor))
    chosen = [asked.project.id] if asked.project else None
    found = queries.list_keys(actor=request.actor, query=asked.query, projects=chosen, sort=asked.sort, now=request.now)
    return JsonResponse({"keys": found})


def row_pieces(request: ActorRequest, issues: Sequence[IssueRow], address: Mapping[str, str]) -> list[str]:
    """Rows as pieces for the page with this address."""
    period = _period(address.get("period", ""))
    shown = columns.chosen(address.get("cols", ""))
    counts, _ = events.sparklines(issues, period=period, now=request.now)
    drawn = [Row(issue=issue, url=_url(issue), counts=counts.get(issue.key, [])) for issue in issues]
    return [
        piece(f"#row-{row.issue.key}", render_to_string("issues/row.html", {"row": row, "columns": shown}, request))
        for row in drawn
    ]


def complete(request: ActorRequest) -> JsonResponse:
    """What could stand where the caret is."""
    text = request.GET.get("q", "")
    at = whole_number(request.GET.get("at", ""))
    position = len(text) if at is None else at
    found = queries.completions(actor=request.actor, text=text, position=position, now=request.now)
    items = [{"text": item.text, "hint": item.detail, "start": item.start, "end": item.end} for item in found[:20]]
    return JsonResponse({"items": items})


def people(request: ActorRequest) -> JsonResponse:
    """Whom an @ could mean, by their addresses: those mean one person alone."""
    found = accounts.members_like(request.GET.get("q", ""), actor=request.actor, limit=_PEOPLE_MAX)
    return JsonResponse({"items": [{"text": f"@{person.email}", "hint": person.name} for person in found]})


def _asked(request: ActorRequest, known: Sequence[ProjectView]) -> Asked:
    get = request.GET
    query = get.get("q", "" if "all" in get else OPEN).strip()
    sort = get.get("sort", "last_seen")
    return Asked(
        query=query,
        sort=sort if sort in SORTS else "last_seen",
        period=_period(get.get("period", "")),
        cursor=get.get("cursor") or None,
        project=next((project for project in known if project.slug == get.get("project")), None),
        columns=columns.chosen(get.get("cols", "")),
        as_of=request.as_of,
    )


def _period(text: str) -> str:
    return text if text in events.PERIODS else "24h"


def _page(request: ActorRequest, asked: Asked, *, count: bool = False) -> tuple[Page, Problem | None]:
    wanted: dict[str, Any] = {
        "actor": request.actor,
        "query": asked.query,
        "projects": [asked.project.id] if asked.project else None,
        "sort": asked.sort,
        "cursor": asked.cursor,
        "limit": _ROWS,
    }
    try:
        if asked.as_of:
            return hindsight.list_issues_as_of(**wanted, as_of=asked.as_of), None
        page = queries.list_issues(**wanted, now=request.now, count=count)
    except SearchError as error:
        return Page(items=[], next=None), problem_of(error, asked.query)
    return page, None


def _rows(request: ActorRequest, page: Page, asked: Asked) -> tuple[list[Row], bool]:
    counted = [issue for issue in page.items if issue.id not in page.uncounted]
    counts, answered = events.sparklines(counted, period=asked.period, now=asked.as_of or request.now)
    query = query_of(request)
    drawn = [
        Row(
            issue=issue,
            url=_url(issue) + query,
            counts=counts.get(issue.key, []),
            counted=issue.id not in page.uncounted,
        )
        for issue in page.items
    ]
    return drawn, answered


def _export_query(asked: Asked) -> str:
    values = {"q": asked.query, "project": asked.project.slug if asked.project else "", "sort": asked.sort}
    return "?" + urlencode({name: value for name, value in values.items() if value}, safe=":")


def _next_url(request: ActorRequest, cursor: str | None) -> str:
    if cursor is None:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"


def _url(issue: IssueRow) -> str:
    return reverse("issue", args=[issue.key])
