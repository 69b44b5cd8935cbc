"""The SLA page, and the clocks of an issue, minute by minute."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts import queries as accounts
from errata.apps.clocks import operations, queries
from errata.apps.clocks.plain import working_words
from errata.apps.clocks.queries import BUCKETS, KINDS, STATES, ClockFilter
from errata.apps.clocks.types import ClockRow
from errata.apps.issues import operations as issues
from errata.apps.issues.queries import issue as issue_of
from errata.apps.projects import queries as projects
from errata.web.answers import Toast, fragment, go
from errata.web.clocks import drawing
from errata.web.clocks.shown import ShownClock, shown
from errata.web.requests import ActorRequest

_ROWS = 50
_ATTAINMENT_DAYS = 30
_KIND_NAMES = {"response": "Response", "update": "Update", "resolution": "Resolution"}
_VERDICTS = {
    "too few": "Too few to tell",
    "realistic": "Realistic",
    "tight": "Tight",
    "impossible": "Kept by fewer than half",
    "generous": "Could be shorter",
    "no promise": "Nothing promised",
}
_STATE_NAMES = {"running": "In time", "at_risk": "At risk", "breached": "Late", "paused": "Standing still"}


class Column(msgspec.Struct, frozen=True):
    """A stretch of the heat strip."""

    name: str
    words: str
    count: int
    height: float
    heat: str
    current: bool


class AdvisedLine(msgspec.Struct, frozen=True):
    """What could be promised of a kind of issue; "" where the history can't tell."""

    name: str
    verdict: str
    resolved: int
    promised: str
    kept: int | None
    p80: str
    p90: str


class Listed(msgspec.Struct, frozen=True):
    row: ClockRow
    clock: ShownClock


def sla(request: ActorRequest) -> HttpResponse:
    """What breaches when, and who keeps their promises. The address holds the filters."""
    chosen = _chosen(request)
    page = queries.list_clocks(
        actor=request.actor, now=request.now, chosen=chosen, after=request.GET.get("cursor", ""), limit=_ROWS
    )
    strip = queries.buckets(actor=request.actor, now=request.now, chosen=chosen)
    tall = drawing.heights([bucket.count for bucket in strip])
    context = {
        "chosen": chosen,
        "listed": [Listed(row=row, clock=shown(row.reading)) for row in page.items],
        "next": page.next,
        "strip": [
            Column(bucket.name, bucket.words, bucket.count, height, _heat(bucket.name), bucket.name == chosen.within)
            for bucket, height in zip(strip, tall, strict=True)
        ],
        "total": sum(bucket.count for bucket in strip),
        "teams": queries.attainment(
            actor=request.actor, now=request.now, days=_ATTAINMENT_DAYS, kind=chosen.kind or "resolution",
            team=chosen.team,
        ),
        "attained_kind": _KIND_NAMES[chosen.kind or "resolution"].lower(),
        "attainment_days": _ATTAINMENT_DAYS,
        "lately": queries.list_escalations(actor=request.actor, limit=8),
        "recounting": queries.count_recounting(actor=request.actor),
        "is_filtered": chosen != ClockFilter(),
        "advised": _advised(request, chosen.project),
    }  # fmt: skip
    return render(request, "clocks/sla.html", context | _choices(request))


def forecast(request: ActorRequest) -> HttpResponse:
    """What will probably run out of what the page shows: asked for by itself, for it reads more than the page does."""
    chosen = _chosen(request)
    found = queries.forecast(actor=request.actor, now=request.now, chosen=chosen)
    return render(request, "clocks/forecast.html", {"forecast": found})


def _advised(request: ActorRequest, slug: str) -> list[AdvisedLine]:
    """What could be promised in the project that is looked at, if it is one."""
    try:
        found = queries.list_advice(actor=request.actor, which=slug) if slug else []
    except projects.ProjectNotFound:
        found = []
    return [
        AdvisedLine(
            name=f"{one.severity}, {one.priority.lower()} priority",
            verdict=_VERDICTS[one.advice.verdict],
            resolved=one.advice.resolved,
            promised=_minutes(one.advice.promised),
            kept=None if one.advice.kept is None else round(100 * one.advice.kept),
            p80=_minutes(one.advice.p80),
            p90=_minutes(one.advice.p90),
        )
        for one in found
    ]


def _minutes(minutes: float | None) -> str:
    return "" if minutes is None else working_words(timedelta(minutes=minutes))


def explain(request: ActorRequest, key: str) -> HttpResponse:
    """Every minute of an issue's clocks, for the screen and for paper."""
    detail = issue_of(actor=request.actor, key=key)
    clocks = queries.clocks_of(actor=request.actor, row=detail.row, now=request.now)
    context = {
        "issue": detail,
        "clocks": clocks,
        "shown": [shown(reading) for reading in clocks.readings],
        "zone": ZoneInfo(clocks.zone),
    }
    return render(request, "clocks/explain.html", context)


@require_POST
def acknowledge(request: ActorRequest, key: str) -> HttpResponse:
    """Say that one has seen it."""
    changed = operations.acknowledge(key=key, by=request.actor, at=request.now)
    return _changed(request, key, Toast(text=f"You acknowledged {changed.key}."))


@require_POST
def wait(request: ActorRequest, key: str) -> HttpResponse:
    """Say whom outside of the team the issue waits on."""
    on = request.POST.get("on", "").strip()
    changed = issues.wait_on(key=key, on=on, by=request.actor, at=request.now)
    text = f"{changed.key} waits on {on}." if on else f"{changed.key} waits no more."
    return _changed(request, key, Toast(text=text, undo=tuple(changed.activities)))


def _changed(request: ActorRequest, key: str, toast: Toast) -> HttpResponse:
    if not request.htmx:
        return go(request, reverse("issue", args=[key]), toast=toast)
    response = fragment(request, [], toast=toast)
    response.headers["HX-Trigger"] = "errata:changed"
    return response


def _chosen(request: ActorRequest) -> ClockFilter:
    """What the address asks for; what it can't ask for is left out."""
    given = {name: request.GET.get(name, "").strip()[:120] for name in ClockFilter.__struct_fields__}
    allowed = {"kind": KINDS, "state": STATES, "within": (*(name for name, *_ in BUCKETS), "none")}
    known = {name: value for name, value in given.items() if name not in allowed or value in allowed[name]}
    return ClockFilter(**known)


def _choices(request: ActorRequest) -> dict[str, Any]:
    return {
        "projects": projects.list_projects(actor=request.actor),
        "all_teams": accounts.list_teams(actor=request.actor),
        "people": accounts.members(actor=request.actor),
        "kinds": _KIND_NAMES.items(),
        "states": _STATE_NAMES.items(),
    }


def _heat(name: str) -> str:
    if name.startswith("late"):
        return "late" if name != "later" else "cool"
    return {"1h": "hot", "4h": "hot", "8h": "warm", "1d": "warm", "none": "still"}.get(name, "cool")
