"""Writes: what a project says of its owners, what people can, when they are away."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor, Person
from errata.apps.audit import operations as audit
from errata.apps.designations import deciding, queries
from errata.apps.designations.following import SLICE_ISSUES, Designating, facts_for, revisit
from errata.apps.designations.models import Absence, Ownership, Skill
from errata.apps.designations.types import Applied, OwnershipView
from errata.apps.issues import queries as issues
from errata.apps.issues.events import EventsUnavailable
from errata.apps.projects import queries as projects
from errata.apps.records import storable, together, write
from errata.core.designation import CODEOWNERS_BYTES_MAX, PathMapping, is_owner, read_rules
from errata.core.errors import Refusal
from errata.ports.event_store import StoreUnavailable

__all__ = [
    "Designating",
    "add_absence",
    "designate_unheld",
    "end_absence",
    "revisit",
    "set_ownership",
    "set_skills",
]

# Some 3,000 lines: what is written by hand. Files of thousands of folders are CODEOWNERS.
RULES_BYTES_MAX = 256 * 1024
MAPPINGS_MAX = 50
SKILLS_MAX = 50
SKILL_CHARS_MAX = 40
_TOLD_CHARS_MAX = 2_000
# Of one request: an event is read for each.
DESIGNATED_AT_ONCE_MAX = 100


class OwnershipRefused(Refusal):
    """Rules that can't be kept as they are."""

    code = "ownership_refused"
    status = 422


class OwnershipChangedMeanwhile(Refusal):
    """Somebody else changed the rules since they were read."""

    code = "changed_meanwhile"
    status = 409


class SkillsRefused(Refusal):
    """Skills that can't be kept as they are."""

    code = "skills_refused"
    status = 422


class AbsenceRefused(Refusal):
    """An absence that can't be."""

    code = "absence_refused"
    status = 422


class AbsenceNotFound(Refusal):
    """No such absence in the organisation."""

    code = "absence_not_found"
    status = 404


def set_ownership(
    *,
    which: str | int,
    by: Actor,
    at: datetime,
    enabled: bool | None = None,
    rules: str | None = None,
    codeowners: str | None = None,
    owners: Mapping[str, str] | None = None,
    mappings: Sequence[PathMapping] | None = None,
    team_takes_rest: bool | None = None,
    version: int | None = None,
) -> OwnershipView:
    """Change what is given of a project's ownership. Raises OwnershipRefused with the lines that can't be read.

    With `version`, only if nobody changed it since.
    """
    allow(by, "project:admin")
    changes: dict[str, Any] = {}
    if enabled is not None:
        changes["enabled"] = enabled
    if rules is not None:
        changes["rules"] = _checked_rules(rules)
    if codeowners is not None:
        changes["codeowners"] = _checked_file(codeowners)
    if owners is not None:
        changes["owners"] = _checked_owners(owners)
    if mappings is not None:
        changes["mappings"] = _checked_mappings(mappings)
    if team_takes_rest is not None:
        changes["team_takes_rest"] = team_takes_rest
    with write():
        project = projects.project(actor=by, which=which)
        row = Ownership.objects.filter(project_id=project.id).first() or Ownership(project_id=project.id, version=0)
        if version is not None and version != row.version:
            msg = "The rules were changed meanwhile. Look at them again, then decide."
            raise OwnershipChangedMeanwhile(msg, version=row.version, expected=version)
        before = {name: getattr(row, name) for name in changes}
        if before == changes:
            return queries.ownership(actor=by, which=project.id)
        for name, value in changes.items():
            setattr(row, name, value)
        row.version, row.updated_at = row.version + 1, at
        row.save()
        told = {"before": _told(before), "after": _told(changes)}
        audit.record(by=by, action="ownership.changed", target=project.slug, at=at, **told)
        return queries.ownership(actor=by, which=project.id)


def set_skills(*, who: str | int, skills: Sequence[str], by: Actor, at: datetime) -> tuple[str, ...]:
    """Say what a person can: one's own skills, or, for an admin, anybody's."""
    person = _colleague(who, by)
    wanted = sorted({name for text in skills if (name := storable(text).strip().casefold())})
    if len(wanted) > SKILLS_MAX:
        raise SkillsRefused(f"{len(wanted)} skills are too many; {SKILLS_MAX} is the most.", field="skills")
    if long := [name for name in wanted if len(name) > SKILL_CHARS_MAX]:
        raise SkillsRefused(f"“{long[0]}” is too long; a skill has {SKILL_CHARS_MAX} letters at most.", field="skills")
    with write():
        own = Skill.objects.filter(organization_id=by.organization_id, user_id=person.id)
        before = sorted(own.values_list("name", flat=True))
        if before != wanted:
            own.exclude(name__in=wanted).delete()
            Skill.objects.bulk_create(
                Skill(organization_id=by.organization_id, user_id=person.id, name=name)
                for name in wanted
                if name not in before
            )
            told = {"before": {"skills": before}, "after": {"skills": wanted}}
            audit.record(by=by, action="person.skills", target=person.email, at=at, **told)
    return tuple(wanted)


