"""Workflows to look at, to design, and to give to projects."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.issues import operations as issues
from errata.apps.issues import queries as previews
from errata.apps.issues.adopting import Adoption
from errata.apps.projects import queries as projects
from errata.apps.workflows import operations, queries
from errata.apps.workflows.types import WorkflowView
from errata.core.errors import Refusal
from errata.core.workflow import Workflow, difference
from errata.web.answers import Toast, fragment, go, piece
from errata.web.requests import ActorRequest
from errata.web.workflows import choices, draft
from errata.web.workflows.draft import Draft
from errata.web.workflows.frame import framed, shown


class DraftUnreadable(Refusal):
    """What the review page carried isn't a draft any more."""

    code = "draft_unreadable"
    status = 400


class Taken(msgspec.Struct, frozen=True):
    """A project that goes along with a new version, and where its issues go."""

    slug: str
    name: str
    adoption: Adoption


def list_(request: ActorRequest) -> HttpResponse:
    """The organisation's own workflows, and the gallery."""
    found = queries.list_workflows(actor=request.actor)
    in_use = [view for view in found if not view.built_in or view.projects]
    gallery = [view for view in found if view.built_in and not view.projects]
    return framed(request, "workflows/list.html", {"own": in_use, "gallery": gallery}, current="workflows")


@require_POST
def new(request: ActorRequest) -> HttpResponse:
    """Take a workflow from the gallery, or copy one to another name."""
    if take := request.POST.get("take", ""):
        made = operations.take_workflow(which=take, by=request.actor, at=request.now)
    else:
        model = queries.workflow(actor=request.actor, which=request.POST.get("copy", "")).workflow
        name = " ".join(request.POST.get("name", "").split())[:80] or f"{model.name}, our way"
        copy = msgspec.structs.replace(model, name=name)
        made = operations.save_workflow(workflow=copy, note=f"From {model.name}.", by=request.actor, at=request.now)
    return go(request, reverse("workflow-design", args=[made.slug]), toast=Toast(text=f"{made.name} is yours now."))


def workflow(request: ActorRequest, slug: str) -> HttpResponse:
    """One workflow: drawn, told, its versions, its projects."""
    view = queries.workflow(actor=request.actor, which=slug)
    versions = queries.list_versions(actor=request.actor, which=slug)
    others = [
        project
        for project in projects.list_projects(actor=request.actor)
        if project.slug not in {use.slug for use in view.projects}
    ]
    context = {"view": view, "drawn": shown(view.workflow), "versions": versions, "others": others}
    return framed(request, "workflows/show.html", context, current="workflows")


def design(request: ActorRequest, slug: str) -> HttpResponse:
    """The designer: a form that draws itself, says what is wrong, and shows what saving it would do."""
    view = queries.workflow(actor=request.actor, which=slug)
    if request.method != "POST":
        return _form(request, view, draft.from_workflow(view.workflow))
    do = request.POST.get("do", "")
    if do in ("save", "back"):
        carried = _carried(request)
        return _saved(request, view, carried) if do == "save" else _form(request, view, carried)
    posted = draft.changed(draft.from_post(request.POST), do)
    if do == "review" and not queries.faults(actor=request.actor, workflow=draft.to_workflow(posted)):
        return _review(request, view, posted)
    return _form(request, view, posted)


@require_POST
def drawing(request: ActorRequest, slug: str) -> HttpResponse:
    """The drawing and the faults of what is on the form now."""
    view = queries.workflow(actor=request.actor, which=slug)
    html = render_to_string("workflows/drawn.html", _drawing(request, view, draft.from_post(request.POST)), request)
    return fragment(request, [piece("#drawn", html)])


