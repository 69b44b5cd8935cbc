"""Another workflow for a project: where its issues would go, and moving them there in one operation."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db.models import Count, F

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.issues.changes import plain
from errata.apps.issues.counts import next_seq
from errata.apps.issues.models import Activity, Issue
from errata.apps.projects import queries as projects
from errata.apps.records import together, write
from errata.apps.workflows import operations as workflows
from errata.apps.workflows import queries as known
from errata.apps.workflows.types import WorkflowView
from errata.core import workflow as core
from errata.core.vocabulary import OPEN_CATEGORIES
from errata.core.workflow import Migration, Step

# Rows of one INSERT; more in one statement gains nothing.
_ACTIVITIES_AT_ONCE = 1_000


class Adoption(msgspec.Struct, frozen=True):
    """What adopting a workflow does, or did, to a project."""

    project: str
    before: str  # "errata 1"
    after: str
    migration: Migration


def preview_adoption(
    *,
    actor: Actor,
    project: str | int,
    which: str,
    number: int | None = None,
    workflow: core.Workflow | None = None,
    stages: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] | None = None,
) -> Adoption:
    """Say where the issues of a project would go, with counts and what is lost. `workflow` is one not saved yet."""
    allow(actor, "issue:read")
    place = projects.row_of(actor, project)
    found = known.workflow(actor=actor, which=which, number=number) if workflow is None else None
    after = workflow or (found.workflow if found else core.DEFAULT)
    name = f"{found.slug} {found.number}" if found else f"{which or after.name} (not saved yet)"
    return _planned(place.id, place.slug, name, after, stages=stages, renamed=renamed)


def adopt_workflow(
    *,
    project: str | int,
    which: str,
    by: Actor,
    at: datetime,
    number: int | None = None,
    stages: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] | None = None,
) -> Adoption:
    """Give a project another workflow, or another version of its own, and move its issues: all or none.

    `stages` says where a stage's issues go; the others go to the stage of that name, or to the nearest.
    """
    allow(by, "project:admin")
    with write():
        place = projects.row_of(by, project)
        found = known.workflow(actor=by, which=which, number=number)
        name = f"{found.slug} {found.number}"
        done = _planned(place.id, place.slug, name, found.workflow, stages=stages, renamed=renamed)
        workflows.point_project(project_id=place.id, target=place.slug, which=found.slug, number=number, by=by, at=at)
        seq = next_seq()
        moving = [step for step in done.migration.steps if step.moves and step.issues]
        ids = {index: _ids(place.id, step) for index, step in enumerate(moving)}
        for index, step in enumerate(moving):
            _move(ids[index], step, done, by=by, at=at, seq=seq)
        _record(done, by=by, at=at)
        return done


def publish_workflow(
    *,
    which: str,
    workflow: core.Workflow,
    by: Actor,
    at: datetime,
    note: str = "",
    based_on: int | None = None,
    renamed: Mapping[str, str] | None = None,
    projects: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[WorkflowView, list[Adoption]]:
    """Save the next version of a workflow, and take projects along with their issues: all of it or nothing.

    `projects` are those, by slug, each with where its stages' issues go.
    """
    allow(by, "project:admin")
    with together():
        saved = workflows.save_workflow(which=which, workflow=workflow, note=note, based_on=based_on, by=by, at=at)
        done = [
            adopt_workflow(project=slug, which=saved.slug, stages=stages, renamed=renamed, by=by, at=at)
            for slug, stages in (projects or {}).items()
        ]
        return saved, done


def _planned(
    project_id: int,
    slug: str,
    name: str,
    after: core.Workflow,
    *,
    stages: Mapping[str, str] | None,
    renamed: Mapping[str, str] | None,
) -> Adoption:
    process = known.process_of(project_id)
    rows = Issue.objects.filter(project_id=project_id)
    places = rows.values_list("stage", "category").annotate(number=Count("pk")).order_by()
    types = dict(rows.values_list("type").annotate(number=Count("pk")).order_by("type"))
    migration = core.plan(
        process.workflow,
        after,
        counts={(stage, category): number for stage, category, number in places},
        chosen=stages,
        renamed=renamed,
        types=types,
    )
    return Adoption(project=slug, before=f"{process.slug} {process.number}", after=name, migration=migration)


def _ids(project_id: int, step: Step) -> list[int]:
    rows = Issue.objects.filter(project_id=project_id, stage=step.stage, category=step.category)
    return list(rows.order_by("id").values_list("id", flat=True))


def _move(ids: list[int], step: Step, done: Adoption, *, by: Actor, at: datetime, seq: int) -> None:
    """Move a stage's issues in a few statements, whatever their number; each is told of in its own activity."""
    for start in range(0, len(ids), _ACTIVITIES_AT_ONCE):
        rows = Issue.objects.filter(id__in=ids[start : start + _ACTIVITIES_AT_ONCE])
        facts = list(rows.order_by("id").values_list("id", "reason", "regressed"))
        rows.update(
            stage=step.to,
            category=step.to_category,
            is_open=step.to_category in OPEN_CATEGORIES,
            stage_changed_at=at,
            updated_at=at,
            version=F("version") + 1,
            seq=seq,
        )
        Activity.objects.bulk_create(_told(*fact, step, done, by=by, at=at) for fact in facts)


def _told(
    issue_id: int,
    reason: str,
    regressed: bool,  # noqa: FBT001 (a column)
    step: Step,
    done: Adoption,
    *,
    by: Actor,
    at: datetime,
) -> Activity:
    return Activity(
        issue_id=issue_id,
        kind="stage",
        actor_kind=by.kind,
        actor_id=by.user_id,
        actor_name=by.name,
        before={"stage": step.stage, "category": step.category, "reason": reason, "regressed": regressed},
        after={"stage": step.to, "category": step.to_category, "reason": reason, "regressed": regressed},
        reason=f"The project's workflow became {done.after}.",
        evidence=plain({"workflow": {"before": done.before, "after": done.after}}),
        at=at,
    )


def _record(done: Adoption, *, by: Actor, at: datetime) -> None:
    """One entry for the whole: which stage went where, and how many issues with it."""
    moved = {
        f"{step.stage} ({step.category})": {"to": step.to, "issues": step.issues}
        for step in done.migration.steps
        if step.moves and step.issues
    }
    audit.record(
        by=by,
        action="project.workflow_adopted",
        target=done.project,
        at=at,
        before={"workflow": done.before},
        after={"workflow": done.after, "issues": done.migration.issues, "moved": moved},
    )
