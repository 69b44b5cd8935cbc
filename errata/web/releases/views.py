"""Releases: what was built, where it runs, what it brought; and the repositories that tell of them."""

from typing import Any

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.issues import queries as issues
from errata.apps.projects import queries as projects
from errata.apps.releases import hooks, operations, queries
from errata.apps.releases.types import CheckView, NewRepository, ReleaseView, RepositoryView
from errata.apps.retests import queries as retests
from errata.core.errors import Refusal
from errata.web.addresses import public_url
from errata.web.answers import Toast, go
from errata.web.forms import Form, posted, refused
from errata.web.issues import search_links
from errata.web.requests import ActorRequest

_PAGE = 50
_ISSUES_SHOWN = 100
_FIELDS = ("name", "forge", "branch", "package", "project", "url")
_CHECK_SIGNS = {"passed": "circle-check", "failed": "circle-x", "pending": "clock", "neutral": "circle-slash"}
FORGES = (("github", "GitHub"), ("gitlab", "GitLab"), ("gitea", "Gitea or Forgejo"))


class NotConfirmed(Refusal):
    """The name was not typed."""

    code = "not_confirmed"
    status = 422


class Listed(msgspec.Struct, frozen=True):
    release: ReleaseView
    name: str  # its version, a commit's hash shortened


class CheckShown(msgspec.Struct, frozen=True):
    check: CheckView
    icon: str


class RepositoryShown(msgspec.Struct, frozen=True):
    repository: RepositoryView
    forge: str
    address: str


def list_(request: ActorRequest) -> HttpResponse:
    """The releases, newest first."""
    slug = request.GET.get("project", "")
    chosen = projects.find_project(actor=request.actor, which=slug) if slug else None
    environment = request.GET.get("environment", "")
    page = queries.list_releases(
        actor=request.actor,
        project=chosen.id if chosen else None,
        environment=environment,
        cursor=request.GET.get("cursor"),
        limit=_PAGE,
    )
    context = {
        "rows": [Listed(release=one, name=retests.short_version(one.version)) for one in page.items],
        "next": page.next,
        "projects": projects.list_projects(actor=request.actor),
        "chosen": chosen,
        "environment": environment,
    }
    return render(request, "releases/list.html", context)


def release(request: ActorRequest, version: str) -> HttpResponse:
    """One release: what is in it, where it runs, what began in it and what it fixed."""
    detail = queries.release(actor=request.actor, version=version)
    began, fixed = retests.issues_of_release(actor=request.actor, detail=detail)
    context = {
        "detail": detail,
        "release": detail.release,
        "name": retests.short_version(detail.release.version),
        "before_name": retests.short_version(detail.before),
        "checks": [CheckShown(check=check, icon=_CHECK_SIGNS[check.state]) for check in detail.checks],
        "began": issues.issues_by_keys(actor=request.actor, keys=began[:_ISSUES_SHOWN]),
        "fixed": issues.issues_by_keys(actor=request.actor, keys=fixed[:_ISSUES_SHOWN]),
        "open_url": search_links.search(f"is:open release:{search_links.quoted(detail.release.version)}"),
    }
    return render(request, "releases/release.html", context)


def repositories(request: ActorRequest) -> HttpResponse:
    """The repositories with the addresses of their webhooks."""
    form = Form()
    made: NewRepository | None = None
    if request.method == "POST":
        try:
            values = posted(request, *_FIELDS)
            made = operations.create_repository(**values, by=request.actor, at=request.now)
        except Refusal as refusal:
            form = refused(posted(request, *_FIELDS), refusal)
    return _repositories(request, form=form, made=made)


@require_POST
def renew_secret(request: ActorRequest, number: int) -> HttpResponse:
    """Another secret for a webhook; shown this once."""
    made = operations.renew_secret(which=number, by=request.actor, at=request.now)
    return _repositories(request, form=Form(), made=made)


@require_POST
def delete_repository(request: ActorRequest, number: int) -> HttpResponse:
    """Forget a repository, once its name was typed."""
    known = {one.id: one.name for one in queries.list_repositories(actor=request.actor)}
    if number in known and request.POST.get("confirm", "").strip() != known[number]:
        raise NotConfirmed(f"Nothing was forgotten: type {known[number]} to say that you mean it.")
    operations.delete_repository(which=number, by=request.actor, at=request.now)
    return go(request, reverse("repositories"), toast=Toast(text="The repository is forgotten. Its releases stay."))


def _repositories(request: ActorRequest, *, form: Form, made: NewRepository | None) -> HttpResponse:
    names = dict(FORGES)
    found = [
        RepositoryShown(
            repository=one, forge=names.get(one.forge, "Told by scripts"), address=hooks.address(public_url(), one)
        )
        for one in queries.list_repositories(actor=request.actor)
    ]
    context: dict[str, Any] = {
        "repositories": found,
        "form": form,
        "made": made,
        "made_address": hooks.address(public_url(), made.repository) if made else "",
        "forges": FORGES,
        "projects": projects.list_projects(actor=request.actor),
    }
    return render(request, "releases/repositories.html", context, status=422 if form.problem or form.errors else 200)
