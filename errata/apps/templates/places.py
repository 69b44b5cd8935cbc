"""From whom is meant to where it is written, and what was written there last."""

from collections.abc import Collection, Mapping

import msgspec
from django.db.models import Max

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor
from errata.apps.projects import queries as projects
from errata.apps.templates.models import TemplateVersion
from errata.apps.templates.types import Scope, ScopeKind
from errata.core.template import Overrides

ORGANIZATION = "organization"


class Place(msgspec.Struct, frozen=True):
    """An organisation, a team or a project, and the places around it, the widest first and itself last."""

    kind: ScopeKind
    key: str
    slug: str
    name: str
    project_id: int | None = None
    around: tuple["Place", ...] = ()

    @property
    def layers(self) -> tuple["Place", ...]:
        return (*self.around, self)


def team_key(team_id: int) -> str:
    """How a team's versions are kept."""
    return f"team:{team_id}"


def project_key(project_id: int) -> str:
    """How a project's versions are kept."""
    return f"project:{project_id}"


def find_place(actor: Actor, scope: Scope) -> Place:
    """The place that a scope means. Raises TeamNotFound or ProjectNotFound."""
    organization = organization_place(actor)
    if scope.kind == "organization":
        return organization
    if scope.kind == "team":
        return team_place(actor, scope.slug, organization)
    project = projects.project(actor=actor, which=scope.slug)
    around = (organization, team_place(actor, project.team, organization)) if project.team else (organization,)
    return Place(
        kind="project",
        key=project_key(project.id),
        slug=project.slug,
        name=project.name,
        project_id=project.id,
        around=around,
    )


def organization_place(actor: Actor) -> Place:
    """The actor's organisation."""
    organization = accounts.organization(actor=actor)
    return Place(kind="organization", key=ORGANIZATION, slug=organization.slug, name=organization.name)


def team_place(actor: Actor, slug: str, organization: Place) -> Place:
    """A team by its slug. Raises TeamNotFound."""
    team = accounts.team_ref(actor=actor, slug=slug)
    return Place(kind="team", key=team_key(team.id), slug=team.slug, name=team.name, around=(organization,))


def newest(organization_id: int, keys: Collection[str] | None = None) -> dict[str, TemplateVersion]:
    """The newest version of each place that has one."""
    rows = TemplateVersion.objects.filter(organization_id=organization_id)
    if keys is not None:
        rows = rows.filter(place__in=keys)
    ids = list(rows.values_list("place").annotate(Max("id")).values_list("id__max", flat=True))
    return {row.place: row for row in TemplateVersion.objects.filter(id__in=ids)} if ids else {}


def overrides_of(row: TemplateVersion | None) -> Overrides:
    """What a version says. Fields that were added to the structs since have their defaults."""
    return msgspec.convert(row.fields, Overrides) if row else Overrides()


def stored(overrides: Overrides) -> Mapping[str, object]:
    """The same, back."""
    found: Mapping[str, object] = msgspec.to_builtins(overrides)
    return found
