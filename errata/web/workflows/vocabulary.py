"""Issue types, custom fields, and what events open."""

from typing import Any, cast

from django.http import HttpResponse
from django.urls import reverse

from errata.apps.projects import queries as projects
from errata.apps.workflows import operations, queries
from errata.apps.workflows.queries import FieldNotFound
from errata.core.arrivals import EVENT_TYPES, ArrivalRules
from errata.core.errors import Refusal
from errata.core.fields import EVERY, KINDS, CustomField, FieldKind
from errata.core.vocabulary import LEVELS, PRIORITIES, SEVERITIES
from errata.web.answers import Toast, go
from errata.web.forms import Form, posted, refused
from errata.web.requests import ActorRequest
from errata.web.workflows.frame import framed


def types(request: ActorRequest) -> HttpResponse:
    """The issue types: add one, put one away, take it back, say what its descriptions begin with."""
    form = Form()
    if request.method == "POST":
        values = posted(request, "name", "meaning", "template")
        try:
            return _changed_type(request, values)
        except Refusal as refusal:
            form = refused(values, refusal)
    context = {"types": queries.list_types(actor=request.actor), "form": form}
    status = 422 if form.problem or form.errors else 200
    return framed(request, "workflows/types.html", context, current="issue-types", status=status)


def _changed_type(request: ActorRequest, values: dict[str, str]) -> HttpResponse:
    name = values["name"]
    by: dict[str, Any] = {"by": request.actor, "at": request.now}
    match request.POST.get("do"):
        case "archive":
            operations.archive_type(name=name, **by)
            words = f"{name} is put away. Issues that have it keep it."
        case "restore":
            operations.restore_type(name=name, **by)
            words = f"{name} is back in use."
        case "template":
            operations.set_type_template(name=name, template=values["template"], **by)
            words = f"A new {name} begins with it." if values["template"] else f"A new {name} begins empty."
        case _:
            operations.add_type(name=name, meaning=values["meaning"], **by)
            words = f"{name} can be chosen from now on."
    return go(request, reverse("issue-types"), toast=Toast(text=words))


def fields(request: ActorRequest) -> HttpResponse:
    """The custom fields in their order; put one away, or take it back."""
    if request.method == "POST":
        slug = request.POST.get("slug", "")
        by: dict[str, Any] = {"by": request.actor, "at": request.now}
        if request.POST.get("do") == "restore":
            operations.restore_field(slug=slug, **by)
            words = "The field is back, with the values it had."
        else:
            operations.archive_field(slug=slug, **by)
            words = "The field is put away. Its values stay on the issues."
        return go(request, reverse("custom-fields"), toast=Toast(text=words))
    known = queries.list_fields(actor=request.actor, include_archived=True)
    context = {"fields": known, "kinds": KINDS, "every": EVERY}
    return framed(request, "workflows/fields.html", context, current="custom-fields")


def field(request: ActorRequest, slug: str = "") -> HttpResponse:
    """Add a custom field, or change one."""
    known = {view.field.slug: view.field for view in queries.list_fields(actor=request.actor)}
    if slug and slug not in known:
        raise FieldNotFound(f"There is no field {slug}.", field=slug)
    shown, form = known.get(slug), Form()
    if request.method == "POST":
        shown = _posted_field(request, shown)
        try:
            operations.save_field(field=shown, new=not slug, by=request.actor, at=request.now)
        except Refusal as refusal:
            form = Form(problem=refusal.message)
        else:
            return go(request, reverse("custom-fields"), toast=Toast(text=f"{shown.name} is saved."))
    context = {
        "field": shown,
        "slug": slug,
        "form": form,
        "kinds": KINDS.items(),
        "every": EVERY,
        "types": [view.name for view in queries.list_types(actor=request.actor) if not view.archived],
        "workflows": [(view.slug, view.name) for view in queries.list_workflows(actor=request.actor)],
    }
    status = 422 if form.problem else 200
    return framed(request, "workflows/field.html", context, current="custom-fields", status=status)


def arrivals(request: ActorRequest) -> HttpResponse:
    """What events open: for the organisation, or for one project."""
    place = request.GET.get("project", "")
    project = projects.project(actor=request.actor, which=place).slug if place else None
    form = Form()
    rules, inherits = queries.arrivals_in_force(actor=request.actor, project=project)
    if request.method == "POST":
        try:
            return _changed_arrivals(request, project)
        except Refusal as refusal:
            form = Form(problem=refusal.message)
    types = [view.name for view in queries.list_types(actor=request.actor) if not view.archived]
    if project:
        types = list(queries.process(actor=request.actor, project=project).types)
    context = {
        "form": form,
        "project": project or "",
        "projects": projects.list_projects(actor=request.actor),
        "inherits": inherits,
        "sent": [(value, EVENT_TYPES[value], name) for value, name in rules.sent().items()],
        "levels": rules.levels(),
        "types": types,
        "priorities": PRIORITIES,
        "severities": SEVERITIES,
    }
    return framed(request, "workflows/arrivals.html", context, current="arrivals", status=422 if form.problem else 200)


def _changed_arrivals(request: ActorRequest, project: str | None) -> HttpResponse:
    address = reverse("arrivals") + (f"?project={project}" if project else "")
    if request.POST.get("do") == "forget" and project:
        operations.forget_arrivals(project=project, by=request.actor, at=request.now)
        return go(request, address, toast=Toast(text="The project follows the organisation again."))
    rules = ArrivalRules(
        priorities={level: request.POST.get(f"priority:{level}", "") for level in LEVELS},
        severities={level: request.POST.get(f"severity:{level}", "") for level in LEVELS},
    ).sending({value: request.POST.get(f"type:{value}", "") for value in EVENT_TYPES})
    operations.set_arrivals(rules=rules, project=project, by=request.actor, at=request.now)
    return go(request, address, toast=Toast(text="Saved. It holds for issues that are opened from now on."))


def _posted_field(request: ActorRequest, known: CustomField | None) -> CustomField:
    post: Any = request.POST
    values = posted(request, "name", "kind", "help")
    return CustomField(
        slug=known.slug if known else operations.free_slug(name=values["name"], by=request.actor),
        name=values["name"],
        kind=known.kind if known else cast("FieldKind", values["kind"]),
        help=values["help"],
        choices=tuple(line.strip() for line in post.get("choices", "").splitlines() if line.strip()),
        types=tuple(post.getlist("types")),
        required=(EVERY,) if "required" in post else (),
        workflows=tuple(post.getlist("workflows")),
    )
