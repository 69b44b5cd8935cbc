"""What the pages of workflows share: their tabs, and a workflow told move by move."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from errata.core.workflow import Rule, Stage, Workflow
from errata.web.process.frame import tabs as process_tabs
from errata.web.requests import ActorRequest
from errata.web.workflows.graph import Graph, drawn

TABS = (
    ("Workflows", "workflows"),
    ("Issue types", "issue-types"),
    ("Fields", "custom-fields"),
    ("What events open", "arrivals"),
)
GUARDS = {
    "holder": "only the assignee or the deputy",
    "other": "only somebody other than the assignee",
    "admin": "only owners and admins",
}


class MoveTold(msgspec.Struct, frozen=True):
    label: str
    to: Stage
    asks: tuple[str, ...]


class StageTold(msgspec.Struct, frozen=True):
    stage: Stage
    moves: tuple[MoveTold, ...]


class Drawn(msgspec.Struct, frozen=True):
    """A workflow to look at: as a graph, and as a list for small screens and for those who don't see it."""

    graph: Graph
    told: tuple[StageTold, ...]


def shown(workflow: Workflow, *, keys: Mapping[str, str] | None = None) -> Drawn:
    """Draw and tell a workflow."""
    stages = {stage.name: stage for stage in workflow.stages}
    told = tuple(
        StageTold(
            stage,
            tuple(
                MoveTold(rule.label or rule.name, stages[rule.to], _asks(rule))
                for rule in workflow.rules
                if stage.name in rule.sources and rule.to in stages
            ),
        )
        for stage in workflow.stages
    )
    return Drawn(drawn(workflow, keys=keys), told)


def framed(
    request: ActorRequest, template: str, context: Mapping[str, Any], *, current: str, status: int = 200
) -> HttpResponse:
    """A page with the tabs."""
    frame = {
        "process_tabs": process_tabs(current="workflows"),
        "tabs": [(words, reverse(route), route == current) for words, route in TABS],
    }
    return render(request, template, frame | dict(context), status=status)


def _asks(rule: Rule) -> tuple[str, ...]:
    return (
        *(need.ask for need in rule.requires),
        *(f"{GUARDS[guard].capitalize()}." for guard in rule.guards if guard in GUARDS),
        *(("Needs proof: " + ", ".join(rule.evidence) + ".",) if rule.evidence else ()),
        *(("By itself, when it happens again.",) if rule.on else ()),
    )
