"""Who gets issues: a project's rules, what they would decide, what they decided."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from ninja import Field, Router, Schema, Status
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.api.native.schemas import Page, PersonOut
from errata.apps.designations import operations, queries
from errata.apps.designations.types import Colleague, OwnershipView, RuleView, Trial
from errata.apps.issues import queries as issues
from errata.apps.projects import queries as projects
from errata.core.designation import Holding, PathMapping, format_rule

router = Router(tags=["Designation"])


class MappingOut(Schema):
    """Where a folder of the running program is in the repository."""

    stack_root: str
    source_root: str


class RuleOut(Schema):
    place: int
    origin: str = Field(description="ownership, CODEOWNERS, template or team.")
    line: int
    rule: str
    unknown_owners: list[str]

    @staticmethod
    def of(one: RuleView) -> "RuleOut":
        unknown = [owner.named for owner in one.owners if owner.problem]
        return RuleOut(
            place=one.place, origin=one.origin, line=one.line, rule=format_rule(one.rule), unknown_owners=unknown
        )


class OwnershipOut(Schema):
    """What a project says of its owners. The first rule that is about an issue decides; `order` has them all."""

    project: str
    enabled: bool
    rules: str
    codeowners: str
    owners: dict[str, str]
    mappings: list[MappingOut]
    team_takes_rest: bool
    version: int
    updated_at: datetime | None
    order: list[RuleOut] = Field(description="The first 200 rules in force, in the order they are looked at.")
    rules_in_force: int


class OwnershipIn(Schema):
    """What is absent stays."""

    enabled: bool | None = None
    rules: str | None = Field(None, description="One a line: `path:billing/** #payments choose=least_load`.")
    codeowners: str | None = Field(None, description="A CODEOWNERS file as it is; its last match wins.")
    owners: dict[str, str] | None = Field(None, description="Whom its names mean: `@octocat` → an address or #team.")
    mappings: list[MappingOut] | None = None
    team_takes_rest: bool | None = None
    version: int | None = Field(None, description="Refused with 409 when it was changed since.")


class TrialOut(Schema):
    """Who would get it, and why."""

    assignee: PersonOut | None
    deputy: PersonOut | None
    reason: str
    outcome: dict[str, Any]

    @staticmethod
    def of(trial: Trial) -> "TrialOut":
        return TrialOut(
            assignee=PersonOut.of(trial.assignee), deputy=PersonOut.of(trial.deputy), reason=trial.outcome.reason,
            outcome=msgspec.to_builtins(trial.outcome),
        )  # fmt: skip


class HolderOut(Schema):
    post: str
    person: int
    name: str
    since: datetime
    until: datetime | None
    given_by: str
    reason: str

    @staticmethod
    def of(one: Holding) -> "HolderOut":
        return HolderOut(
            post=one.post, person=one.person, name=one.name, since=one.since, until=one.until, given_by=one.by,
            reason=one.reason,
        )  # fmt: skip


class SuggestionOut(Schema):
    person: PersonOut | None
    reason: str


class DesignationOut(Schema):
    """Why the issue has who it has: what was decided when its turn came, and who held it since."""

    issue: str
    decided_at: datetime | None
    decided: dict[str, Any] | None
    suggestion: SuggestionOut | None = Field(description="Who might take it, when nobody holds it.")
    held_by: list[HolderOut] = Field(description="Oldest first.")


class SkillsIn(Schema):
    skills: list[str]


class AbsenceIn(Schema):
    since: datetime
    until: datetime
    stand_in: str | None = Field(None, description="Their number or e-mail address.")
    note: str = ""


class AbsenceMadeOut(Schema):
    id: int


class AbsenceOut(Schema):
    id: int
    since: datetime
    until: datetime
    stand_in: PersonOut | None
    note: str


class ColleagueOut(Schema):
    """What somebody can and holds, and when they are away."""

    person: PersonOut | None
    skills: list[str]
    open_issues: int
    load: int = Field(description="What their open issues weigh: 1, 2, 4, 8 by severity.")
    absences: list[AbsenceOut]

    @staticmethod
    def of(one: Colleague) -> "ColleagueOut":
        absences = [
            AbsenceOut(id=each.id, since=each.since, until=each.until, stand_in=PersonOut.of(each.stand_in),
                       note=each.note)
            for each in one.absences
        ]  # fmt: skip
        return ColleagueOut(
            person=PersonOut.of(one.person), skills=list(one.skills), open_issues=one.issues, load=one.load,
            absences=absences,
        )  # fmt: skip


class AppliedOut(Schema):
    assigned: list[str]
    unassigned: int = Field(description="Open issues of the project that still have nobody.")


class UnassignedProjectOut(Schema):
    project: str
    count: int


class UnassignedOut(Schema):
    """Open issues that nobody holds: each is at risk until somebody does."""

    count: int
    projects: list[UnassignedProjectOut]


@router.get("/projects/{slug}/ownership", response=OwnershipOut, summary="Get a project's ownership rules")
def get_ownership(request: ApiRequest, slug: str) -> OwnershipOut:
    """The texts as they were written, and the rules in force in their order."""
    return _ownership(request, queries.ownership(actor=request.auth, which=slug))


@router.put("/projects/{slug}/ownership", response=OwnershipOut, summary="Change a project's ownership rules")
def put_ownership(request: ApiRequest, slug: str, body: OwnershipIn) -> OwnershipOut:
    """Refused with 422 and the lines that can't be read."""
    given = body.dict(exclude_none=True, exclude={"mappings"})
    if body.mappings is not None:
        given["mappings"] = [PathMapping(one.stack_root, one.source_root) for one in body.mappings]
    changed = operations.set_ownership(which=slug, by=request.auth, at=datetime.now(UTC), **given)
    return _ownership(request, changed)


