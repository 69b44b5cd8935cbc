"""Workflows, issue types and custom fields."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from ninja import Field, Router, Schema, Status
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.api.native.schemas import Page
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as previews
from errata.apps.issues.adopting import Adoption
from errata.apps.workflows import operations, queries
from errata.apps.workflows.types import FieldView, WorkflowView
from errata.core.arrivals import ArrivalRules
from errata.core.errors import Refusal
from errata.core.fields import CustomField, FieldKind
from errata.core.workflow import Workflow

router = Router(tags=["Workflows"])
_ARCHIVED: Any = Query(False, description="Those that were put away too.")
_PROJECT: Any = Query("", description="The slug of a project; absent for the organisation.")


class BodyRefused(Refusal):
    """A body that holds no workflow."""

    code = "invalid"
    status = 422


class WorkflowOut(Schema):
    name: str = Field(description="What commands and templates call it.")
    title: str
    summary: str
    version: int
    built_in: bool
    projects: list[str]
    workflow: dict[str, Any] = Field(description="Stages, rules and issue types, as data.")

    @staticmethod
    def of(view: WorkflowView) -> "WorkflowOut":
        return WorkflowOut(
            name=view.slug, title=view.name, summary=view.summary, version=view.number, built_in=view.built_in,
            projects=[use.slug for use in view.projects], workflow=msgspec.to_builtins(view.workflow),
        )  # fmt: skip


class WorkflowIn(Schema):
    workflow: dict[str, Any] = Field(description="Stages, rules and issue types, as GET gives them.")
    note: str = Field("", description="What changed, for the history.")
    based_on: int | None = Field(None, description="The version it was made from: refused when it isn't the newest.")


class AdoptionIn(Schema):
    workflow: str
    version: int | None = None
    stages: dict[str, str] = Field({}, description="Where the issues of a stage go, when not to the nearest.")
    dry_run: bool = False


class StepOut(Schema):
    stage: str
    category: str
    to: str
    to_category: str
    issues: int
    why: str
    lost: list[str]


class AdoptionOut(Schema):
    project: str
    before: str
    after: str
    issues: int = Field(description="How many issues change their stage.")
    steps: list[StepOut]
    lost: list[str]

    @staticmethod
    def of(done: Adoption) -> "AdoptionOut":
        steps = [StepOut(**msgspec.to_builtins(step)) for step in done.migration.steps]
        return AdoptionOut(
            project=done.project, before=done.before, after=done.after, issues=done.migration.issues, steps=steps,
            lost=list(done.migration.lost),
        )  # fmt: skip


class TypeOut(Schema):
    name: str
    meaning: str
    template: str = Field(description="Markdown: what a description begins with that somebody writes by hand.")
    built_in: bool
    archived: bool = Field(description="Put away: no new issue gets it.")


class TypeIn(Schema):
    template: str | None = Field(None, description="Markdown; empty for none, absent to leave it.")
    archived: bool | None = Field(None, description="Put it away, or take it back; absent to leave it.")


class NewTypeIn(Schema):
    name: str
    meaning: str = ""


class ArrivalsOut(Schema):
    project: str = Field(description="The project whose rules these are; empty for the organisation's.")
    inherited: bool = Field(description="The project says nothing of its own: these are the organisation's.")
    type: str
    types: dict[str, str] = Field(description="By what was sent, where it isn't the type above: error, default, csp.")
    priorities: dict[str, str] = Field(description="By level.")
    severities: dict[str, str] = Field(description="By level.")
    priority: str = Field(description="Of a level that isn't listed.")
    severity: str = Field(description="Of a level that isn't listed.")


class ArrivalsIn(Schema):
    type: str | None = None
    types: dict[str, str] | None = Field(None, description="By what was sent: error, default, csp.")
    priorities: dict[str, str] | None = Field(None, description="By level: fatal, error, warning, info, debug.")
    severities: dict[str, str] | None = Field(None, description="By level.")
    priority: str | None = None
    severity: str | None = None


class WorkflowVersionOut(Schema):
    version: int
    note: str
    by: str
    at: datetime | None
    changes: list[str] = Field(description="Against the version before, in words.")


class CustomFieldOut(Schema):
    slug: str
    name: str
    kind: FieldKind
    help: str
    choices: list[str]
    types: list[str]
    required: list[str]
    workflows: list[str]
    archived: bool

    @staticmethod
    def of(view: FieldView) -> "CustomFieldOut":
        return CustomFieldOut(**msgspec.to_builtins(view.field), archived=view.archived)


class CustomFieldIn(Schema):
    name: str
    kind: FieldKind
    help: str = ""
    choices: list[str] = []
    types: list[str] = Field([], description="The issue types that have it; empty = all.")
    required: list[str] = Field([], description="The issue types that need it; `*` = all that have it.")
    workflows: list[str] = Field([], description="The workflows whose projects have it; empty = all.")
    archived: bool = Field(False, description="Put away: its values stay on their issues.")


@router.get("/workflows", response=Page[WorkflowOut], summary="List the workflows")
def list_workflows(request: ApiRequest) -> Page[WorkflowOut]:
    """The organisation's own, then those of the gallery."""
    return Page(items=[WorkflowOut.of(view) for view in queries.list_workflows(actor=request.auth)])