def add_absence(
    *,
    who: str | int,
    since: datetime,
    until: datetime,
    by: Actor,
    at: datetime,
    stand_in: str | int | None = None,
    note: str = "",
) -> int:
    """Say when a person is away, and who takes what they would get: of oneself, or, for an admin, of anybody."""
    person = _colleague(who, by)
    deputy = accounts.person(actor=by, who=stand_in) if stand_in else None
    if since.tzinfo is None or until.tzinfo is None or not since.year > 1 or not until.year < 9999:
        raise AbsenceRefused("Say the times with their zone, as in 2027-01-04T09:00:00+01:00.", field="since")
    if until <= since:
        raise AbsenceRefused("An absence ends after it begins.", field="until")
    if until <= at:
        raise AbsenceRefused("This is over already; only absences to come change who gets an issue.", field="until")
    if deputy and deputy.id == person.id:
        raise AbsenceRefused("Nobody stands in for themselves. Choose somebody else, or nobody.", field="stand_in")
    with write():
        row = Absence.objects.create(
            organization_id=by.organization_id,
            user_id=person.id,
            since=since,
            until=until,
            stand_in_id=deputy.id if deputy else None,
            note=storable(note).strip()[:200],
        )
        after = {"since": since.isoformat(), "until": until.isoformat(), "stand_in": deputy.email if deputy else None}
        audit.record(by=by, action="person.away", target=person.email, at=at, after=after)
        return row.id


def end_absence(*, absence_id: int, by: Actor, at: datetime) -> None:
    """Take an absence away, or end it when it has begun. Raises AbsenceNotFound."""
    row = Absence.objects.filter(id=absence_id, organization_id=by.organization_id).select_related("user").first()
    if row is None:
        raise AbsenceNotFound("There is no such absence.", absence=absence_id)
    _colleague(row.user_id, by)
    with write():
        Absence.objects.filter(id=row.id).delete()
        audit.record(by=by, action="person.back", target=row.user.email, at=at)


def designate_unheld(*, which: str | int, by: Actor, at: datetime) -> Applied:
    """Give the open issues of a project that nobody holds to whom its rules say: those of a page, oldest first."""
    allow(by, "project:admin")
    project = projects.project(actor=by, which=which)
    keys = issues.unassigned_keys(actor=by, project_id=project.id, limit=DESIGNATED_AT_ONCE_MAX)
    bench = deciding.Bench(by.organization_id, at=at)
    rows = issues.issues_by_keys(actor=by, keys=keys)
    try:
        facts = {row.id: facts_for(row, bench) for row in rows}
    except StoreUnavailable as error:
        raise EventsUnavailable(
            "The event store isn't answering, so the rules have nothing to look at. Try again in a moment."
        ) from error
    assigned: list[str] = []
    bench.prepare()
    for start in range(0, len(rows), SLICE_ISSUES):
        with together():
            # As they are now, within the transaction.
            fresh = issues.issues_by_keys(actor=by, keys=[row.key for row in rows[start : start + SLICE_ISSUES]])
            given = deciding.decide_and_apply(fresh, facts, bench=bench, at=at)
        assigned += [row.key for row in fresh if row.id in given]
    with write():
        after = {"assigned": len(assigned), "looked_at": len(rows)}
        audit.record(by=by, action="ownership.applied", target=project.slug, at=at, after=after)
    left = issues.count_unassigned(actor=by).get(project.id, 0)
    return Applied(assigned=tuple(assigned), left=left)


def _colleague(who: str | int, by: Actor) -> Person:
    person = accounts.person(actor=by, who=who)
    allow(by, "issue:write" if person.id == by.user_id else "org:admin")
    return person


def _checked_rules(text: str) -> str:
    tidy = storable(text).replace("\r\n", "\n").strip("\n")
    if len(tidy.encode()) > RULES_BYTES_MAX:
        msg = f"The rules have more than {RULES_BYTES_MAX // 1024} kB. Import what is that long as a CODEOWNERS file."
        raise OwnershipRefused(msg, field="rules")
    if problems := read_rules(tidy).problems:
        told = " ".join(f"Line {one.line}: {one.why}" for one in problems[:3])
        more = f" And {len(problems) - 3} more." if len(problems) > 3 else ""
        lines = [{"line": one.line, "text": one.text, "why": one.why} for one in problems[:50]]
        raise OwnershipRefused(f"{told}{more}", field="rules", problems=lines)
    return tidy


def _checked_file(text: str) -> str:
    tidy = storable(text).replace("\r\n", "\n")
    if len(tidy.encode()) > CODEOWNERS_BYTES_MAX:
        msg = f"A CODEOWNERS file has {CODEOWNERS_BYTES_MAX // 2**20} MB at most, here as on the platforms."
        raise OwnershipRefused(msg, field="codeowners")
    return tidy


def _checked_owners(owners: Mapping[str, str]) -> dict[str, str]:
    found = {storable(name).strip(): storable(owner).strip().casefold() for name, owner in owners.items()}
    if strange := [owner for owner in found.values() if owner and not is_owner(owner)]:
        msg = f"“{strange[0]}” is neither an e-mail address nor a #team."
        raise OwnershipRefused(msg, field="owners")
    return {name: owner for name, owner in found.items() if name and owner}


def _checked_mappings(mappings: Sequence[PathMapping]) -> list[list[str]]:
    if len(mappings) > MAPPINGS_MAX:
        raise OwnershipRefused(f"{len(mappings)} folders are too many; {MAPPINGS_MAX} is the most.", field="mappings")
    return [[storable(one.stack_root)[:256], storable(one.source_root)[:256]] for one in mappings]


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit log: a long text by its beginning and its length."""

    def told(value: Any) -> Any:
        if isinstance(value, str) and len(value) > _TOLD_CHARS_MAX:
            return f"{value[:_TOLD_CHARS_MAX]}… ({len(value)} characters)"
        return value

    return {name: told(value) for name, value in fields.items()}
