"""Onboarding: the snippet, the wait for the first event, and a sample that comes the way every event comes."""

import subprocess
import sys
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts.permissions import allow
from errata.apps.issues import queries as issues
from errata.apps.projects import queries
from errata.apps.projects.types import KeyView, ProjectView
from errata.core.errors import Refusal
from errata.web.addresses import public_url
from errata.web.answers import Toast, fragment, go
from errata.web.platforms import PLATFORMS, filled, platform
from errata.web.requests import ActorRequest

# The SDK starts in half a second and sends in a few milliseconds; a machine under load gets ten times that.
_SAMPLE_S_MAX = 15


class NoKey(Refusal):
    """The project has no key that works."""

    code = "no_active_key"
    status = 409


class SampleFailed(Refusal):
    """The sample program could not be run, or could not reach the intake."""

    code = "sample_failed"
    status = 502


class First(msgspec.Struct, frozen=True):
    key: str
    title: str
    url: str


def start(request: ActorRequest, slug: str) -> HttpResponse:
    """How to connect a program to this project."""
    project = queries.project(actor=request.actor, which=slug)
    chosen = platform(request.GET.get("platform", project.platform))
    key = _key(request, project)
    dsn = queries.dsn(url=public_url(), key=key)
    store_url = f"{public_url()}/api/{project.id}/store/"
    context = {
        "project": project,
        "platform": chosen,
        "platforms": PLATFORMS,
        "dsn": dsn,
        "steps": filled(chosen, dsn=dsn, store_url=store_url, public_key=key.public_key),
        "first": _first(request, project),
        "seq": issues.newest_change(actor=request.actor),
    }
    return render(request, "projects/start.html", context)


def look(request: ActorRequest, slug: str) -> HttpResponse:
    """Whether the first event is there: nothing yet, or the green panel."""
    project = queries.project(actor=request.actor, which=slug)
    first = _first(request, project)
    if first is None:
        return HttpResponse(status=204)
    return render(request, "projects/waiting.html", {"project": project, "first": first})


@require_POST
def sample(request: ActorRequest, slug: str) -> HttpResponse:
    """Run a program that fails, with the real SDK, against this installation's own intake."""
    allow(request.actor, "issue:write")
    project = queries.project(actor=request.actor, which=slug)
    dsn = queries.dsn(url=_own_url(), key=_key(request, project))
    command = [sys.executable, "-m", "errata.web.projects.sample", dsn]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_SAMPLE_S_MAX)
    except (subprocess.SubprocessError, OSError) as error:
        raise SampleFailed("The sample program didn’t finish. `errata doctor` tells what is wrong.") from error
    toast = Toast(text="Sent a sample error through the Python SDK.")
    return (
        fragment(request, [], toast=toast)
        if request.htmx
        else go(request, reverse("project-start", args=[slug]), toast=toast)
    )


def _key(request: ActorRequest, project: ProjectView) -> KeyView:
    active = [key for key in queries.list_keys(actor=request.actor, which=project.id) if key.active]
    if not active:
        raise NoKey(f"{project.name} has no active key. Enable or create one in its settings.")
    return active[0]


def _first(request: ActorRequest, project: ProjectView) -> First | None:
    if project.first_event_at is None:
        return None
    page = issues.list_issues(
        actor=request.actor, query="count:>0", projects=[project.id], sort="last_seen", limit=1, now=request.now
    )
    return next((First(key=row.key, title=row.title, url=reverse("issue", args=[row.key])) for row in page.items), None)


def _own_url() -> str:
    # Not the public address: a proxy there may not let the server itself in.
    config: Any = settings.ERRATA
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::", "") else config.host  # noqa: S104 (compared, not bound)
    return f"http://{host}:{config.port}{config.path_prefix}"
