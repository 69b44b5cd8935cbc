"""Reads of projects."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from django.db import connection
from django.db.models import QuerySet, Subquery, Sum

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.projects.models import Dictionary, IntakeCount, Project, ProjectKey
from errata.apps.projects.types import DictionaryView, IntakeCountRow, KeyView, ProjectView
from errata.apps.records import storable
from errata.core.errors import Refusal
from errata.core.event.scrub import ScrubRules
from errata.core.numeral import whole_number


class ProjectNotFound(Refusal):
    """The organisation has no such project."""

    code = "project_not_found"
    status = 404


class KeyNotFound(Refusal):
    """The project has no such key."""

    code = "key_not_found"
    status = 404


def list_projects(*, actor: Actor, include_archived: bool = False) -> list[ProjectView]:
    """Every project of the organisation, by name."""
    allow(actor, "project:read")
    rows = visible(actor)
    if not include_archived:
        rows = rows.filter(archived_at=None)
    return [project_view(row) for row in rows.order_by("name", "id")]


def project(*, actor: Actor, which: str | int) -> ProjectView:
    """A project by id, slug or issue key prefix. Raises ProjectNotFound."""
    allow(actor, "project:read")
    return project_view(row_of(actor, which))


def find_project(*, actor: Actor, which: str | int) -> ProjectView | None:
    """A project by id, slug or issue key prefix, or None."""
    try:
        return project(actor=actor, which=which)
    except ProjectNotFound:
        return None


def list_keys(*, actor: Actor, which: str | int) -> list[KeyView]:
    """The keys of a project, oldest first."""
    allow(actor, "project:read")
    rows = ProjectKey.objects.filter(project=row_of(actor, which))
    return [key_view(row) for row in rows.order_by("id")]


def dsn(*, url: str, key: KeyView) -> str:
    """What a client is configured with: `https://<key>@host/<project>`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{key.public_key}@{parts.netloc}{parts.path.rstrip('/')}/{key.project_id}"


def dictionary(number: int) -> bytes | None:
    """A compression dictionary's bytes."""
    body = Dictionary.objects.filter(number=number).values_list("body", flat=True).first()
    return bytes(body) if body is not None else None


def list_dictionaries() -> list[DictionaryView]:
    """Every dictionary of the installation: what a backup carries, and what digest trains on top of."""
    rows = Dictionary.objects.order_by("number")
    return [
        DictionaryView(number=row.number, project_id=row.project_id, body=bytes(row.body), created_at=row.created_at)
        for row in rows
    ]


def current_dictionaries() -> dict[int, int]:
    """The dictionary each live project compresses with now; 0 = none."""
    return dict(Project.objects.filter(deleted_at=None).values_list("id", "dictionary"))


def organizations_of(project_ids: Collection[int]) -> dict[int, int]:
    """Whose each of these projects is; those that are gone are left out."""
    rows = Project.objects.filter(id__in=project_ids, deleted_at=None)
    return dict(rows.values_list("id", "organization_id"))


def live_ids() -> list[int]:
    """Every project in use, of whatever organisation."""
    return list(live_teams())


def live_teams() -> dict[int, int | None]:
    """The team of every project in use, neither gone nor archived, of whatever organisation."""
    rows = Project.objects.filter(deleted_at=None, archived_at=None)
    return dict(rows.order_by("id").values_list("id", "team_id"))


def archived_among(project_ids: Collection[int]) -> set[int]:
    """Which of these projects are archived."""
    rows = Project.objects.filter(id__in=project_ids, archived_at__isnull=False)
    return set(rows.values_list("id", flat=True))


def restored_at(*, actor: Actor, which: int) -> datetime | None:
    """When a project last came back into use; None for one that was never archived."""
    allow(actor, "project:read")
    return visible(actor).filter(id=which).values_list("restored_at", flat=True).first()


def intake_counts(*, actor: Actor, which: str | int, since: datetime) -> list[IntakeCountRow]:
    """What intake counted for a project since then, by the hour, oldest first."""
    allow(actor, "project:read")
    rows = IntakeCount.objects.filter(project_id=row_of(actor, which).id, hour__gte=since).order_by("hour", "id")
    fields = ("project_id", "key_id", "hour", "outcome", "category", "reason", "quantity")
    return [IntakeCountRow(*row) for row in rows.values_list(*fields)]


