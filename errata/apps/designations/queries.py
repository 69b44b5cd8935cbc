"""Reads of designations. Every one takes the actor, and sees the actor's organisation alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.designations import deciding, gathering
from errata.apps.designations.following import facts_for
from errata.apps.designations.models import Absence, Decision, Ownership, Skill
from errata.apps.designations.types import (
    AbsenceView,
    CodeownersPreview,
    Colleague,
    DecisionView,
    OwnershipView,
    OwnerView,
    RuleView,
    Suggestion,
    Trial,
)
from errata.apps.issues import events
from errata.apps.issues import queries as issues
from errata.apps.projects import queries as projects
from errata.core.designation import (
    Facts,
    Frame,
    Load,
    Member,
    Outcome,
    Staff,
    read_codeowners,
    subject_of,
)
from errata.ports.event_store import StoreUnavailable

# Rules that a page lists. A CODEOWNERS file of thousands is searched with the tester.
RULES_SHOWN_MAX = 200


def ownership(*, actor: Actor, which: str | int) -> OwnershipView:
    """What a project says of its owners. Raises ProjectNotFound."""
    project = projects.project(actor=actor, which=which)
    row = Ownership.objects.filter(project_id=project.id).first()
    if row is None:
        return OwnershipView(project.id, project.slug, True, "", "", {}, (), True, 0, None)
    return OwnershipView(
        project_id=project.id,
        project=project.slug,
        enabled=row.enabled,
        rules=row.rules,
        codeowners=row.codeowners,
        owners=row.owners,
        mappings=gathering.mappings_of(row),
        team_takes_rest=row.team_takes_rest,
        version=row.version,
        updated_at=row.updated_at,
    )


def list_rules(
    *, actor: Actor, which: str | int, now: datetime, limit: int = RULES_SHOWN_MAX
) -> tuple[list[RuleView], int]:
    """The rules in force for a project, in the order they are looked at, each with whom it means; and how many."""
    project = projects.project(actor=actor, which=which)
    lists = gathering.lists_of(project.id, team=project.team)
    staff = gathering.staff_of(actor, at=now)
    placed = [
        (one.name, one.lines[index] if index < len(one.lines) else index + 1, rule)
        for one in lists
        for index, rule in enumerate(one.rules)
    ]
    shown = [
        RuleView(
            place=place,
            origin=origin,
            line=line,
            subject=subject_of(rule),
            rule=rule,
            owners=tuple(_owner(named, staff) for named in rule.owners),
        )
        for place, (origin, line, rule) in enumerate(placed[:limit], 1)
    ]
    return shown, len(placed)


def preview_codeowners(
    *, actor: Actor, which: str | int, text: str, owners: Mapping[str, str], now: datetime
) -> CodeownersPreview:
    """What importing a file would bring, and which of its names mean nobody here."""
    projects.project(actor=actor, which=which)
    staff = gathering.staff_of(actor, at=now)
    known = dict(owners) | _guessed(read_codeowners(text, owners=owners).unmapped, actor, staff)
    read = read_codeowners(text, owners=known)
    strangers = {owner for rule in read.rules for owner in rule.owners if _owner(owner, staff).problem}
    named = {name: known.get(name, "") for name in dict.fromkeys((*known, *read.unmapped, *sorted(strangers)))}
    return CodeownersPreview(read=read, named=named)


def try_issue(*, actor: Actor, key: str, now: datetime) -> Trial:
    """Who would get an issue now, if nobody held it. Raises EventsUnavailable."""
    row = issues.issue(actor=actor, key=key).row
    bench = deciding.Bench(actor.organization_id, at=now)
    try:
        facts = facts_for(row, bench)
    except StoreUnavailable as error:
        msg = "The event store isn't answering, so the rules have nothing to look at. Try again in a moment."
        raise events.EventsUnavailable(msg) from error
    outcome = bench.decide(row, facts)
    return _trial(actor, outcome, facts, title=row.title, key=row.key)


def try_text(*, actor: Actor, which: str | int, text: str, now: datetime) -> Trial:
    """Who would get an issue of a project that has this path, module or URL."""
    project = projects.project(actor=actor, which=which)
    bench = deciding.Bench(actor.organization_id, at=now)
    facts = _facts_of(text.strip(), services=(project.slug, project.name))
    outcome = bench.decide_for(project.id, facts)
    return _trial(actor, outcome, facts, title=text.strip())


def decision(*, actor: Actor, key: str) -> DecisionView | None:
    """What was decided for an issue when its turn came; None when it had none. Raises IssueNotFound."""
    return decision_of(actor=actor, issue_id=issues.issue(actor=actor, key=key).row.id)


def decision_of(*, actor: Actor, issue_id: int) -> DecisionView | None:
    """The same, by the number of an issue that was just read."""
    allow(actor, "issue:read")
    row = Decision.objects.filter(issue_id=issue_id, issue__organization_id=actor.organization_id).first()
    return DecisionView(outcome=msgspec.json.decode(row.outcome, type=Outcome), at=row.at) if row else None


def suggest(*, actor: Actor, key: str, now: datetime) -> Suggestion | None:
    """Who might take an issue: who fixed or commented on issues of the same place, and is here."""
    allow(actor, "issue:read")
    found = issues.familiar_people(actor=actor, key=key)
    if not found:
        return None
    people = {one.id: one for one in accounts.list_people(actor=actor, ids=[one.person for one in found])}
    absent = Absence.objects.filter(organization_id=actor.organization_id, since__lte=now, until__gt=now)
    away = set(absent.values_list("user_id", flat=True))
    for one in found:
        person = people.get(one.person)
        if person is None or person.role == "viewer" or person.id in away:
            continue
        return Suggestion(person=person, reason=_familiarity(one))
    return None


def list_colleagues(*, actor: Actor, now: datetime) -> list[Colleague]:
    """Everybody active, with what they can, hold, and when they are away."""
    people = accounts.list_people(actor=actor, limit=gathering.PEOPLE_MAX)
    by_id = {person.id: person for person in people}
    skills: dict[int, list[str]] = {}
    for user, name in Skill.objects.filter(organization_id=actor.organization_id).values_list("user_id", "name"):
        skills.setdefault(user, []).append(name)
    absences: dict[int, list[AbsenceView]] = {}
    rows = Absence.objects.filter(organization_id=actor.organization_id, until__gt=now, user_id__in=by_id)
    for row in rows.order_by("since"):
        view = AbsenceView(
            id=row.id,
            person=by_id[row.user_id],
            since=row.since,
            until=row.until,
            stand_in=by_id.get(row.stand_in_id or 0),
            note=row.note,
            now=row.since <= now,
        )
        absences.setdefault(row.user_id, []).append(view)
    loads = issues.loads_of(actor=actor)
    return [
        Colleague(
            person=person,
            skills=tuple(sorted(skills.get(person.id, ()))),
            issues=loads.get(person.id, Load()).issues,
            load=loads.get(person.id, Load()).weight,
            absences=tuple(absences.get(person.id, ())),
        )
        for person in people
    ]


def _trial(actor: Actor, outcome: Outcome, facts: Facts, *, title: str, key: str = "") -> Trial:
    chosen = [number for number in (outcome.assignee, outcome.deputy) if number]
    people = {one.id: one for one in accounts.members(actor=actor, ids=chosen)}
    assignee, deputy = people.get(outcome.assignee or 0), people.get(outcome.deputy or 0)
    return Trial(outcome=outcome, assignee=assignee, deputy=deputy, facts=facts, title=title, key=key)


def _facts_of(text: str, *, services: Sequence[str]) -> Facts:
    """A path, a module or a URL as the issue that a person has in mind."""
    if "://" in text:
        return Facts(type="Error", url=text, tags=(("url", text),), services=tuple(services))
    name, sign, value = text.partition("=")
    if sign and "/" not in name:
        return Facts(type="Error", tags=((name.removeprefix("tags."), value),), services=tuple(services))
    frame = Frame(path=text, module=text if "/" not in text else "")
    return Facts(type="Error", frames=(frame,), services=(*services, text))


def _owner(named: str, staff: Staff) -> OwnerView:
    team = named.startswith("#")
    members = [one for one in staff.members if (named[1:] in one.teams if team else one.email == named)]
    able = [one for one in members if one.active and one.may_work]
    problem = "" if able else _problem(members, team=team)
    return OwnerView(named=named, people=tuple(one.name or one.email for one in able), team=team, problem=problem)


def _problem(members: Sequence[Member], *, team: bool) -> str:
    if not members:
        return "no such team, or nobody in it" if team else "nobody here has this address"
    if team:
        return "nobody in the team can take an issue"
    return "may look, not work" if members[0].active else "not active any more"


def _guessed(names: Sequence[str], actor: Actor, staff: Staff) -> dict[str, str]:
    """Whom an account's or a group's name probably means: the team of that slug, the address or name that begins so."""
    teams = {team.slug for team in accounts.list_teams(actor=actor)}
    people = {one.email.partition("@")[0]: one.email for one in staff.members if one.active and one.may_work}
    found: dict[str, str] = {}
    for name in names:
        slug = name.rpartition("/")[2].removeprefix("@").casefold()
        if "/" in name and slug in teams:
            found[name] = f"#{slug}"
        elif "/" not in name and slug in people:
            found[name] = people[slug]
    return found


def _familiarity(one: issues.Familiar) -> str:
    fixed, commented = _listed(one.fixed), _listed(one.commented)
    parts = [f"fixed {fixed}" if fixed else "", f"commented on {commented}" if commented else ""]
    return f"{' and '.join(part for part in parts if part)} in {one.place}"


def _listed(keys: Sequence[str]) -> str:
    shown = ", ".join(keys[:3])
    return f"{shown} and {len(keys) - 3} more" if len(keys) > 3 else shown
