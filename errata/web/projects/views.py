"""Projects and their settings."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata import ports
from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.issues import queries as issues
from errata.apps.projects import operations, queries
from errata.apps.projects.types import KeyView, ProjectView
from errata.apps.workflows import operations as workflows
from errata.apps.workflows import queries as workflow_queries
from errata.core.errors import Refusal
from errata.core.event import scrub
from errata.core.event.scrub import ScrubRules
from errata.core.ids import ProjectId
from errata.core.numeral import whole_number
from errata.ports.event_store import Scope, StoreUnavailable
from errata.web.addresses import public_url
from errata.web.answers import Toast, go
from errata.web.forms import Form, posted, refused
from errata.web.platforms import PLATFORMS, platform
from errata.web.projects.compare import Line, compared
from errata.web.requests import ActorRequest

_TABS = (
    ("General", "project"),
    ("Keys", "project-keys"),
    ("Quotas", "project-quotas"),
    ("Scrubbing", "project-scrubbing"),
    ("Designation", "designation"),
    ("Connect", "project-start"),
)
_OUTCOMES = {
    "accepted": "Accepted",
    "rate_limited": "Over quota",
    "filtered": "Filtered",
    "invalid": "Invalid",
    "client_discard": "Left out by the client",
    "dropped": "Dropped",
}


class NotConfirmed(Refusal):
    """What can't be undone asks for the name first."""

    code = "not_confirmed"
    status = 422


class ListedProject(msgspec.Struct, frozen=True):
    project: ProjectView
    short: str
    open_issues: int
    accepted: int
    limited: int


class ListedKey(msgspec.Struct, frozen=True):
    key: KeyView
    dsn: str


class Counted(msgspec.Struct, frozen=True):
    outcome: str
    words: str
    category: str
    reason: str
    quantity: int


def list_(request: ActorRequest) -> HttpResponse:
    """Every project with its last day."""
    totals = queries.intake_totals(actor=request.actor, since=request.now - timedelta(days=1))
    opened = issues.count_open(actor=request.actor)
    listed = [
        ListedProject(
            project=project,
            short=platform(project.platform).short,
            open_issues=opened.get(project.id, 0),
            accepted=totals.get(project.id, {}).get("accepted", 0),
            limited=totals.get(project.id, {}).get("rate_limited", 0),
        )
        for project in queries.list_projects(actor=request.actor, include_archived=True)
    ]
    return render(request, "projects/list.html", {"projects": listed})


def new(request: ActorRequest) -> HttpResponse:
    """Create a project; next comes the snippet."""
    allow(request.actor, "project:admin")
    form = Form(values={"platform": "python"})
    if request.method == "POST":
        values = posted(request, "name", "platform", "key", "template")
        try:
            made = _made(request, values)
        except Refusal as refusal:
            form = refused(values, refusal)
        else:
            return go(request, reverse("project-start", args=[made.slug]))
    ready = workflow_queries.list_workflows(actor=request.actor)
    context = {"form": form, "platforms": PLATFORMS, "workflows": ready, "built_in": workflow_queries.BUILT_IN}
    return render(request, "projects/new.html", context, status=422 if form.problem or form.errors else 200)


def _made(request: ActorRequest, values: Mapping[str, str]) -> ProjectView:
    given: dict[str, Any] = {
        "name": values["name"], "platform": values["platform"], "key": values["key"].upper() or None,
        "by": request.actor, "at": request.now,
    }  # fmt: skip
    template = values["template"]
    if template and template != workflow_queries.BUILT_IN:
        return workflows.create_project(template=template, **given)
    return operations.create_project(**given)


def general(request: ActorRequest, slug: str) -> HttpResponse:
    """Name, platform, team, origins, and the dangerous things."""
    if request.method == "POST":
        values = posted(request, "name", "platform", "team")
        changed = operations.update_project(
            which=slug,
            name=values["name"],
            platform=values["platform"],
            team=values["team"],
            allowed_origins=_lines(request, "allowed_origins"),
            by=request.actor,
            at=request.now,
        )
        return go(request, reverse("project", args=[changed.slug]), toast=Toast(text="Saved."))
    context = {
        "platforms": PLATFORMS,
        "teams": accounts.list_teams(actor=request.actor),
        "process": workflow_queries.process(actor=request.actor, project=slug),
    }
    return _tab(request, slug, "project", "projects/general.html", context)


def keys(request: ActorRequest, slug: str) -> HttpResponse:
    """The project's keys as DSNs."""
    found = queries.list_keys(actor=request.actor, which=slug)
    listed = [ListedKey(key=key, dsn=queries.dsn(url=public_url(), key=key)) for key in found]
    return _tab(request, slug, "project-keys", "projects/keys.html", {"keys": listed})


@require_POST
def new_key(request: ActorRequest, slug: str) -> HttpResponse:
    """Create another key."""
    key = operations.create_key(which=slug, name=request.POST.get("name", ""), by=request.actor, at=request.now)
    return go(request, reverse("project-keys", args=[slug]), toast=Toast(text=f"Created the key “{key.name}”."))


