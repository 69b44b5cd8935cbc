"""What the pages of the process share: whose template is meant, the tabs, the choice of another."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from errata.apps.accounts import queries as accounts
from errata.apps.projects import queries as projects
from errata.apps.templates.types import Scope
from errata.web.requests import ActorRequest

TABS = (
    ("Process", "process"),
    ("Template", "process-template"),
    ("Workflows", "workflows"),
    ("Ranking", "process-ranking"),
    ("Designation", "designations"),
    ("Rules", "rules"),
    ("Calendars", "calendars"),
    ("Drift", "process-drift"),
    ("Gallery", "process-gallery"),
)


class Tab(msgspec.Struct, frozen=True):
    name: str
    url: str
    current: bool


class Choice(msgspec.Struct, frozen=True):
    """A place one may look at instead."""

    name: str
    detail: str
    url: str
    current: bool


def scope_of(request: ActorRequest) -> Scope:
    """Whose template the address means: `?project=`, `?team=`, else the organisation's."""
    for kind in ("project", "team"):
        slug = request.GET.get(kind, "").strip()
        if slug:
            return Scope("project" if kind == "project" else "team", slug)
    return Scope()


def address(route: str, scope: Scope, **more: str) -> str:
    """The address of a page for a scope."""
    query = ({scope.kind: scope.slug} if scope.kind != "organization" else {}) | more
    return reverse(route) + (f"?{urlencode(query)}" if query else "")


def framed(
    request: ActorRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    current: str,
    scope: Scope,
    status: int = 200,
) -> HttpResponse:
    """A page of the process, with its tabs and with the places one may choose."""
    frame = {
        "tabs": tabs(current=current, scope=scope),
        "places": _places(request, current, scope),
        "scope": scope,
        "scope_query": address(current, scope).partition("?")[2],
    }
    return render(request, template, frame | dict(context), status=status)


def tabs(*, current: str, scope: Scope | None = None) -> list[Tab]:
    """The tabs of the process, each for the same scope."""
    return [Tab(name, address(route, scope or Scope()), current=route == current) for name, route in TABS]


def _places(request: ActorRequest, route: str, scope: Scope) -> dict[str, list[Choice]]:
    organization = accounts.organization(actor=request.actor)
    teams = accounts.list_teams(actor=request.actor)

    def choice(name: str, detail: str, kind: Scope) -> Choice:
        return Choice(name, detail, address(route, kind), current=kind == scope)

    return {
        "Organisation": [choice(organization.name, "", Scope())],
        "Teams": [choice(team.name, f"#{team.slug}", Scope("team", team.slug)) for team in teams],
        "Projects": [
            choice(project.name, project.key, Scope("project", project.slug))
            for project in projects.list_projects(actor=request.actor)
        ],
    }