@router.get("/projects/{slug}/designation", response=TrialOut, summary="Try a project's rules")
def try_project(
    request: ApiRequest,
    slug: str,
    text: str = Query(..., max_length=2_000, description="A path, a module, a URL, or a tag as `name=value`."),
) -> TrialOut:
    """Who would get an issue that has this."""
    return TrialOut.of(queries.try_text(actor=request.auth, which=slug, text=text, now=datetime.now(UTC)))


@router.post("/projects/{slug}/designation", response=AppliedOut, summary="Designate issues that nobody holds")
def apply_to_project(request: ApiRequest, slug: str) -> AppliedOut:
    """The 100 oldest open issues of the project without an assignee."""
    done = operations.designate_unheld(which=slug, by=request.auth, at=datetime.now(UTC))
    return AppliedOut(assigned=list(done.assigned), unassigned=done.left)


@router.get("/issues/{key}/designation", response=DesignationOut, summary="Why an issue has who it has")
def get_designation(request: ApiRequest, key: str) -> DesignationOut:
    """The rule, the numbers of everybody considered, and the hand-overs since."""
    row = issues.issue(actor=request.auth, key=key).row
    decided = queries.decision_of(actor=request.auth, issue_id=row.id)
    found = None if row.assignee else queries.suggest(actor=request.auth, key=key, now=datetime.now(UTC))
    return DesignationOut(
        issue=row.key,
        decided_at=decided.at if decided else None,
        decided=msgspec.to_builtins(decided.outcome) if decided else None,
        suggestion=SuggestionOut(person=PersonOut.of(found.person), reason=found.reason) if found else None,
        held_by=[HolderOut.of(one) for one in issues.holders(actor=request.auth, key=key)],
    )


@router.get("/issues/{key}/designation/trial", response=TrialOut, summary="Try the rules on an issue")
def try_issue(request: ApiRequest, key: str) -> TrialOut:
    """Who would get it now, if nobody held it."""
    return TrialOut.of(queries.try_issue(actor=request.auth, key=key, now=datetime.now(UTC)))


@router.get("/unassigned", response=UnassignedOut, summary="Count the open issues that nobody holds")
def get_unassigned(request: ApiRequest) -> UnassignedOut:
    """By project, most first."""
    counts = issues.count_unassigned(actor=request.auth)
    slugs = {project.id: project.slug for project in projects.list_projects(actor=request.auth)}
    listed = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    rows = [UnassignedProjectOut(project=slugs[project], count=many) for project, many in listed if project in slugs]
    return UnassignedOut(count=sum(row.count for row in rows), projects=rows)


@router.get("/colleagues", response=Page[ColleagueOut], summary="List people with skills, load and absences")
def list_colleagues(request: ApiRequest) -> Page[ColleagueOut]:
    """Everybody active, by name."""
    found = queries.list_colleagues(actor=request.auth, now=datetime.now(UTC))
    return Page(items=[ColleagueOut.of(one) for one in found])


@router.put("/colleagues/{person}/skills", response=list[str], summary="Say what somebody can")
def put_skills(request: ApiRequest, person: str, body: SkillsIn) -> list[str]:
    """`person` is a number, an e-mail address or `me`; others' skills are an admin's to say."""
    return list(operations.set_skills(who=person, skills=body.skills, by=request.auth, at=datetime.now(UTC)))


@router.post("/colleagues/{person}/absences", response={201: AbsenceMadeOut}, summary="Say when somebody is away")
def add_absence(request: ApiRequest, person: str, body: AbsenceIn) -> Status[AbsenceMadeOut]:
    """What they would get meanwhile goes to who stands in, or to the next in the rule."""
    made = operations.add_absence(who=person, **body.dict(), by=request.auth, at=datetime.now(UTC))
    return Status(201, AbsenceMadeOut(id=made))


@router.delete("/absences/{absence_id}", response={204: None}, summary="Take an absence out")
def end_absence(request: ApiRequest, absence_id: int) -> Status[None]:
    """Somebody is back, or won't be away after all."""
    operations.end_absence(absence_id=absence_id, by=request.auth, at=datetime.now(UTC))
    return Status(204, None)


def _ownership(request: ApiRequest, found: OwnershipView) -> OwnershipOut:
    order, total = queries.list_rules(actor=request.auth, which=found.project, now=datetime.now(UTC))
    return OwnershipOut(
        project=found.project, enabled=found.enabled, rules=found.rules, codeowners=found.codeowners,
        owners=dict(found.owners), team_takes_rest=found.team_takes_rest, version=found.version,
        mappings=[MappingOut(stack_root=one.stack_root, source_root=one.source_root) for one in found.mappings],
        updated_at=found.updated_at, order=[RuleOut.of(one) for one in order], rules_in_force=total,
    )  # fmt: skip
