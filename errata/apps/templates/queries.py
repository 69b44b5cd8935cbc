"""Reads of templates."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import queries as audit
from errata.apps.audit.types import AuditEntry
from errata.apps.projects import queries as projects
from errata.apps.projects.queries import ProjectPlace
from errata.apps.projects.snapshot import intake_version
from errata.apps.projects.types import ProjectView
from errata.apps.templates.models import TemplatesVersion, TemplateVersion
from errata.apps.templates.places import (
    ORGANIZATION,
    Place,
    find_place,
    newest,
    organization_place,
    overrides_of,
    project_key,
    team_key,
)
from errata.apps.templates.types import Drift, DriftReport, Scope, Source, TemplateView, VersionView
from errata.core.template import (
    DEFAULT,
    FIELDS,
    Effective,
    FieldName,
    Origin,
    Overrides,
    Template,
    differences,
    resolve,
)

# A list that a person looks through; older ones are in the audit log.
_VERSIONS_MAX = 100
# From before there was anything, so that a history begins before every issue.
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TEMPLATES = ""
_ENTRIES_MAX = 500
_ORIGINS: tuple[Origin, ...] = ("organization", "team", "project")

_Key = tuple[int, int | None, int]
# What this process has reckoned, and the stamp it holds for. Replaced as a whole: threads share it.
_known: tuple[str, dict[_Key, Template]] = ("", {})
_past: tuple[str, dict[_Key, list[tuple[datetime, Template]]]] = ("", {})


def template_version() -> int:
    """A number that grows with every change of any template. 0 while there is none."""
    return TemplatesVersion.objects.filter(id=1).values_list("version", flat=True).first() or 0


def template_of(project_id: int) -> Template:
    """The template in force for a project: its own fields, then its team's, then the organisation's.

    Asked for every arriving issue: two look-ups by key, one while nobody has written a template.
    """
    global _known
    stamp = _stamp()
    if stamp == _NO_TEMPLATES:
        return DEFAULT
    place = projects.place_of(project_id)
    if place is None:
        return DEFAULT
    known = _known if _known[0] == stamp else (stamp, {})
    _known = known
    key = (place.organization_id, place.team_id, project_id)
    if key not in known[1]:
        known[1][key] = _effective(place, project_id).template
    return known[1][key]


def policy_history(project_id: int) -> list[tuple[datetime, Template]]:
    """The templates that were in force for a project, each with its beginning, oldest first. Never empty.

    A project that moved from team to team had each team's template in its time.
    """
    global _past
    stamp, place = _stamp(), projects.place_of(project_id)
    if stamp == _NO_TEMPLATES or place is None:
        return [(_BEGINNING, DEFAULT)]
    # A project that comes back to a team has another past than it had there: hence the number that projects move.
    stamp = f"{stamp}:{intake_version()}"
    past = _past if _past[0] == stamp else (stamp, {})
    _past = past
    key = (place.organization_id, place.team_id, project_id)
    if key not in past[1]:
        past[1][key] = _history(place, project_id)
    return list(past[1][key])


def calendars_named(organization_id: int) -> dict[str, str]:
    """The calendars that any template names or ever named, each with the place that named it first."""
    rows = TemplateVersion.objects.filter(organization_id=organization_id).order_by("id")
    found: dict[str, str] = {}
    for row in rows:
        policy = overrides_of(row).maximum_time
        if policy is not None and policy.calendar:
            found.setdefault(policy.calendar, row.place_name or "the organisation")
    return found


def template(*, actor: Actor, scope: Scope) -> TemplateView:
    """The template of an organisation, team or project, with where each field comes from."""
    allow(actor, "project:read")
    place = find_place(actor, scope)
    rows = newest(actor.organization_id, [each.key for each in place.layers])
    whole, own = _resolved(place.layers, rows), rows.get(place.key)
    return TemplateView(
        scope=Scope(place.kind, "" if place.kind == "organization" else place.slug),
        name=place.name,
        number=own.number if own else 0,
        overrides=overrides_of(own),
        template=whole.template,
        inherited=_resolved(place.around, rows).template,
        sources={name: _source(origin, place, rows) for name, origin in whole.origins.items()},
    )


def versions(*, actor: Actor, scope: Scope) -> list[VersionView]:
    """What was written down there, newest first."""
    allow(actor, "project:read")
    place = find_place(actor, scope)
    rows = TemplateVersion.objects.filter(organization_id=actor.organization_id, place=place.key)
    return [version_view(row) for row in rows.order_by("-number")[:_VERSIONS_MAX]]


def projects_inheriting(*, actor: Actor, scope: Scope, field: FieldName) -> list[int]:
    """The projects, by id, for which a field that is set there would hold: those that nobody nearer sets it for."""
    allow(actor, "project:read")
    whole = find_place(actor, scope)
    rows = newest(actor.organization_id)
    found = [place for place in _places(actor, organization_place(actor)) if whole.key in {e.key for e in place.layers}]
    return [
        place.project_id
        for place in found
        if place.project_id is not None
        and all(
            getattr(overrides_of(rows.get(nearer.key)), field) is None
            for nearer in place.layers[[layer.key for layer in place.layers].index(whole.key) + 1 :]
        )
    ]


def drift(*, actor: Actor) -> DriftReport:
    """Which teams and projects deviate from the organisation's template, and in what."""
    allow(actor, "project:read")
    organization = organization_place(actor)
    rows = newest(actor.organization_id)
    ours = _resolved((organization,), rows).template
    found = [_drift(place, rows, ours) for place in _places(actor, organization)]
    drifting = [each for each in found if each.differences or each.idle]
    return DriftReport(drifting=drifting, agreeing=len(found) - len(drifting))


