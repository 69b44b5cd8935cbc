"""Reads of workflows, issue types and custom fields."""

from collections.abc import Iterable

import msgspec

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.projects import queries as projects
from errata.apps.records import storable
from errata.apps.workflows.memory import (
    BUILT_IN,
    active_fields,
    active_types,
    decoded,
    decoded_field,
    processes_of,
    steady,
    words_of,
)
from errata.apps.workflows.models import Arrivals, CustomField, IssueType, ProjectWorkflow, Workflow, WorkflowVersion
from errata.apps.workflows.types import FieldView, Process, ProjectUse, TypeView, VersionView, Words, WorkflowView
from errata.core import workflow as core
from errata.core.arrivals import DEFAULT_ARRIVALS, ArrivalRules
from errata.core.errors import Refusal
from errata.core.vocabulary import ISSUE_TYPES

__all__ = [
    "BUILT_IN",
    "arrivals",
    "arrivals_in_force",
    "faults",
    "find_workflow",
    "list_fields",
    "list_types",
    "list_versions",
    "list_workflows",
    "process",
    "process_of",
    "processes_of",
    "steady",
    "words",
    "words_of",
    "workflow",
    "workflow_of",
]


class WorkflowNotFound(Refusal):
    """The organisation has no such workflow, and neither has the gallery."""

    code = "workflow_not_found"
    status = 404


class FieldNotFound(Refusal):
    """The organisation has no such custom field."""

    code = "custom_field_not_found"
    status = 404


def workflow_of(project_id: int) -> core.Workflow:
    """The workflow a project's issues move through."""
    return process_of(project_id).workflow


def process_of(project_id: int) -> Process:
    """All that decides how a project's issues begin and move."""
    return processes_of([project_id])[project_id]


def process(*, actor: Actor, project: str | int) -> Process:
    """The same, for who asks. Raises ProjectNotFound."""
    allow(actor, "issue:read")
    return process_of(projects.row_of(actor, project).id)


def words(*, actor: Actor) -> Words:
    """The stages, types and fields of the actor's organisation."""
    allow(actor, "issue:read")
    return words_of(actor.organization_id)


def list_workflows(*, actor: Actor, include_archived: bool = False) -> list[WorkflowView]:
    """The organisation's own workflows by name, then those of the gallery that it hasn't taken."""
    allow(actor, "issue:read")
    uses = _uses(actor)
    rows = Workflow.objects.filter(organization_id=actor.organization_id).order_by("name", "id")
    if not include_archived:
        rows = rows.filter(archived_at=None)
    own = [_view(row, version, uses) for row, version in _newest(rows)]
    taken = {view.slug for view in own}
    return own + [_of_gallery(found, uses) for found in core.GALLERY if found.slug not in taken]


def workflow(*, actor: Actor, which: str, number: int | None = None) -> WorkflowView:
    """A workflow by slug or name, as of a version or the newest. Raises WorkflowNotFound."""
    found = find_workflow(actor=actor, which=which, number=number)
    if found is None:
        version = f" in version {number}" if number is not None else ""
        known = ", ".join(view.slug for view in list_workflows(actor=actor))
        raise WorkflowNotFound(f"There is no workflow {which}{version}. There are {known}.", workflow=which)
    return found


def find_workflow(*, actor: Actor, which: str, number: int | None = None) -> WorkflowView | None:
    """The same, or None."""
    allow(actor, "issue:read")
    row = own_row(actor, which)
    if row is None:
        found = core.find_blueprint(which)
        return _of_gallery(found, _uses(actor)) if found and number in (None, found.workflow.version) else None
    versions = WorkflowVersion.objects.filter(workflow=row).order_by("-number")
    version = versions.first() if number is None else versions.filter(number=number).first()
    return _view(row, version, _uses(actor)) if version else None


def faults(*, actor: Actor, workflow: core.Workflow) -> list[str]:
    """What is wrong with a workflow, in itself and in this organisation; none means that it can be used."""
    allow(actor, "issue:read")
    fields = {field.slug: field for field in active_fields(actor.organization_id)}
    types = active_types(actor.organization_id)
    return [*core.validate(workflow), *core.unknown_names(workflow, fields=fields, types=types)]


