"""Writing issues down, commenting on them, linking and watching them."""

from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.issues import operations
from errata.apps.issues.types import LinkKind
from errata.apps.projects import queries as projects
from errata.apps.projects.types import ProjectView
from errata.apps.workflows import queries as workflows
from errata.core import vocabulary
from errata.core.errors import Refusal
from errata.core.workflow.rules import FIELD
from errata.web.answers import Toast, fragment, go, piece
from errata.web.forms import Form, posted, refused
from errata.web.issues import custom
from errata.web.requests import ActorRequest


def new(request: ActorRequest) -> HttpResponse:
    """Write an issue down by hand."""
    allow(request.actor, "issue:write")  # before somebody fills the form in for nothing
    form = Form(values={"priority": "Medium", "severity": "Minor"} | request.GET.dict())
    if request.method == "POST":
        try:
            return _created(request)
        except Refusal as refusal:
            names = ("project", "type", "title", "description", "priority", "severity", "assignee", "labels", "parent")
            own = [name for name in request.POST if name.startswith(FIELD)]
            form = refused(posted(request, *names, *own), refusal)
    known = projects.list_projects(actor=request.actor)
    context = _words(request, known, form) | {
        "form": form,
        "projects": known,
        "people": accounts.list_people(actor=request.actor),
        "priorities": vocabulary.PRIORITIES,
        "severities": vocabulary.SEVERITIES,
    }
    if request.method == "POST":  # a description that somebody emptied stays empty
        context["description"] = form.values["description"]
    return render(request, "issues/new.html", context, status=422 if form.problem or form.errors else 200)


@require_POST
def new_words(request: ActorRequest) -> HttpResponse:
    """The types and fields of the project and type that are chosen on the form, and the type's template.

    By POST, for a description may be longer than an address; nothing is written.
    """
    known = projects.list_projects(actor=request.actor)
    context = _words(request, known, Form(values=request.POST.dict()))
    places = [("#f-type", "issues/new_type.html"), ("#new-fields", "issues/new_fields.html")]
    if context["is_prefilled"]:  # what somebody typed stays where it is
        places.append(("#f-description", "issues/new_description.html"))
    return fragment(request, [piece(place, render_to_string(name, context, request)) for place, name in places])


def _words(request: ActorRequest, known: Sequence[ProjectView], form: Form) -> dict[str, Any]:
    """What the chosen project's issues may be, and what one of the chosen type is asked for."""
    wanted = form.values.get("project", "")
    place = next((project for project in known if wanted in (project.slug, project.key)), known[0] if known else None)
    if place is None:
        return {"types": (), "chosen_type": "", "fields": [], "description": "", "is_prefilled": False}
    process = workflows.process(actor=request.actor, project=place.id)
    fallback = "Task" if "Task" in process.types else process.types[0]
    chosen = form.values.get("type", "") if form.values.get("type") in process.types else fallback
    values = {name.removeprefix(FIELD): value for name, value in form.values.items() if name.startswith(FIELD)}
    fields = custom.shown(request, process, issue_type=chosen, values=values, errors=form.errors)
    templates = {view.name: view.template for view in workflows.list_types(actor=request.actor)}
    text = form.values.get("description", "").replace("\r\n", "\n").strip()
    is_prefilled = not text or text in templates.values()
    return {
        "types": process.types,
        "chosen_type": chosen,
        "fields": fields,
        "description": templates.get(chosen, "") if is_prefilled else form.values["description"],
        "is_prefilled": is_prefilled,
    }


def _created(request: ActorRequest) -> HttpResponse:
    values: dict[str, Any] = posted(request, "project", "type", "title", "description", "priority", "severity")
    issue = operations.create_issue(
        **values,
        fields=custom.posted_fields(request),
        assignee=request.POST.get("assignee", "") or None,
        parent=request.POST.get("parent", "").strip() or None,
        labels=[name.strip() for name in request.POST.get("labels", "").split(",") if name.strip()],
        by=request.actor,
        at=request.now,
    )
    return go(request, reverse("issue", args=[issue.key]), toast=Toast(text=f"Created {issue.key}."))


@require_POST
def comment(request: ActorRequest, key: str) -> HttpResponse:
    """Say something about an issue."""
    operations.comment_on_issue(key=key, body=request.POST.get("body", ""), by=request.actor, at=request.now)
    return changed(request, key, Toast(text="Commented."))


@require_POST
def link(request: ActorRequest, key: str) -> HttpResponse:
    """Tie two issues together."""
    kind, to = cast("LinkKind", request.POST.get("kind", "relates")), request.POST.get("to", "").strip().upper()
    operations.link_issues(key=key, other=to, kind=kind, by=request.actor, at=request.now)
    return changed(request, key, Toast(text=f"Linked {key} and {to}."))


@require_POST
def unlink(request: ActorRequest, key: str, link_id: int) -> HttpResponse:
    """Untie two issues."""
    operations.unlink_issues(link_id=link_id, by=request.actor, at=request.now)
    return changed(request, key, Toast(text="The link is removed."))


def changed(request: ActorRequest, key: str, toast: Toast) -> HttpResponse:
    """Answer a change of an issue: its page renews its panels, and says what was done."""
    if not request.htmx:
        return go(request, reverse("issue", args=[key]), toast=toast)
    response = fragment(request, [], toast=toast)
    response.headers["HX-Trigger"] = "errata:changed"
    return response
