"""What a decision needs: the rules in force, the people there are, the issue's facts."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import ROLE_SCOPES
from errata.apps.accounts.types import Actor, Person
from errata.apps.designations.models import Absence, Ownership, Skill, Turn
from errata.apps.issues import events
from errata.apps.issues import queries as issues
from errata.apps.issues.types import IssueRow
from errata.apps.templates.queries import template_of
from errata.core.designation import (
    DesignationRule,
    Facts,
    Frame,
    Member,
    PathMapping,
    RuleList,
    Staff,
    frames_of,
    read_codeowners,
    read_rules,
    services_of,
)
from errata.core.event import MalformedEvent, decode

# People of an organisation; the largest that share one tracker have some thousands.
PEOPLE_MAX = 10_000
# Kinds that look into the event. The others know from the record alone.
NO_FRAMES: tuple[Frame, ...] = ()
_OF_THE_EVENT = {"path", "codeowners", "module", "url", "tag", "service"}


def lists_of(project_id: int, *, team: str) -> list[RuleList]:
    """The rules in force for a project, in the order in which they are looked at. None when they are switched off."""
    row = Ownership.objects.filter(project_id=project_id).first()
    if row and not row.enabled:
        return []
    lists: list[RuleList] = []
    if row:
        lists += _own_lists(row.rules, row.codeowners, tuple(row.owners.items()), mappings_of(row))
    lists.append(RuleList("template", tuple(template_of(project_id).designation)))
    if team and (row is None or row.team_takes_rest):
        lists.append(RuleList("team", (DesignationRule(owners=(f"#{team}",), choose="least_load"),)))
    return [one for one in lists if one.rules]


# Reading a CODEOWNERS file of 3 MB takes a second; comparing it with the one that was read takes a millisecond.
@lru_cache(maxsize=32)
def _own_lists(
    rules: str, codeowners: str, owners: tuple[tuple[str, str], ...], mappings: tuple[PathMapping, ...]
) -> tuple[RuleList, ...]:
    own, file = read_rules(rules), read_codeowners(codeowners, owners=dict(owners))
    return (
        RuleList("ownership", own.rules, own.lines, mappings),
        RuleList("CODEOWNERS", file.rules, file.lines, mappings),
    )


def mappings_of(row: Ownership) -> tuple[PathMapping, ...]:
    """Where the folders of the running program are in the repository."""
    return tuple(PathMapping(stack_root=stack, source_root=source) for stack, source in row.mappings)


def staff_of(actor: Actor, *, at: datetime) -> Staff:
    """The people of the actor's organisation, with their skills, absences and loads."""
    skills: dict[int, list[str]] = {}
    for user, name in Skill.objects.filter(organization_id=actor.organization_id).values_list("user_id", "name"):
        skills.setdefault(user, []).append(name)
    away = _away(actor, at)
    people = accounts.list_people(actor=actor, include_inactive=True, limit=PEOPLE_MAX)
    members = tuple(_member(one, sorted(skills.get(one.id, ())), away.get(one.id)) for one in people)
    return Staff(members=members, loads=issues.loads_of(actor=actor))


def with_turns(staff: Staff, *, project_id: int) -> Staff:
    """The same people, with who had their turn when in the project."""
    turns: dict[str, dict[int, int]] = {}
    for rule, user, number in Turn.objects.filter(project_id=project_id).values_list("rule", "user_id", "number"):
        turns.setdefault(rule, {})[user] = number
    return msgspec.structs.replace(staff, turns=turns)


def looks_into_events(lists: Sequence[RuleList]) -> bool:
    """Whether any rule asks for more than the record of the issue."""
    rules = (rule for one in lists for rule in one.rules)
    return any(rule.kind in _OF_THE_EVENT or (rule.choose == "skill" and not rule.skills) for rule in rules)


def facts_of(row: IssueRow) -> Facts:
    """The issue with its newest event. Raises StoreUnavailable."""
    body = events.read_event(row) if row.groups else None
    if body is None:
        return msgspec.structs.replace(facts_of_record(row), services=_services(row, (), ""))
    stored = body.event.facts
    try:
        fields = decode(body.payload)
    except MalformedEvent:
        frames, url = NO_FRAMES, ""
    else:
        frames, url = frames_of(fields), (fields.request.url or "") if fields.request else ""
    tags = tuple(stored.tags)
    return msgspec.structs.replace(
        facts_of_record(row),
        frames=frames,
        url=url or dict(tags).get("url", ""),
        tags=(*tags, *_columns(stored.environment, stored.release, stored.server_name, stored.logger)),
        services=_services(row, tags, stored.transaction, stored.server_name),
    )


def facts_without_events(actor: Actor, row: IssueRow) -> Facts:
    """What the records know of it: the frames that its grouping counted, by module or file name."""
    frames = [
        Frame(path=frame["place"], module=frame["place"])
        for group in issues.groups(actor=actor, key=row.key)[:1]
        for exception in reversed(group.explanation.get("exceptions", ()))
        for frame in reversed(exception.get("frames", ()))
        if frame.get("place")
    ]
    facts = msgspec.structs.replace(facts_of_record(row), services=_services(row, (), row.culprit))
    return msgspec.structs.replace(facts, frames=tuple(dict.fromkeys(frames)), complete=not row.groups)


def facts_of_record(row: IssueRow) -> Facts:
    """The issue alone."""
    labels = tuple(label.name for label in row.labels)
    return Facts(type=row.type, severity=row.severity, labels=labels, platform=row.platform)


def _services(row: IssueRow, tags: Sequence[tuple[str, str]], *others: str) -> tuple[str, ...]:
    return services_of(tags, others=(*others, row.project.slug, row.project.name))


def _columns(environment: str, release: str, server_name: str, logger: str) -> list[tuple[str, str]]:
    """What rules may ask for as tags though the event store has a column for it."""
    named = {"environment": environment, "release": release, "server_name": server_name, "logger": logger}
    return [(name, value) for name, value in named.items() if value]


def _member(person: Person, skills: Sequence[str], away: tuple[datetime, int | None] | None) -> Member:
    return Member(
        id=person.id,
        email=person.email,
        name=person.name,
        teams=person.teams,
        skills=tuple(skills),
        active=person.active,
        may_work="issue:write" in ROLE_SCOPES.get(person.role, ()),  # type: ignore[call-overload]  # a role by its name
        away_until=away[0] if away else None,
        stand_in=away[1] if away else None,
    )


def _away(actor: Actor, at: datetime) -> dict[int, tuple[datetime, int | None]]:
    rows = Absence.objects.filter(organization_id=actor.organization_id, since__lte=at, until__gt=at).order_by("until")
    return {user: (until, stand_in) for user, until, stand_in in rows.values_list("user_id", "until", "stand_in_id")}
