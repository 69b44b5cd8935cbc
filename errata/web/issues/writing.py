"""Writing issues down, commenting on them, linking and watching them."""

from typing import cast

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts import queries as accounts
from errata.apps.issues import operations
from errata.apps.issues.types import LinkKind
from errata.apps.projects import queries as projects
from errata.core import vocabulary
from errata.core.errors import Refusal
from errata.web.answers import Toast, fragment, go
from errata.web.forms import Form, posted, refused
from errata.web.requests import ActorRequest


def new(request: ActorRequest) -> HttpResponse:
    """Write an issue down by hand."""
    form = Form(values={"type": "Task", "priority": "Medium", "severity": "Minor"} | request.GET.dict())
    if request.method == "POST":
        try:
            return _created(request)
        except Refusal as refusal:
            names = ("project", "type", "title", "description", "priority", "severity", "assignee", "labels", "parent")
            form = refused(posted(request, *names), refusal)
    context = {
        "form": form,
        "projects": projects.list_projects(actor=request.actor),
        "people": accounts.list_people(actor=request.actor),
        "types": vocabulary.ISSUE_TYPES,
        "priorities": vocabulary.PRIORITIES,
        "severities": vocabulary.SEVERITIES,
    }
    return render(request, "issues/new.html", context, status=422 if form.problem or form.errors else 200)


def _created(request: ActorRequest) -> HttpResponse:
    values = posted(request, "project", "type", "title", "description", "priority", "severity")
    issue = operations.create_issue(
        **values,
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