def version_view(row: TemplateVersion) -> VersionView:
    """A version as others see it."""
    return VersionView(
        number=row.number,
        overrides=overrides_of(row),
        words=tuple(row.words),
        note=row.note,
        by_name=row.by_name,
        at=row.at,
    )


def _stamp() -> str:
    # Asked for every arriving issue: what the ORM takes to build this statement is ten times what it takes to run.
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        row = cursor.fetchone()
    return str(row[0]) if row else _NO_TEMPLATES


_STAMP = f"SELECT stamp FROM {TemplatesVersion._meta.db_table} WHERE id = 1"  # noqa: S608 (a constant)


def _effective(place: ProjectPlace, project_id: int) -> Effective:
    keys = _keys(place.team_id, project_id)
    rows = newest(place.organization_id, [key for _, key in keys])
    return resolve([(origin, overrides_of(rows.get(key))) for origin, key in keys])


def _keys(team_id: int | None, project_id: int) -> list[tuple[Origin, str]]:
    keys = (ORGANIZATION, team_key(team_id) if team_id else "", project_key(project_id))
    return [(origin, key) for origin, key in zip(_ORIGINS, keys, strict=True) if key]


def _resolved(layers: Sequence[Place], rows: dict[str, TemplateVersion]) -> Effective:
    return resolve([(place.kind, overrides_of(rows.get(place.key))) for place in layers])


def _source(origin: Origin, place: Place, rows: dict[str, TemplateVersion]) -> Source:
    found = next((each for each in place.layers if each.kind == origin), None)
    if found is None:
        return Source(origin=origin, name="")
    row = rows[found.key]
    return Source(origin=origin, name=found.name, number=row.number, at=row.at, by_name=row.by_name)


def _places(actor: Actor, organization: Place) -> list[Place]:
    """Every team, then every project, of the organisation."""
    teams = {
        team.slug: Place(kind="team", key=team_key(team.id), slug=team.slug, name=team.name, around=(organization,))
        for team in accounts.list_teams(actor=actor)
    }
    return [
        *teams.values(),
        *(
            Place(
                kind="project",
                key=project_key(project.id),
                slug=project.slug,
                name=project.name,
                project_id=project.id,
                around=(organization, *([teams[project.team]] if project.team else [])),
            )
            for project in projects.list_projects(actor=actor)
        ),
    ]


def _drift(place: Place, rows: dict[str, TemplateVersion], ours: Template) -> Drift:
    own, row = overrides_of(rows.get(place.key)), rows.get(place.key)
    inherited = _resolved(place.around, rows).template
    fields = tuple(name for name in FIELDS if getattr(own, name) is not None)
    return Drift(
        scope=Scope(place.kind, place.slug),
        name=place.name,
        team=place.around[-1].name if place.kind == "project" and len(place.around) > 1 else "",
        own=fields,
        idle=tuple(name for name in fields if getattr(own, name) == getattr(inherited, name)),
        differences=tuple(differences(ours, _resolved(place.layers, rows).template)),
        at=row.at if row else None,
        by_name=row.by_name if row else "",
    )


def _history(place: ProjectPlace, project_id: int) -> list[tuple[datetime, Template]]:
    us = accounts.system_actor(place.organization_id)
    project = projects.project(actor=us, which=project_id)
    teams = _teams(place, project)
    wanted = [ORGANIZATION, project_key(project_id), *(team_key(team) for _, team in teams if team)]
    rows = TemplateVersion.objects.filter(organization_id=place.organization_id, place__in=wanted).order_by("at", "id")
    written: dict[str, list[tuple[datetime, Overrides]]] = {}
    for row in rows:
        written.setdefault(row.place, []).append((row.at, overrides_of(row)))
    moments = sorted({_BEGINNING, *(at for at, _ in teams), *(at for lines in written.values() for at, _ in lines)})
    history: list[tuple[datetime, Template]] = []
    for at in moments:
        team = next((team for since, team in reversed(teams) if since <= at), None)
        layers = [(origin, _then(written.get(key, []), at)) for origin, key in _keys(team, project_id)]
        in_force = resolve(layers).template
        if not history or history[-1][1] != in_force:
            history.append((at, in_force))
    return history


def _then(lines: Sequence[tuple[datetime, Overrides]], at: datetime) -> Overrides:
    return next((overrides for since, overrides in reversed(lines) if since <= at), Overrides())


def _teams(place: ProjectPlace, project: ProjectView) -> list[tuple[datetime, int | None]]:
    """The teams that a project belonged to, each with its beginning: as the audit log tells."""
    told = _audited(place, project, action="project.c", target=project.slug)  # created and changed
    moves = [entry for entry in told if "team_id" in entry.after]
    if not moves:
        return [(_BEGINNING, place.team_id)]
    first, *rest = moves
    teams = [(_BEGINNING, first.before.get("team_id", first.after["team_id"]))]
    teams += [(entry.at, entry.after["team_id"]) for entry in (rest if first.action == "project.created" else moves)]
    if teams[-1][1] != place.team_id:  # A team that is deleted takes its projects along without a word of theirs.
        ends = [entry.at for entry in _audited(place, project, action="team.deleted") if entry.at >= teams[-1][0]]
        teams.append((ends[0] if ends else teams[-1][0], place.team_id))
    return teams


def _audited(place: ProjectPlace, project: ProjectView, *, action: str, target: str = "") -> list[AuditEntry]:
    """The entries since the project was created, oldest first."""
    us = accounts.system_actor(place.organization_id)
    found = audit.list_entries(actor=us, target=target, action=action, limit=_ENTRIES_MAX).items
    return [entry for entry in reversed(found) if entry.at >= project.created_at]
