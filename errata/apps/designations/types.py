"""What others may hold of designations."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from errata.apps.accounts.types import Person
from errata.core.designation import Codeowners, DesignationRule, Facts, Outcome, PathMapping, Problem

# Whose a rule is, in words.
ORIGINS = {"ownership": "this project", "CODEOWNERS": "CODEOWNERS", "template": "template", "team": "owning team"}


class OwnerView(msgspec.Struct, frozen=True):
    """An owner of a rule, and who is meant."""

    named: str
    people: tuple[str, ...]  # the names of those who could take an issue now
    team: bool
    problem: str = ""  # why nobody is meant: no such person, not active, only a viewer


class RuleView(msgspec.Struct, frozen=True):
    """A rule in its place, with whom it means."""

    place: int  # in the order in which rules are looked at, from 1
    origin: str  # "ownership", "CODEOWNERS", "template", "team"
    line: int
    subject: str
    rule: DesignationRule
    owners: tuple[OwnerView, ...]


class OwnershipView(msgspec.Struct, frozen=True):
    """What a project says of its owners."""

    project_id: int
    project: str  # slug
    enabled: bool
    rules: str
    codeowners: str
    owners: Mapping[str, str]
    mappings: tuple[PathMapping, ...]
    team_takes_rest: bool
    version: int
    updated_at: datetime | None


class CodeownersPreview(msgspec.Struct, frozen=True):
    """What an import would bring, and whom its names mean."""

    read: Codeowners
    named: Mapping[str, str]  # every owner the file names → whom they mean here, or ""


class AbsenceView(msgspec.Struct, frozen=True):
    id: int
    person: Person
    since: datetime
    until: datetime
    stand_in: Person | None
    note: str
    now: bool


class Colleague(msgspec.Struct, frozen=True):
    """A person with what they can, hold, and when they are away."""

    person: Person
    skills: tuple[str, ...]
    issues: int
    load: int
    absences: tuple[AbsenceView, ...]

    @property
    def away(self) -> AbsenceView | None:
        return next((one for one in self.absences if one.now), None)


class Trial(msgspec.Struct, frozen=True):
    """Who would get an issue, why, and what of it the rules looked at."""

    outcome: Outcome
    assignee: Person | None
    deputy: Person | None
    facts: Facts
    title: str = ""  # of the issue, when it was one
    key: str = ""


class DecisionView(msgspec.Struct, frozen=True):
    """What was decided for an issue when its turn came."""

    outcome: Outcome
    at: datetime


class Suggestion(msgspec.Struct, frozen=True):
    """Who might take an issue that no rule is about, and why."""

    person: Person
    reason: str


class Applied(msgspec.Struct, frozen=True):
    """What designating issues that nobody held came to."""

    assigned: tuple[str, ...]
    left: int  # open issues of the project that still have nobody


__all__ = [
    "ORIGINS",
    "AbsenceView",
    "Applied",
    "CodeownersPreview",
    "Colleague",
    "DecisionView",
    "OwnerView",
    "OwnershipView",
    "Problem",
    "RuleView",
    "Suggestion",
    "Trial",
]