def adopt(request: ActorRequest, slug: str) -> HttpResponse:
    """Where a project's issues would go; and, once that was seen, taking them there."""
    view = queries.workflow(actor=request.actor, which=slug)
    if request.method == "POST":
        project = request.POST.get("project", "")
        done = issues.adopt_workflow(
            project=project, which=slug, stages=_targets(request, project), by=request.actor, at=request.now
        )
        toast = Toast(text=f"{project} has {view.name} now. {done.migration.issues} issues moved.")
        return go(request, reverse("workflow", args=[slug]), toast=toast)
    place = projects.project(actor=request.actor, which=request.GET.get("project", ""))
    adoption = previews.preview_adoption(actor=request.actor, project=place.id, which=slug)
    taken = Taken(place.slug, place.name, adoption)
    context = {"view": view, "taken": taken, "stages": view.workflow.stages}
    return framed(request, "workflows/adopt.html", context, current="workflows")


@require_POST
def archive(request: ActorRequest, slug: str) -> HttpResponse:
    """Put a workflow away that no project uses."""
    operations.archive_workflow(which=slug, by=request.actor, at=request.now)
    return go(request, reverse("workflows"), toast=Toast(text="The workflow is put away."))


def _form(request: ActorRequest, view: WorkflowView, rows: Draft) -> HttpResponse:
    context = {"view": view, "draft": rows} | _drawing(request, view, rows) | choices.of(request, chosen=rows.types)
    if request.htmx:
        return render(request, "workflows/designer.html", context)
    return framed(request, "workflows/design.html", context, current="workflows")


def _drawing(request: ActorRequest, view: WorkflowView, rows: Draft) -> dict[str, Any]:
    made = draft.to_workflow(rows)
    changes = difference(view.workflow, made, renamed=rows.renamed)
    keys = {row.name: row.key for row in rows.stages}
    faults = queries.faults(actor=request.actor, workflow=made)
    return {"drawn": shown(made, keys=keys), "faults": faults, "changes": changes, "view": view}


def _review(request: ActorRequest, view: WorkflowView, rows: Draft) -> HttpResponse:
    made = draft.to_workflow(rows)
    taken = [
        Taken(
            use.slug,
            use.name,
            previews.preview_adoption(
                actor=request.actor, project=use.id, which=view.slug, workflow=made, renamed=rows.renamed
            ),
        )
        for use in view.projects
    ]
    context = {
        "view": view,
        "changes": difference(view.workflow, made, renamed=rows.renamed),
        "carried": msgspec.json.encode(rows).decode(),
        "projects": taken,
        "stages": made.stages,
    }
    if request.htmx:
        return render(request, "workflows/review.html", context)
    return framed(request, "workflows/review_page.html", context, current="workflows")


def _saved(request: ActorRequest, view: WorkflowView, rows: Draft) -> HttpResponse:
    along = {slug: _targets(request, slug) for slug in request.POST.getlist("along")}
    try:
        made = msgspec.convert(msgspec.to_builtins(draft.to_workflow(rows)), Workflow)
    except msgspec.ValidationError as error:
        raise DraftUnreadable(f"The draft says something that can’t be: {error}.") from None
    saved, done = issues.publish_workflow(
        which=view.slug,
        workflow=made,
        note=request.POST.get("note", ""),
        based_on=rows.based_on,
        renamed=rows.renamed,
        projects=along,
        by=request.actor,
        at=request.now,
    )
    moved = sum(one.migration.issues for one in done)
    words = f"Version {saved.number} of {saved.name} is saved." + (f" {moved} issues moved." if moved else "")
    return go(request, reverse("workflow", args=[saved.slug]), toast=Toast(text=words))


def _targets(request: ActorRequest, project: str) -> Mapping[str, str]:
    """Where the form sends each stage's issues: `from:PROJECT` and `to:PROJECT`, row by row."""
    stages, targets = (request.POST.getlist(f"{word}:{project}") for word in ("from", "to"))
    return dict(zip(stages, targets, strict=False))


def _carried(request: ActorRequest) -> Draft:
    try:
        return msgspec.json.decode(request.POST.get("draft", ""), type=Draft)
    except msgspec.DecodeError:
        raise DraftUnreadable("The draft didn’t arrive whole. Go back to the designer and try again.") from None
