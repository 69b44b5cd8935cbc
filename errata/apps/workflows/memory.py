"""What this process remembers of workflows, types and fields, and how it knows that it is still so.

The digest asks for every batch and pages ask all the time, while the answer changes a few times a year. So it is kept
in memory under a token, and each question reads the token: one look-up by primary key. The token is a random text, not
a counter: a change that is rolled back would leave a number behind that the next change gives to something else.
"""

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

from errata.apps.projects.queries import rows_for_digest
from errata.apps.workflows.models import (
    Arrivals,
    CustomField,
    IssueType,
    ProcessToken,
    ProjectWorkflow,
    WorkflowVersion,
)
from errata.apps.workflows.types import Process, Words
from errata.core import fields, vocabulary, workflow
from errata.core.arrivals import DEFAULT_ARRIVALS, ArrivalRules
from errata.core.workflow import DEFAULT, Stage

BUILT_IN = "errata"


class _Memory(msgspec.Struct):
    token: str
    processes: dict[int, Process]
    words: dict[int, Words]


_memory = _Memory("", {}, {})
_held: ContextVar[list[_Memory] | None] = ContextVar("held", default=None)


@contextmanager
def steady() -> Iterator[None]:
    """Ask once and keep to the answer: for a page, which reads many things and writes nothing."""
    mark = _held.set([])
    try:
        yield
    finally:
        _held.reset(mark)


def processes_of(project_ids: Collection[int]) -> dict[int, Process]:
    """The processes of these projects, one question for all that are remembered."""
    memory = _fresh()
    missing = [project_id for project_id in project_ids if project_id not in memory.processes]
    if missing:
        memory.processes.update(_read(missing))
    return {project_id: memory.processes[project_id] for project_id in project_ids}


def words_of(organization_id: int) -> Words:
    """The stages, types and fields of an organisation."""
    memory = _fresh()
    if organization_id not in memory.words:
        memory.words[organization_id] = _read_words(organization_id, memory.token)
    return memory.words[organization_id]


def changed() -> None:
    """Let every process look again. Belongs in the transaction of the change."""
    token = secrets.token_hex(8)
    ProcessToken.objects.update_or_create(id=1, defaults={"token": token})


def decoded(body: Any) -> workflow.Workflow:
    """A stored version."""
    return msgspec.convert(body, workflow.Workflow)


def decoded_field(body: Any) -> fields.CustomField:
    """A stored field."""
    return msgspec.convert(body, fields.CustomField)


def active_types(organization_id: int) -> tuple[str, ...]:
    """The issue types of an organisation, the built-in ones first."""
    rows = list(IssueType.objects.filter(organization_id=organization_id).order_by("position", "id"))
    away = {row.folded for row in rows if row.archived_at is not None}
    own = [row.name for row in rows if row.archived_at is None and row.name not in vocabulary.ISSUE_TYPES]
    return (*(name for name in vocabulary.ISSUE_TYPES if name.casefold() not in away), *own)


def active_fields(organization_id: int) -> tuple[fields.CustomField, ...]:
    """The fields of an organisation, in their order."""
    rows = CustomField.objects.filter(organization_id=organization_id, archived_at=None).order_by("position", "id")
    return tuple(decoded_field(row.body) for row in rows)


def _fresh() -> _Memory:
    """What is remembered under today's token. The token is read first: a change that slips in is read twice, never
    missed.
    """
    global _memory
    held = _held.get()
    if held:
        return held[0]
    token = ProcessToken.objects.filter(id=1).values_list("token", flat=True).first() or ""
    if token != _memory.token:
        _memory = _Memory(token, {}, {})
    if held is not None:
        held.append(_memory)
    return _memory


def _read(project_ids: Collection[int]) -> dict[int, Process]:
    places = rows_for_digest(project_ids)
    chosen = {
        row.project_id: row.version
        for row in ProjectWorkflow.objects.filter(project_id__in=project_ids).select_related("version__workflow")
    }
    organizations = {place.organization_id for place in places.values()}
    rules = list(Arrivals.objects.filter(organization_id__in=organizations))
    of_projects = {row.project_id: row.rules for row in rules if row.project_id}
    of_organizations = {row.organization_id: row.rules for row in rules if not row.project_id}
    types = {number: active_types(number) for number in organizations}
    own_fields = {number: active_fields(number) for number in organizations}
    found = {}
    for project_id in project_ids:
        number = places[project_id].organization_id if project_id in places else 0
        found[project_id] = _process(
            chosen.get(project_id),
            types=types.get(number, vocabulary.ISSUE_TYPES),
            own=own_fields.get(number, ()),
            arrivals=of_projects.get(project_id, of_organizations.get(number)),
        )
    return found


def _process(
    version: WorkflowVersion | None, *, types: tuple[str, ...], own: tuple[fields.CustomField, ...], arrivals: Any
) -> Process:
    slug, moves = (version.workflow.slug, decoded(version.body)) if version else (BUILT_IN, DEFAULT)
    return Process(
        slug=slug,
        number=moves.version,
        workflow=moves,
        types=_offered(moves.types, types),
        fields=tuple(field for field in own if not field.workflows or slug in field.workflows),
        arrivals=msgspec.convert(arrivals, ArrivalRules) if arrivals else DEFAULT_ARRIVALS,
    )


def _offered(wanted: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """The types that the workflow is for, without those that were put away; all, where that leaves none."""
    names = {name.casefold() for name in known}
    return tuple(name for name in wanted if name.casefold() in names) or known


def _read_words(organization_id: int, token: str) -> Words:
    known = {version.id: version for version in _in_use(organization_id)}
    workflows = [DEFAULT, *(decoded(version.body) for version in known.values())]
    stages: dict[str, Stage] = {}
    types = dict.fromkeys(active_types(organization_id))
    for each in workflows:
        for stage in each.stages:
            stages.setdefault(stage.name, stage)
        types |= dict.fromkeys(each.types)
    return Words(token=token, stages=tuple(stages.values()), types=tuple(types), fields=active_fields(organization_id))


def _in_use(organization_id: int) -> list[WorkflowVersion]:
    """The versions that a project is at. What no issue can say, no search needs to know."""
    ids = ProjectWorkflow.objects.filter(version__workflow__organization_id=organization_id).values("version_id")
    return list(WorkflowVersion.objects.filter(id__in=ids).order_by("workflow_id", "number"))