@router.get("/workflows/{name}", response=WorkflowOut, summary="Get a workflow")
def get_workflow(request: ApiRequest, name: str, version: int | None = None) -> WorkflowOut:
    """The newest version, or the one asked for."""
    return WorkflowOut.of(queries.workflow(actor=request.auth, which=name, number=version))


@router.post("/workflows", response=WorkflowOut, summary="Create a workflow")
def create_workflow(request: ApiRequest, body: WorkflowIn) -> WorkflowOut:
    """Refused with its faults when an issue could get stuck in it."""
    return _saved(request, "", body)


@router.put("/workflows/{name}", response=WorkflowOut, summary="Save the next version of a workflow")
def save_workflow(request: ApiRequest, name: str, body: WorkflowIn) -> WorkflowOut:
    """Projects stay at the version they are at, until they adopt the new one."""
    return _saved(request, name, body)


@router.get("/workflows/{name}/versions", response=Page[WorkflowVersionOut], summary="List a workflow's versions")
def list_versions(request: ApiRequest, name: str) -> Page[WorkflowVersionOut]:
    """Newest first: who, when, and in words what."""
    items = [
        WorkflowVersionOut(
            version=one.number, note=one.note, by=one.created_by, at=one.created_at,
            changes=[f"{line.sign} {line.text}" for line in one.changes],
        )
        for one in queries.list_versions(actor=request.auth, which=name)
    ]  # fmt: skip
    return Page(items=items)


@router.delete("/workflows/{name}", response={204: None}, summary="Put a workflow away")
def archive_workflow(request: ApiRequest, name: str) -> Status[None]:
    """One that no project uses."""
    operations.archive_workflow(which=name, by=request.auth, at=datetime.now(UTC))
    return Status(204, None)


@router.post("/projects/{slug}/workflow", response=AdoptionOut, summary="Give a project another workflow")
def adopt(request: ApiRequest, slug: str, body: AdoptionIn) -> AdoptionOut:
    """Its issues move with it, all or none. With `dry_run`, says what would happen."""
    asked: dict[str, Any] = {"which": body.workflow, "number": body.version, "stages": body.stages}
    if body.dry_run:
        return AdoptionOut.of(previews.preview_adoption(actor=request.auth, project=slug, **asked))
    return AdoptionOut.of(issues.adopt_workflow(project=slug, by=request.auth, at=datetime.now(UTC), **asked))


