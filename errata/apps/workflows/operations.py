"""Writes of workflows, and which project has which. Types, fields and arrivals are in vocabularies.

Moving a project to another workflow moves its issues too: see issues.operations.adopt_workflow.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.utils.text import slugify

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.projects import operations as projects
from errata.apps.projects.types import ProjectView
from errata.apps.records import storable_json, together, write
from errata.apps.workflows.memory import BUILT_IN, changed, decoded
from errata.apps.workflows.models import ProjectWorkflow, Workflow, WorkflowVersion
from errata.apps.workflows.queries import WorkflowNotFound, faults, own_row, workflow
from errata.apps.workflows.types import WorkflowView
from errata.apps.workflows.vocabularies import (
    add_type,
    archive_field,
    archive_type,
    change_type,
    ensure_blueprint_words,
    ensure_types,
    forget_arrivals,
    free_slug,
    restore_field,
    restore_type,
    save_field,
    set_arrivals,
    set_blueprint_arrivals,
    set_type_template,
)
from errata.core import workflow as core
from errata.core.errors import Refusal

__all__ = [
    "WorkflowRefused",
    "add_type",
    "archive_field",
    "archive_type",
    "archive_workflow",
    "change_type",
    "create_project",
    "forget_arrivals",
    "free_slug",
    "point_project",
    "restore_field",
    "restore_type",
    "save_field",
    "save_workflow",
    "set_arrivals",
    "set_type_template",
    "take_workflow",
]

NOTE_CHARS_MAX = 200
# A team has a handful; an organisation of many teams a few dozen.
WORKFLOWS_MAX = 200


class WorkflowRefused(Refusal):
    """A workflow that can't be used, or not like that."""

    code = "workflow_refused"
    status = 422


class WorkflowChangedMeanwhile(Refusal):
    """Somebody else saved a version since this one was begun."""

    code = "changed_meanwhile"
    status = 409


def save_workflow(
    *,
    workflow: core.Workflow,
    by: Actor,
    at: datetime,
    which: str = "",
    note: str = "",
    based_on: int | None = None,
) -> WorkflowView:
    """Keep a workflow: a new one, or the next version of `which`. Projects stay at the version they are at.

    With `based_on`, only if that is the newest version. The same again is no new version. Raises WorkflowRefused with
    its faults.
    """
    allow(by, "project:admin")
    with write():
        if found := faults(actor=by, workflow=workflow):
            raise WorkflowRefused(f"This workflow can't be used: {' '.join(found)}", faults=found)
        row = own_row(by, which) if which else None
        if which and row is None:
            raise WorkflowNotFound(f"Your organisation has no workflow {which} of its own.", workflow=which)
        ensure_types(workflow.types, by=by, at=at)
        row = row or _new_row(workflow.name, by, at)
        _add_version(row, workflow, note=note, based_on=based_on, by=by, at=at)
        return _shown(by, row.slug)


def take_workflow(*, which: str, by: Actor, at: datetime) -> WorkflowView:
    """Make a workflow of the gallery the organisation's own, with its types and fields. One it has already stays."""
    allow(by, "project:admin")
    with write():
        return _shown(by, _taken(which, by=by, at=at).slug)


def archive_workflow(*, which: str, by: Actor, at: datetime) -> None:
    """Put a workflow away that no project uses."""
    allow(by, "project:admin")
    with write():
        row = own_row(by, which)
        if row is None or row.archived_at is not None:
            raise WorkflowNotFound(f"Your organisation has no workflow {which} of its own.", workflow=which)
        used = ProjectWorkflow.objects.filter(version__workflow=row, project__deleted_at=None)
        names = list(used.values_list("project__name", flat=True))
        if names:
            raise WorkflowRefused(
                f"{row.name} is used by {', '.join(names)}. Move them to another workflow first.", projects=names
            )
        Workflow.objects.filter(id=row.id).update(archived_at=at, slug=f"{row.slug[:40]}~{row.id}")
        changed()
        audit.record(by=by, action="workflow.archived", target=row.slug, at=at)


def create_project(*, template: str, by: Actor, at: datetime, **project: Any) -> ProjectView:
    """Create a project that has a workflow from its first issue on: the organisation's own, or one of the gallery.

    The other arguments are those of projects.operations.create_project.
    """
    allow(by, "project:admin")
    with together():
        found = workflow(actor=by, which=template)
        made = projects.create_project(by=by, at=at, **project)
        point_project(project_id=made.id, target=made.slug, which=found.slug, number=None, by=by, at=at)
        return made


