"""Projects and their keys."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from ninja import Router, Status

from errata.api.kit import ApiRequest
from errata.api.native.schemas import KeyIn, KeyOut, KeyPatch, Page, ProjectIn, ProjectOut, ProjectPatch
from errata.apps.accounts.permissions import may
from errata.apps.issues import queries as issues
from errata.apps.projects import operations, queries
from errata.apps.projects.types import KeyView, ProjectView
from errata.apps.workflows import operations as workflows

router = Router(tags=["Projects"])


@router.get("/projects", response=Page[ProjectOut], summary="List the projects")
def list_projects(request: ApiRequest) -> Page[ProjectOut]:
    """All projects of the token's organisation."""
    known = queries.list_projects(actor=request.auth)
    return Page(items=_counted(request, known))


@router.post("/projects", response={201: ProjectOut}, summary="Create a project")
def create_project(request: ApiRequest, body: ProjectIn) -> Status[ProjectOut]:
    """A new project comes with a key, so that a client can send at once, and with the workflow of its template."""
    given: dict[str, Any] = {"name": body.name, "platform": body.platform, "key": body.key}
    now = datetime.now(UTC)
    if body.template:
        project = workflows.create_project(template=body.template, by=request.auth, at=now, **given)
    else:
        project = operations.create_project(by=request.auth, at=now, **given)
    return Status(201, ProjectOut.of(project, open_issues=0))


@router.get("/projects/{slug}", response=ProjectOut, summary="Get a project")
def get_project(request: ApiRequest, slug: str) -> ProjectOut:
    """A project by its slug, its key or its number."""
    return _counted(request, [queries.project(actor=request.auth, which=slug)])[0]


@router.patch("/projects/{slug}", response=ProjectOut, summary="Change a project")
def patch_project(request: ApiRequest, slug: str, body: ProjectPatch) -> ProjectOut:
    """What is absent stays."""
    changes = body.dict(exclude_unset=True)
    now = datetime.now(UTC)
    quota = changes.pop("quota_per_minute", None)
    project = operations.update_project(which=slug, **changes, by=request.auth, at=now)
    if quota is not None:
        project = operations.set_quota(which=slug, per_minute=quota, by=request.auth, at=now)
    return _counted(request, [project])[0]


@router.get("/projects/{slug}/keys", response=Page[KeyOut], summary="List a project's keys")
def list_keys(request: ApiRequest, slug: str) -> Page[KeyOut]:
    """The keys that clients of the project authenticate with, each with its DSN."""
    return Page(items=[_shown(key) for key in queries.list_keys(actor=request.auth, which=slug)])


@router.post("/projects/{slug}/keys", response={201: KeyOut}, summary="Create a key")
def create_key(request: ApiRequest, slug: str, body: KeyIn) -> Status[KeyOut]:
    """A further key: one per environment or client, so that each can be disabled alone."""
    key = operations.create_key(
        which=slug, name=body.name, quota_per_minute=body.quota_per_minute, by=request.auth, at=datetime.now(UTC)
    )
    return Status(201, _shown(key))


@router.patch("/keys/{key_id}", response=KeyOut, summary="Enable, disable, rename or limit a key")
def patch_key(request: ApiRequest, key_id: int, body: KeyPatch) -> KeyOut:
    """A disabled key is answered 403 within a second or two."""
    now = datetime.now(UTC)
    if body.active is not None:
        switch = operations.enable_key if body.active else operations.disable_key
        switch(key_id=key_id, by=request.auth, at=now)
    changes = body.dict(exclude_unset=True, exclude={"active"})
    return _shown(operations.update_key(key_id=key_id, **changes, by=request.auth, at=now))


def _counted(request: ApiRequest, known: Sequence[ProjectView]) -> list[ProjectOut]:
    if not may(request.auth, "issue:read"):
        return [ProjectOut.of(project, open_issues=None) for project in known]
    opened = issues.count_open(actor=request.auth)
    return [ProjectOut.of(project, open_issues=opened.get(project.id, 0)) for project in known]


def _shown(key: KeyView) -> KeyOut:
    return KeyOut.of(key, dsn=queries.dsn(url=settings.ERRATA.public_url, key=key))