def intake_totals(*, actor: Actor, since: datetime) -> dict[int, dict[str, int]]:
    """What intake counted since then: outcome → quantity, for each project of the organisation."""
    allow(actor, "project:read")
    ids = list(visible(actor).values_list("id", flat=True))
    rows = IntakeCount.objects.filter(project_id__in=ids, hour__gte=since)
    totals: dict[int, dict[str, int]] = {}
    for project_id, outcome, quantity in rows.values_list("project_id", "outcome").annotate(Sum("quantity")):
        totals.setdefault(project_id, {})[outcome] = quantity
    return totals


def visible(actor: Actor) -> QuerySet[Project]:
    """The projects an actor may know of: the one place that says so."""
    return Project.objects.filter(organization_id=actor.organization_id, deleted_at=None).select_related("team")


def visible_ids(actor: Actor) -> list[int]:
    """Their numbers."""
    return list(visible(actor).order_by("id").values_list("id", flat=True))


def hidden_ids(actor: Actor) -> list[int]:
    """The projects whose issues lists leave out: archived and deleted ones."""
    rows = Project.objects.filter(organization_id=actor.organization_id)
    return list(rows.exclude(archived_at=None, deleted_at=None).values_list("id", flat=True))


def id_of_key(actor: Actor, key: str) -> Subquery:
    """The project whose issues' keys begin so, as a part of what is asked of them."""
    return Subquery(visible(actor).filter(key=storable(key).upper()).values("id")[:1])


def row_of(actor: Actor, which: str | int) -> Project:
    """The row, for this app's own use. Raises ProjectNotFound."""
    rows = visible(actor)
    wanted = storable(str(which)).strip()
    number = whole_number(wanted)
    found = None if number is None else rows.filter(id=number).first()
    found = found or rows.filter(slug=wanted.lower()).first() or rows.filter(key=wanted.upper()).first()
    if found is None:
        msg = f"There is no project {wanted}."
        raise ProjectNotFound(msg, project=wanted)
    return found


def project_view(row: Project) -> ProjectView:
    """A project as others see it."""
    return ProjectView(
        id=row.id,
        name=row.name,
        slug=row.slug,
        key=row.key,
        platform=row.platform,
        team=row.team.slug if row.team else "",
        team_name=row.team.name if row.team else "",
        active=row.active,
        archived_at=row.archived_at,
        quota_per_minute=row.quota_per_minute,
        allowed_origins=tuple(row.allowed_origins),
        scrub=scrub_rules(row),
        created_at=row.created_at,
        first_event_at=row.first_event_at,
    )


def key_view(row: ProjectKey) -> KeyView:
    """A key as others see it."""
    return KeyView(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        public_key=row.public_key,
        active=row.active,
        quota_per_minute=row.quota_per_minute,
        created_at=row.created_at,
    )


def scrub_rules(row: Project) -> ScrubRules:
    """What the project removes from its events."""
    return msgspec.convert(row.scrub, ScrubRules)


class ProjectPlace(NamedTuple):
    """Where a project belongs: what decides which template is its own."""

    organization_id: int
    team_id: int | None


def place_of(project_id: int) -> ProjectPlace | None:
    """Where a project belongs, or None once it is deleted."""
    # Asked for every arriving issue: what the ORM takes to build this statement is ten times what it takes to run.
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [project_id])
        row = cursor.fetchone()
    return ProjectPlace(*row) if row else None


_PLACE = f"SELECT organization_id, team_id FROM {Project._meta.db_table} WHERE id = %s AND deleted_at IS NULL"  # noqa: S608 (a constant)


class DigestProject(NamedTuple):
    """What the digest has to know of a project."""

    organization_id: int
    key: str
    first_event_at: datetime | None


def rows_for_digest(project_ids: Collection[int]) -> dict[int, DigestProject]:
    """The projects among these that still exist."""
    rows = Project.objects.filter(id__in=project_ids, deleted_at=None)
    fields = ("id", "organization_id", "key", "first_event_at")
    return {project_id: DigestProject(*rest) for project_id, *rest in rows.values_list(*fields)}
