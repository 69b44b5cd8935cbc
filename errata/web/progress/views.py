"""The progress page: what stands where, how it flows, how long it takes. Counts lead to their lists."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from errata.apps.accounts import queries as accounts
from errata.apps.progress import queries
from errata.apps.progress.queries import PARTS
from errata.apps.progress.types import Filter
from errata.apps.projects import queries as projects
from errata.apps.workflows import queries as workflows
from errata.core.vocabulary import SEVERITIES
from errata.web.progress import charts
from errata.web.progress.lists import Lists
from errata.web.requests import ActorRequest

_DAYS = (7, 30, 90, 365)
_DEFAULT_DAYS = 30
_PARTS_SHOWN = 10


def progress(request: ActorRequest) -> HttpResponse:
    """How the work went in the last days."""
    which, by = _filter(request), request.GET.get("by", "project")
    by = by if by in PARTS else "project"
    found = queries.progress(actor=request.actor, now=request.now, which=which)
    lists = Lists(which, found.since.date())
    # One more than is shown tells whether there are others.
    most = None if request.GET.get("parts") == "all" else _PARTS_SHOWN + 1
    parts = queries.parts(actor=request.actor, now=request.now, which=which, by=by, most=most)
    layers, flow_top = charts.flow(found.flow)
    columns, highest = charts.columns(found.throughput)
    context = {
        "progress": found,
        "which": which,
        "layers": [(layer, lists.of(f"category:{layer.category}")) for layer in layers],
        "flow_top": flow_top,
        "evenings": charts.evenings(found.flow),
        "columns": columns,
        "most": highest,
        "chart": {"width": charts.WIDTH, "height": charts.HEIGHT, "middle": charts.HEIGHT // 2},
        "funnel": [(bar, lists.of(bar.query)) for bar in charts.funnel(found.funnel)],
        "open_now": sum(count.count for count in found.funnel),
        "ages": [(bar, lists.of(bar.query)) for bar in charts.ages(found.ages)],
        "stages": [lists.left(stage.stage, stage.time) for stage in found.stages],
        "promises": [lists.kept("response", found.response), lists.kept("resolution", found.resolution)],
        "paces": [
            (
                column,
                lists.between("created", column.day, column.until),
                lists.between("ended", column.day, column.until),
            )
            for column in columns
        ],
        "parts": lists.rows(by, parts if most is None else parts[:_PARTS_SHOWN]),
        "more_parts": most is not None and len(parts) == most,
        "by": by,
        "links": lists.numbers(),
    }
    return render(request, "progress/page.html", context | _choices(request, which))


def _filter(request: ActorRequest) -> Filter:
    days = request.GET.get("days", "")
    given = {name: request.GET.get(name, "")[:80] for name in ("project", "team", "type", "severity")}
    # Lists show no issue of a project that is archived, so neither do these numbers.
    if given["project"] not in {project.slug for project in projects.list_projects(actor=request.actor)}:
        given["project"] = ""
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
