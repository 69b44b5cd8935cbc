"""The progress page: what stands where, how it flows, how long it takes. Counts lead to their lists."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from errata.apps.accounts import queries as accounts
from errata.apps.progress import queries
from errata.apps.progress.queries import PARTS
from errata.apps.progress.types import Filter, Part
from errata.apps.projects import queries as projects
from errata.apps.workflows import queries as workflows
from errata.core.vocabulary import SEVERITIES
from errata.web.issues import search_links
from errata.web.progress import charts
from errata.web.requests import ActorRequest

_DAYS = (7, 30, 90, 365)
_DEFAULT_DAYS = 30


def progress(request: ActorRequest) -> HttpResponse:
    """How the work went in the last days."""
    which, by = _filter(request), request.GET.get("by", "project")
    by = by if by in PARTS else "project"
    found = queries.progress(actor=request.actor, now=request.now, which=which)
    since = f">={found.since:%Y-%m-%d}"
    layers, flow_top = charts.flow(found.flow)
    columns, most = charts.columns(found.throughput)
    context = {
        "progress": found,
        "which": which,
        "layers": layers,
        "flow_top": flow_top,
        "columns": columns,
        "most": most,
        "chart": {"width": charts.WIDTH, "height": charts.HEIGHT, "middle": charts.HEIGHT // 2},
        "funnel": [(bar, _list(which, bar.query)) for bar in charts.funnel(found.funnel)],
        "open_now": sum(count.count for count in found.funnel),
        "ages": [(bar, _list(which, bar.query)) for bar in charts.ages(found.ages)],
        "parts": [(part, *_links(which, by, part, since)) for part in _parts(request, which, by)],
        "by": by,
        "links": _numbers(which, since),
    }
    return render(request, "progress/page.html", context | _choices(request, which))


def _parts(request: ActorRequest, which: Filter, by: str) -> list[Part]:
    return queries.parts(actor=request.actor, now=request.now, which=which, by=by)


def _filter(request: ActorRequest) -> Filter:
    days = request.GET.get("days", "")
    given = {name: request.GET.get(name, "")[:80] for name in ("project", "team", "type", "severity")}
    return Filter(days=int(days) if days in map(str, _DAYS) else _DEFAULT_DAYS, **given)


def _choices(request: ActorRequest, which: Filter) -> dict[str, Any]:
    return {
        "periods": [(days, f"{days}d" if days < 365 else "1y") for days in _DAYS],
        "projects": projects.list_projects(actor=request.actor),
        "teams": accounts.list_teams(actor=request.actor),
        "types": workflows.words(actor=request.actor).types,
        "severities": SEVERITIES[::-1],
        "divisions": PARTS,
        "filtered": bool(which.project or which.team or which.type or which.severity),
    }


def _numbers(which: Filter, since: str) -> dict[str, str]:
    """The lists behind the figures at the top."""
    return {
        "open": _list(which, "is:open"),
        "opened": _list(which, f"created:{since}"),
        "ended": _list(which, f"is:closed moved:{since}"),
    }


def _links(which: Filter, by: str, part: Part, since: str) -> tuple[str, str, str]:
    """The lists of a part: opened, ended, open."""
    term = "" if by == "team" else f" {by}:{search_links.quoted(part.name)}"
    wanted = (f"created:{since}{term}", f"is:closed moved:{since}{term}", f"is:open{term}")
    opened, ended, open_ = (_list(which, query) for query in wanted)
    return opened, ended, open_


def _list(which: Filter, query: str) -> str:
    for name in ("type", "severity"):
        if value := getattr(which, name):
            query += f" {name}:{search_links.quoted(value)}"
    return search_links.search(query, project=which.project)