def point_project(
    *, project_id: int, target: str, which: str, number: int | None, by: Actor, at: datetime
) -> core.Workflow:
    """Let a project have a version of a workflow, the newest by default. Belongs in the transaction that moves its
    issues; its audit entry is written there or by who creates the project.
    """
    if which == BUILT_IN:
        ProjectWorkflow.objects.filter(project_id=project_id).delete()
        changed()
        audit.record(by=by, action="project.workflow_set", target=target, at=at, after={"workflow": which})
        return core.DEFAULT
    row = _taken(which, by=by, at=at)
    versions = WorkflowVersion.objects.filter(workflow=row).order_by("-number")
    version = versions.first() if number is None else versions.filter(number=number).first()
    if version is None:
        raise WorkflowNotFound(f"{row.name} has no version {number}.", workflow=which)
    ProjectWorkflow.objects.update_or_create(project_id=project_id, defaults={"version": version})
    set_blueprint_arrivals(row.slug, project_id=project_id, by=by)
    changed()
    after = {"workflow": row.slug, "version": version.number}
    audit.record(by=by, action="project.workflow_set", target=target, at=at, after=after)
    return decoded(version.body)


def _taken(which: str, *, by: Actor, at: datetime) -> Workflow:
    """The organisation's own workflow, made from the gallery if it isn't there. Within write()."""
    row = own_row(by, which)
    if row is not None:
        return row
    found = core.find_blueprint(which)
    if found is None or found.slug == BUILT_IN:
        workflow(actor=by, which=which)  # raises what there is to say
        raise WorkflowRefused(
            f"{core.DEFAULT.name} is built in. Copy it to a name of your own to change it.", workflow=which
        )
    ensure_blueprint_words(found, by=by, at=at)
    row = Workflow.objects.create(
        organization_id=by.organization_id, slug=found.slug, name=found.workflow.name, created_at=at
    )
    _add_version(row, found.workflow, note="From the gallery.", based_on=None, by=by, at=at)
    return row


def _new_row(name: str, by: Actor, at: datetime) -> Workflow:
    rows = Workflow.objects.filter(organization_id=by.organization_id)
    if rows.count() >= WORKFLOWS_MAX:
        raise WorkflowRefused(f"{WORKFLOWS_MAX} workflows are the most. Put one away first.")
    stem = slugify(name)[:50].strip("-") or "workflow"
    taken = set(rows.filter(slug__startswith=stem).values_list("slug", flat=True)) | {
        found.slug for found in core.GALLERY
    }
    slug = next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, WORKFLOWS_MAX + 10))) if slug not in taken)
    return Workflow.objects.create(organization_id=by.organization_id, slug=slug, name=name[:80], created_at=at)


def _add_version(
    row: Workflow, body: core.Workflow, *, note: str, based_on: int | None, by: Actor, at: datetime
) -> None:
    newest = WorkflowVersion.objects.filter(workflow=row).order_by("-number").first()
    if newest is not None and based_on not in (None, newest.number):
        raise WorkflowChangedMeanwhile(
            f"{newest.created_by_name} saved version {newest.number} of {row.name} meanwhile. Look at it, then decide.",
            version=newest.number,
        )
    number = newest.number + 1 if newest else 1
    kept = msgspec.structs.replace(body, version=number)
    before = decoded(newest.body) if newest else None
    if newest is not None and msgspec.structs.replace(kept, version=newest.number) == before:
        return
    WorkflowVersion.objects.create(
        workflow=row,
        number=number,
        body=storable_json(msgspec.to_builtins(kept)),
        note=note.strip()[:NOTE_CHARS_MAX],
        created_by_name=by.name[:254],
        created_at=at,
    )
    Workflow.objects.filter(id=row.id).update(name=body.name[:80], archived_at=None)
    row.name = body.name[:80]
    changed()
    lines = core.difference(before, kept) if before else []
    audit.record(
        by=by,
        action="workflow.saved",
        target=row.slug,
        at=at,
        after={"version": number, "note": note, "changes": [f"{line.sign} {line.text}" for line in lines]},
    )


def _shown(by: Actor, slug: str) -> WorkflowView:
    return workflow(actor=by, which=slug)
