"""What lists, boards and exports begin with: the issues that an actor may see and a search finds."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import QuerySet

from errata.apps.accounts.types import Actor
from errata.apps.issues.models import Issue
from errata.apps.issues.search import Found, compile_search
from errata.apps.projects import queries as projects_of


def search(
    actor: Actor, query: str, projects: Collection[int] | None, now: datetime, *, whole: bool = False
) -> tuple[Found, QuerySet[Issue]]:
    """The issues that a search finds in these projects, or in all; refused if it must be whole and can't be."""
    ids = project_ids(actor, projects)
    found = compile_search(query, actor=actor, projects=ids, now=now, whole=whole)
    return found, listed(actor, ids if projects is not None else None).filter(found.where)


def project_ids(actor: Actor, projects: Collection[int] | None) -> list[int]:
    """Of these projects, those that the actor sees."""
    own = projects_of.visible_ids(actor)
    return own if projects is None else [project for project in own if project in projects]


def listed(actor: Actor, ids: Sequence[int] | None) -> QuerySet[Issue]:
    """What lists show: neither what went into another issue, nor what an archived project put away."""
    return unhidden(Issue.objects.filter(organization_id=actor.organization_id, merged_into=None), actor, ids)


def unhidden(found: QuerySet[Issue], actor: Actor, ids: Sequence[int] | None) -> QuerySet[Issue]:
    """Of some issues, those of these projects; or of all that aren't put away."""
    if ids is not None:
        return found.filter(project_id__in=ids)
    # Said by what is left out, so that the database goes by the order and not by the projects.
    hidden = projects_of.hidden_ids(actor)
    return found.exclude(project_id__in=hidden) if hidden else found