def list_versions(*, actor: Actor, which: str) -> list[VersionView]:
    """The versions of a workflow, newest first."""
    allow(actor, "issue:read")
    row = own_row(actor, which)
    if row is None:
        found = workflow(actor=actor, which=which)
        return [VersionView(found.number, found.workflow, "Built in.", "Errata", None)]
    versions = WorkflowVersion.objects.filter(workflow=row).order_by("number")
    rows = [(version, decoded(version.body)) for version in versions]
    told = [
        VersionView(
            version.number, body, version.note, version.created_by_name, version.created_at,
            core.difference(before, body) if before else [],
        )
        for (version, body), before in zip(rows, [None, *(body for _, body in rows[:-1])], strict=True)
    ]  # fmt: skip
    return told[::-1]


def list_types(*, actor: Actor) -> list[TypeView]:
    """Every issue type of the organisation, those that were put away last."""
    allow(actor, "issue:read")
    rows = list(IssueType.objects.filter(organization_id=actor.organization_id).order_by("position", "id"))
    known = {row.name: row for row in rows}
    away = [row.name for row in rows if row.archived_at is not None]
    return [
        TypeView(
            name=name,
            meaning=known[name].meaning if name in known else "",
            template=known[name].template if name in known else "",
            built_in=name in ISSUE_TYPES,
            archived=name in away,
        )
        for name in (*active_types(actor.organization_id), *away)
    ]


def list_fields(*, actor: Actor, include_archived: bool = False) -> list[FieldView]:
    """The organisation's custom fields, in their order."""
    allow(actor, "issue:read")
    rows = CustomField.objects.filter(organization_id=actor.organization_id).order_by("position", "id")
    if not include_archived:
        rows = rows.filter(archived_at=None)
    return [FieldView(decoded_field(row.body), row.archived_at is not None) for row in rows]


def arrivals(*, actor: Actor, project: str | int | None = None) -> ArrivalRules | None:
    """What events open: in the whole organisation, or as one project has it; None when that one doesn't say."""
    allow(actor, "issue:read")
    rows = Arrivals.objects.filter(organization_id=actor.organization_id)
    row = (
        rows.filter(project=None) if project is None else rows.filter(project_id=projects.row_of(actor, project).id)
    ).first()
    if row is not None:
        return msgspec.convert(row.rules, ArrivalRules)
    return DEFAULT_ARRIVALS if project is None else None


def arrivals_in_force(*, actor: Actor, project: str | int | None = None) -> tuple[ArrivalRules, bool]:
    """What holds for events there, and whether a project has it from its organisation."""
    own = arrivals(actor=actor, project=project)
    return own or arrivals(actor=actor) or DEFAULT_ARRIVALS, own is None


def own_row(actor: Actor, which: str) -> Workflow | None:
    """The row of an organisation's own workflow, for this app's own use."""
    wanted = storable(which).strip()
    rows = Workflow.objects.filter(organization_id=actor.organization_id)
    return rows.filter(slug=wanted.casefold()).first() or rows.filter(name__iexact=wanted, archived_at=None).first()


def _newest(rows: Iterable[Workflow]) -> list[tuple[Workflow, WorkflowVersion]]:
    by_id = {row.id: row for row in rows}
    versions = WorkflowVersion.objects.filter(workflow_id__in=by_id).order_by("number")
    newest = {version.workflow_id: version for version in versions}
    return [(row, newest[row.id]) for row in by_id.values()]


def _uses(actor: Actor) -> dict[str, list[ProjectUse]]:
    """The projects of each workflow, by slug."""
    chosen = {
        row.project_id: row.version
        for row in ProjectWorkflow.objects.filter(
            version__workflow__organization_id=actor.organization_id
        ).select_related("version__workflow")
    }
    found: dict[str, list[ProjectUse]] = {}
    for row in projects.visible(actor).order_by("name", "id"):
        version = chosen.get(row.id)
        slug, number = (version.workflow.slug, version.number) if version else (BUILT_IN, core.DEFAULT.version)
        found.setdefault(slug, []).append(ProjectUse(row.id, row.slug, row.name, row.key, number))
    return found


def _view(row: Workflow, version: WorkflowVersion, uses: dict[str, list[ProjectUse]]) -> WorkflowView:
    origin = core.find_blueprint(row.slug)
    return WorkflowView(
        slug=row.slug,
        name=row.name,
        summary=origin.summary if origin else "",
        number=version.number,
        workflow=decoded(version.body),
        built_in=False,
        projects=tuple(uses.get(row.slug, ())),
    )


def _of_gallery(found: core.Blueprint, uses: dict[str, list[ProjectUse]]) -> WorkflowView:
    return WorkflowView(
        slug=found.slug,
        name=found.workflow.name,
        summary=found.summary,
        number=found.workflow.version,
        workflow=found.workflow,
        built_in=True,
        projects=tuple(uses.get(found.slug, ())) if found.slug == BUILT_IN else (),
    )
