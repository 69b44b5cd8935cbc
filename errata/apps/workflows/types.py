"""What others may hold of workflows, issue types and custom fields."""

from datetime import datetime

import msgspec

from errata.core.arrivals import ArrivalRules
from errata.core.fields import CustomField
from errata.core.workflow import Line, Stage, Workflow


class Process(msgspec.Struct, frozen=True):
    """All that decides how a project's issues begin and move."""

    slug: str  # of the workflow
    number: int  # of its version
    workflow: Workflow
    types: tuple[str, ...]
    fields: tuple[CustomField, ...]
    arrivals: ArrivalRules

    def fields_of(self, issue_type: str) -> frozenset[str]:
        """The slugs of the custom fields that an issue of that type has."""
        return frozenset(field.slug for field in self.fields if field.is_for(issue_type))


class Words(msgspec.Struct, frozen=True):
    """What an organisation's issues may say: what searches and lists offer."""

    token: str  # another one whenever any of it changed
    stages: tuple[Stage, ...]  # of every workflow in use, the default's first
    types: tuple[str, ...]
    fields: tuple[CustomField, ...]


class VersionView(msgspec.Struct, frozen=True):
    number: int
    workflow: Workflow
    note: str
    created_by: str
    created_at: datetime | None  # of a built-in one, none
    changes: list[Line] = []  # against the version before


class ProjectUse(msgspec.Struct, frozen=True):
    """A project, and the version of the workflow that it is at."""

    id: int
    slug: str
    name: str
    key: str
    number: int


class WorkflowView(msgspec.Struct, frozen=True):
    slug: str
    name: str
    summary: str
    number: int  # of the newest version
    workflow: Workflow  # as of that version
    built_in: bool  # of the gallery, and not the organisation's own yet
    projects: tuple[ProjectUse, ...]


class TypeView(msgspec.Struct, frozen=True):
    name: str
    meaning: str
    template: str  # Markdown, of what a description begins with
    built_in: bool
    archived: bool


class FieldView(msgspec.Struct, frozen=True):
    field: CustomField
    archived: bool
