"""What others may hold of templates."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from errata.core.template import Difference, FieldName, Origin, Overrides, Template

ScopeKind = Literal["organization", "team", "project"]


class Scope(msgspec.Struct, frozen=True):
    """Whose template is meant: the organisation's, or that of a team or project by its slug."""

    kind: ScopeKind = "organization"
    slug: str = ""


class Source(msgspec.Struct, frozen=True):
    """Where a field comes from, and since when."""

    origin: Origin
    name: str  # of the organisation, team or project; "" of the default
    number: int = 0  # the version; 0 is none
    at: datetime | None = None
    by_name: str = ""


class TemplateView(msgspec.Struct, frozen=True):
    """A template as its page shows it."""

    scope: Scope
    name: str
    number: int  # the newest version of its own; 0 is none yet
    overrides: Overrides
    template: Template  # what is in force
    inherited: Template  # what would be, without its own fields
    sources: Mapping[FieldName, Source]


class VersionView(msgspec.Struct, frozen=True):
    number: int
    overrides: Overrides
    words: tuple[str, ...]
    note: str
    by_name: str
    at: datetime


class Drift(msgspec.Struct, frozen=True):
    """A team or project whose template isn't the organisation's."""

    scope: Scope
    name: str
    team: str  # the name of a project's team
    own: tuple[FieldName, ...]  # the fields it sets itself
    idle: tuple[FieldName, ...]  # of those, the ones that say the same as what it would inherit
    differences: tuple[Difference, ...]  # from the organisation's
    at: datetime | None  # of its newest version
    by_name: str


class DriftReport(msgspec.Struct, frozen=True):
    drifting: list[Drift]
    agreeing: int  # teams and projects that follow the organisation's template
