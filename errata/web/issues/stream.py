"""The issue stream: a query in the address, rows with their graphs, tabs with their counts."""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from errata.apps.issues import operations, queries
from errata.apps.issues.types import IssueRow, Page
from errata.apps.projects import queries as projects
from errata.apps.projects.types import ProjectView
from errata.core.search import SearchError
from errata.core.search.fields import SORTS
from errata.web.answers import Toast, fragment, go, piece
from errata.web.issues import events
from errata.web.requests import ActorRequest

OPEN = "is:open"
UNHELD = "is:open assignee:none"
_ROWS = 50
_VIEWS = (
    ("Open", OPEN, "Everything that isn’t fixed or closed"),
    ("Mine", "is:open assignee:me", "Open and yours"),
    ("Unassigned", UNHELD, "Open, and nobody holds it"),
    ("New", "stage:New", "Not looked at yet"),
    ("Revise", "stage:Revise", "Came back after a fix"),
    ("Retest", "stage:Retest", "A fix is being checked"),
    ("Done", "is:closed", "Fixed and closed"),
)


class Row(msgspec.Struct, frozen=True):
    issue: IssueRow
    url: str
    counts: list[int]


class Tab(msgspec.Struct, frozen=True):
    name: str
    query: str
    url: str
    current: bool
    hint: str
    count: int | None


class Problem(msgspec.Struct, frozen=True):
    message: str
    before: str = ""
    after: str = ""


class Asked(msgspec.Struct, frozen=True):
    """What the address asks for."""

    query: str
    sort: str
    period: str
    cursor: str | None
    project: ProjectView | None


def stream(request: ActorRequest) -> HttpResponse:
    """The list of issues for the query in the address."""
    known = projects.list_projects(actor=request.actor)
    asked = _asked(request, known)
    page, problem = _page(request, asked)
    rows, answered = _rows(request, page.items, asked)
    context = {
        **msgspec.structs.asdict(asked),
        "rows": rows,
        "next": page.next,
        "next_url": _next_url(request, page.next),
        "problem": problem,
        "missing": [words for words in (page.partial, "" if answered else events.MISSING) if words],
        "projects": known,
        "chosen_project": asked.project,
        "views": _tabs(request, asked),
        "sorts": SORTS.items(),
        "sort_name": SORTS[asked.sort],
        "welcome": not rows and not any(project.first_event_at for project in known),
        "seq": queries.newest_change(actor=request.actor),
    }
    context["unheld"] = next((tab for tab in context["views"] if tab.query == UNHELD and not tab.current), None)
    context["view_is_saved"] = any(tab.current for tab in context["views"])
    return render(request, "issues/stream.html", context, status=400 if problem else 200)


def rows(request: ActorRequest) -> HttpResponse:
    """Some rows as they are now, each to be put where it was."""
    asked = _asked(request, [])
    found = queries.issues_by_keys(actor=request.actor, keys=request.GET.getlist("key")[:_ROWS])
    return fragment(request, row_pieces(request, found, asked.period))


def fresh(request: ActorRequest) -> JsonResponse:
    """Which of some issues a reload of the stream would bring up: those that are new, and those that moved."""
    asked = _asked(request, projects.list_projects(actor=request.actor))
    page, _ = _page(request, asked)
    since = parse_datetime(request.GET.get("since", "").replace(" ", "+")) or request.now
    wanted = set(request.GET.getlist("key"))
    found = [row for row in page.items if row.key in wanted]
    new = [row.key for row in found if row.created_at >= since]
    return JsonResponse({"new": new, "moved": [row.key for row in found if row.key not in new]})


def row_pieces(request: ActorRequest, issues: Sequence[IssueRow], period: str = "24h") -> list[str]:
    """Rows as pieces for the page."""
    counts, _ = events.sparklines(issues, period=period, now=request.now)
    drawn = [Row(issue=issue, url=_url(issue), counts=counts.get(issue.key, [])) for issue in issues]
    return [piece(f"#row-{row.issue.key}", render_to_string("issues/row.html", {"row": row}, request)) for row in drawn]


def complete(request: ActorRequest) -> JsonResponse:
    """What could stand where the caret is."""
    text = request.GET.get("q", "")
    at = request.GET.get("at", "")
    position = int(at) if at.isdecimal() else len(text)
    found = queries.completions(actor=request.actor, text=text, position=position, now=request.now)
    items = [{"text": item.text, "hint": item.detail, "start": item.start, "end": item.end} for item in found[:20]]
    return JsonResponse({"items": items})


@require_POST
def save_view(request: ActorRequest) -> HttpResponse:
    """Keep the query as a tab."""
    view = operations.save_view(
        name=request.POST.get("name", "").strip(),
        query=request.POST.get("query", ""),
        shared=request.POST.get("shared") == "1",
        by=request.actor,
        at=request.now,
    )
    url = f"{reverse('issues')}?{urlencode({'q': view.query}, safe=':')}"
    return go(request, url, toast=Toast(text=f"Saved the view “{view.name}”."))


def _asked(request: ActorRequest, known: Sequence[ProjectView]) -> Asked:
    get = request.GET
    query = get.get("q", "" if "all" in get else OPEN).strip()
    sort = get.get("sort", "last_seen")
    period = get.get("period", "24h")
    return Asked(
        query=query,
        sort=sort if sort in SORTS else "last_seen",
        period=period if period in events.PERIODS else "24h",
        cursor=get.get("cursor") or None,
        project=next((project for project in known if project.slug == get.get("project")), None),
    )


def _page(request: ActorRequest, asked: Asked) -> tuple[Page, Problem | None]:
    try:
        page = queries.list_issues(
            actor=request.actor,
            query=asked.query,
            projects=[asked.project.id] if asked.project else None,
            sort=asked.sort,
            cursor=asked.cursor,
            limit=_ROWS,
            now=request.now,
        )
    except SearchError as error:
        before, after = asked.query[: error.position], asked.query[error.position :]
        return Page(items=[], next=None), Problem(message=error.message, before=before, after=after)
    return page, None


def _rows(request: ActorRequest, issues: Sequence[IssueRow], asked: Asked) -> tuple[list[Row], bool]:
    counts, answered = events.sparklines(issues, period=asked.period, now=request.now)
    return [Row(issue=issue, url=_url(issue), counts=counts.get(issue.key, [])) for issue in issues], answered


def _tabs(request: ActorRequest, asked: Asked) -> list[Tab]:
    chosen = [asked.project.id] if asked.project else None
    saved = [(view.name, view.query, view.query) for view in queries.list_views(actor=request.actor)]
    queries_wanted = [query for _, query, _ in (*_VIEWS, *saved)]
    counts = queries.count_views(actor=request.actor, queries=queries_wanted, projects=chosen, now=request.now)
    return [
        Tab(
            name=name,
            query=query,
            url=_tab_url(query, asked),
            current=query == asked.query,
            hint=hint,
            count=counts.get(query),
        )
        for name, query, hint in (*_VIEWS, *saved)
    ]


def _tab_url(query: str, asked: Asked) -> str:
    values = {"q": query} | ({"project": asked.project.slug} if asked.project else {})
    return f"{reverse('issues')}?{urlencode(values, safe=':')}"


def _next_url(request: ActorRequest, cursor: str | None) -> str:
    if cursor is None:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"


def _url(issue: IssueRow) -> str:
    return reverse("issue", args=[issue.key])