@router.get("/types", response=Page[TypeOut], summary="List the issue types")
def list_types(request: ApiRequest) -> Page[TypeOut]:
    """Those that were put away last."""
    return Page(items=[TypeOut(**msgspec.structs.asdict(view)) for view in queries.list_types(actor=request.auth)])


@router.post("/types", response={201: TypeOut}, summary="Add an issue type")
def add_type(request: ApiRequest, body: NewTypeIn) -> Status[TypeOut]:
    """Or take one back that was put away."""
    added = operations.add_type(name=body.name, meaning=body.meaning, by=request.auth, at=datetime.now(UTC))
    return Status(201, _type(request, added))


@router.put("/types/{path:name}", response=TypeOut, summary="Change an issue type")
def set_type(request: ApiRequest, name: str, body: TypeIn) -> TypeOut:
    """What the form for a new issue of that type begins with, and whether it can be chosen at all."""
    operations.change_type(
        name=name, template=body.template, archived=body.archived, by=request.auth, at=datetime.now(UTC)
    )
    return _type(request, name)


@router.get("/arrivals", response=ArrivalsOut, summary="What events open")
def get_arrivals(request: ApiRequest, project: str = _PROJECT) -> ArrivalsOut:
    """The type, priority and severity of an issue that an event opens, by what was sent and its level."""
    rules, inherited = queries.arrivals_in_force(actor=request.auth, project=project or None)
    return ArrivalsOut(project=project, inherited=inherited, **msgspec.to_builtins(rules))


@router.put("/arrivals", response=ArrivalsOut, summary="Say what events open")
def set_arrivals(request: ApiRequest, body: ArrivalsIn, project: str = _PROJECT) -> ArrivalsOut:
    """What is absent is as Errata starts with. Holds for issues that are opened from now on."""
    rules = msgspec.convert(body.dict(exclude_none=True), ArrivalRules)
    operations.set_arrivals(rules=rules, project=project or None, by=request.auth, at=datetime.now(UTC))
    return get_arrivals(request, project)


@router.delete("/arrivals", response={204: None}, summary="Let a project follow its organisation")
def forget_arrivals(request: ApiRequest, project: str = Query(description="Its slug.")) -> Status[None]:
    """The project's own rules for what events open are gone."""
    operations.forget_arrivals(project=project, by=request.auth, at=datetime.now(UTC))
    return Status(204, None)


@router.get("/fields", response=Page[CustomFieldOut], summary="List the custom fields")
def list_fields(request: ApiRequest, *, archived: bool = _ARCHIVED) -> Page[CustomFieldOut]:
    """In the order of forms and pages; with `archived`, those that were put away too."""
    found = queries.list_fields(actor=request.auth, include_archived=archived)
    return Page(items=[CustomFieldOut.of(view) for view in found])


@router.put("/fields/{slug}", response=CustomFieldOut, summary="Add or change a custom field")
def save_field(request: ApiRequest, slug: str, body: CustomFieldIn) -> CustomFieldOut:
    """Its kind stays what it is, for issues have values of it."""
    field = msgspec.convert(body.dict(exclude={"archived"}) | {"slug": slug}, CustomField)
    saved = operations.save_field(field=field, archived=body.archived, by=request.auth, at=datetime.now(UTC))
    return CustomFieldOut.of(saved)


def _type(request: ApiRequest, name: str) -> TypeOut:
    found = next(view for view in queries.list_types(actor=request.auth) if view.name == name)
    return TypeOut(**msgspec.structs.asdict(found))


def _saved(request: ApiRequest, name: str, body: WorkflowIn) -> WorkflowOut:
    saved = operations.save_workflow(
        which=name, workflow=_workflow(body.workflow), note=body.note, based_on=body.based_on,
        by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return WorkflowOut.of(saved)


def _workflow(body: Mapping[str, Any]) -> Workflow:
    try:
        return msgspec.convert({"version": 0, **body}, Workflow)
    except msgspec.ValidationError as error:
        raise BodyRefused(f"This is no workflow: {error}.") from None
