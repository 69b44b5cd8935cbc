"""Saved views: the tabs of lists and boards, keeping one, changing it, letting it go."""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlencode

import msgspec
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.issues import operations, queries
from errata.apps.issues.types import SavedViewView
from errata.apps.workflows import queries as workflows
from errata.core import past
from errata.core.numeral import whole_number
from errata.core.vocabulary import OPEN_CATEGORIES
from errata.core.workflow import DEFAULT, Stage
from errata.web.answers import Toast, go
from errata.web.issues.search_links import quoted
from errata.web.requests import ActorRequest

_LISTS = (
    ("Open", "is:open", "Everything that isn’t fixed or closed"),
    ("Mine", "is:open assignee:me", "Open and yours"),
    ("Unassigned", "is:open assignee:none", "Open, and nobody holds it"),
)
_STAGES = (
    ("New", "stage:New", "Not looked at yet"),
    ("Revise", "stage:Revise", "Came back after a fix"),
    ("Retest", "stage:Retest", "A fix is being checked"),
)
_DONE = ("Done", "is:closed", "Fixed and closed")
# More tabs than a screen is wide are worse than none.
_STAGES_MAX = 6
_BLOCKED = "is:blocked"
_BOARDS = (
    ("All", "", "Every issue, newest first in each column"),
    ("Mine", "assignee:me", "What you hold"),
    ("Unassigned", "assignee:none", "What nobody holds"),
    ("High priority", "priority:High", "What is wanted soon"),
    ("Blocked", _BLOCKED, "What waits for another issue"),
)
_ADDRESSES = {"list": "issues", "board": "board"}


class Tab(msgspec.Struct, frozen=True):
    name: str
    query: str
    url: str
    current: bool
    hint: str
    count: int | None
    view: SavedViewView | None = None  # of a saved one


class Address(Protocol):
    """What both lists and boards ask for."""

    @property
    def query(self) -> str: ...
    def options(self) -> dict[str, str]: ...


def list_tabs(request: ActorRequest, address: Address, *, projects: Sequence[int] | None) -> list[Tab]:
    """The views of the list, with how many issues each leads to."""
    return _tabs(request, address, layout="list", own=(*_LISTS, *_stages(request, projects), _DONE), projects=projects)


def _stages(request: ActorRequest, projects: Sequence[int] | None) -> Sequence[tuple[str, str, str]]:
    """A tab for each stage with open issues: of the project's workflow, or of all that are in use."""
    if projects is not None and len(projects) == 1:
        stages: Sequence[Stage] = workflows.process(actor=request.actor, project=projects[0]).workflow.stages
    else:
        stages = workflows.words(actor=request.actor).stages
    if stages == DEFAULT.stages:
        return _STAGES
    opened = [stage for stage in stages if stage.category in OPEN_CATEGORIES]
    return [(stage.name, f"stage:{quoted(stage.name)}", stage.meaning) for stage in opened[:_STAGES_MAX]]


def board_tabs(request: ActorRequest, address: Address) -> list[Tab]:
    """The views of the board. Its columns count already."""
    # What was blocked can't be told of the past.
    own = [tab for tab in _BOARDS if request.as_of is None or tab[1] != _BLOCKED]
    return _tabs(request, address, layout="board", own=own, projects=None)


def url_of(view: SavedViewView) -> str:
    """The whole address that a view stands for."""
    values = ({"q": view.query} if view.query else {}) | dict(view.options)
    if view.layout == "list" and not view.query:
        values = {"all": "1"} | values
    encoded = urlencode(values, safe=":,")
    base = reverse(_ADDRESSES.get(view.layout, "issues"))
    return f"{base}?{encoded}" if encoded else base


@require_POST
def save_view(request: ActorRequest) -> HttpResponse:
    """Keep the address as a tab; with the number of one's own view, make it say this address."""
    post = request.POST
    options = {name: post.get(name, "") for name in ("cols", "sort", "lanes", "limits", "project", "period")}
    if (number := whole_number(post.get("view", ""))) is not None:
        view = operations.update_view(
            view_id=number, query=post.get("query", ""), options=options, by=request.actor, at=request.now
        )
        return go(request, url_of(view), toast=Toast(text=f"“{view.name}” now shows this."))
    view = operations.save_view(
        name=post.get("name", "").strip(),
        query=post.get("query", ""),
        shared=post.get("shared") == "1",
        layout=post.get("layout", "list"),
        options=options,
        by=request.actor,
        at=request.now,
    )
    return go(request, url_of(view), toast=Toast(text=f"Saved the view “{view.name}”."))


@require_POST
def delete_view(request: ActorRequest, view_id: int) -> HttpResponse:
    """Let a view go. Its issues stay where they are."""
    layout = request.POST.get("layout", "list")
    operations.delete_view(view_id=view_id, by=request.actor, at=request.now)
    return go(request, reverse(_ADDRESSES.get(layout, "issues")), toast=Toast(text="The view is gone."))


def _tabs(
    request: ActorRequest,
    address: Address,
    *,
    layout: str,
    own: Sequence[tuple[str, str, str]],
    projects: Sequence[int] | None,
) -> list[Tab]:
    saved = [view for view in queries.list_views(actor=request.actor) if view.layout == layout]
    wanted = [query for _, query, _ in own] + [view.query for view in saved]
    counts = (
        queries.count_views(actor=request.actor, queries=wanted, projects=projects, now=request.now)
        if layout == "list" and request.as_of is None
        else {}
    )
    now = {name: value for name, value in address.options().items() if name != "as_of"}
    kept = {name: now[name] for name in ("project", "cols", "lanes", "limits") if name in now}
    then = {"as_of": past.written(request.as_of)} if request.as_of else {}
    exact = any(view.query == address.query and dict(view.options) == now for view in saved)
    tabs = [
        Tab(
            name=name,
            query=query,
            url=url_of(_ad_hoc(query, kept | then, layout)),
            current=query == address.query and not exact,
            hint=hint,
            count=counts.get(query),
        )
        for name, query, hint in own
    ]
    return tabs + [
        Tab(
            name=view.name,
            query=view.query,
            url=url_of(msgspec.structs.replace(view, options=dict(view.options) | then)),
            current=view.query == address.query and dict(view.options) == now,
            hint="Shared with everybody" if view.shared else "",
            count=counts.get(view.query),
            view=view,
        )
        for view in saved
    ]


def _ad_hoc(query: str, options: dict[str, str], layout: str) -> SavedViewView:
    return SavedViewView(
        id=0, name="", query=query, shared=False, mine=False, position=0, layout=layout, options=options
    )