@require_POST
def change_key(request: ActorRequest, slug: str, key_id: int) -> HttpResponse:
    """Disable or enable a key, or limit it."""
    by: dict[str, Any] = {"key_id": key_id, "by": request.actor, "at": request.now}
    if "quota" in request.POST:
        key = operations.update_key(quota_per_minute=_number(request, "quota"), **by)
    elif request.POST.get("active") == "1":
        key = operations.enable_key(**by)
    else:
        key = operations.disable_key(**by)
    toast = Toast(text=f"“{key.name}” is {'active' if key.active else 'disabled'}.")
    return go(request, reverse("project-keys", args=[slug]), toast=toast)


def quotas(request: ActorRequest, slug: str) -> HttpResponse:
    """What may come in, and what did."""
    if request.method == "POST":
        limit = _number(request, "per_minute")
        operations.set_quota(which=slug, per_minute=limit, by=request.actor, at=request.now)
        return go(request, reverse("project-quotas", args=[slug]), toast=Toast(text="Saved."))
    rows = queries.intake_counts(actor=request.actor, which=slug, since=request.now - timedelta(days=1))
    totals: dict[tuple[str, str, str], int] = {}
    for row in rows:
        group = (row.outcome, row.category, row.reason)
        totals[group] = totals.get(group, 0) + row.quantity
    counts = [
        Counted(outcome=outcome, words=_OUTCOMES.get(outcome, outcome), category=category, reason=reason, quantity=many)
        for (outcome, category, reason), many in sorted(totals.items(), key=lambda item: -item[1])
    ]
    return _tab(request, slug, "project-quotas", "projects/quotas.html", {"counts": counts})


def scrubbing(request: ActorRequest, slug: str) -> HttpResponse:
    """What is taken out of events before they are stored."""
    if request.method == "POST":
        operations.set_scrubbing(which=slug, rules=_rules(request), by=request.actor, at=request.now)
        toast = Toast(text="Saved. It holds for events that arrive from now on.")
        return go(request, reverse("project-scrubbing", args=[slug]), toast=toast)
    project = queries.project(actor=request.actor, which=slug)
    # Joined here: a template tag can't hold a line break.
    names = {"keys": "\n".join(project.scrub.keys), "safe_keys": "\n".join(project.scrub.safe_keys)}
    return _tab(request, slug, "project-scrubbing", "projects/scrubbing.html", {"rules": project.scrub, **names})


@require_POST
def scrub_preview(request: ActorRequest, slug: str) -> HttpResponse:
    """What the rules on the form would take out of the newest event."""
    project = queries.project(actor=request.actor, which=slug)
    context: dict[str, Any] = {"problem": "", "lines": [], "removed": 0}
    try:
        payload, event_id = _newest_payload(project)
    except StoreUnavailable:
        context["problem"] = "The event store isn’t answering; try again in a moment."
    else:
        if payload is None:
            context["problem"] = "This project has no event yet to try them on."
        else:
            context |= _compared(payload, _rules(request)) | {"event_id": event_id}
    return render(request, "projects/scrub_preview.html", context)


@require_POST
def archive(request: ActorRequest, slug: str) -> HttpResponse:
    """Put a project away, or take it back."""
    if request.POST.get("archive") == "1":
        done = operations.archive_project(which=slug, by=request.actor, at=request.now)
    else:
        done = operations.restore_project(which=slug, by=request.actor, at=request.now)
    toast = Toast(text=f"{done.name} is {'archived' if done.archived_at else 'back in use'}.")
    return go(request, reverse("projects"), toast=toast)


@require_POST
def delete(request: ActorRequest, slug: str) -> HttpResponse:
    """Delete a project, once its name was typed."""
    project = queries.project(actor=request.actor, which=slug)
    if request.POST.get("confirm", "").strip() != project.slug:
        raise NotConfirmed(f"Nothing was deleted: type {project.slug} to say that you mean it.")
    operations.delete_project(which=slug, by=request.actor, at=request.now)
    return go(request, reverse("projects"), toast=Toast(text=f"{project.name} is deleted."))


def _tab(request: ActorRequest, slug: str, name: str, template: str, context: dict[str, Any]) -> HttpResponse:
    project = queries.project(actor=request.actor, which=slug)
    tabs = [(words, reverse(route, args=[project.slug]), route == name) for words, route in _TABS]
    frame = {"project": project, "platform": platform(project.platform), "tabs": tabs}
    return render(request, template, frame | context)


def _newest_payload(project: ProjectView) -> tuple[bytes | None, str]:
    body = ports.current().events.read(Scope(projects={ProjectId(project.id): None}))
    return (body.payload, body.event.event_id) if body else (None, "")


def _compared(payload: bytes, rules: ScrubRules) -> dict[str, Any]:
    after, removed = scrub.scrub(payload, rules)
    lines: list[Line] = compared(payload, after)
    return {"removed": removed, "lines": lines}


def _rules(request: ActorRequest) -> ScrubRules:
    return ScrubRules(
        enabled="enabled" in request.POST,
        cards="cards" in request.POST,
        ip_addresses="ip_addresses" in request.POST,
        keys=tuple(_lines(request, "keys")),
        safe_keys=tuple(_lines(request, "safe_keys")),
    )


def _lines(request: ActorRequest, name: str) -> list[str]:
    return [line.strip() for line in request.POST.get(name, "").splitlines() if line.strip()]


def _number(request: ActorRequest, name: str) -> int:
    return whole_number(request.POST.get(name, "").strip(), digits_max=9) or 0
