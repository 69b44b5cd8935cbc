"""What happened, for those who look back: rules that are tried on history, and what people did after them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues.following import followed_rows
from errata.apps.issues.models import Activity, Issue
from errata.apps.issues.types import Followed


def activities(
    *, actor: Actor, kinds: Collection[str], since: datetime, until: datetime, projects: Collection[int], limit: int
) -> list[Followed]:
    """What happened of these kinds, oldest first."""
    allow(actor, "issue:read")
    rows = Activity.objects.filter(
        issue__organization_id=actor.organization_id, issue__project_id__in=projects, kind__in=kinds,
        at__gte=since, at__lt=until,
    )  # fmt: skip
    return followed_rows(rows.order_by("id")[:limit])


def deeds_of_people(*, actor: Actor, issue_ids: Collection[int], since: datetime) -> dict[int, list[datetime]]:
    """When people, or their scripts, did something to these issues."""
    allow(actor, "issue:read")
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = Activity.objects.filter(
        issue__organization_id=actor.organization_id, issue_id__in=issue_ids, at__gte=since,
        actor_kind__in=("person", "token"),
    )  # fmt: skip
    for issue_id, at in rows.order_by("id").values_list("issue_id", "at"):
        found[issue_id].append(at)
    return found


def recent_ids(*, actor: Actor, projects: Collection[int], since: datetime, count_min: int, limit: int) -> list[int]:
    """The issues with an event since then and at least so many in all, the most recent first."""
    allow(actor, "issue:read")
    rows = Issue.objects.filter(
        organization_id=actor.organization_id, project_id__in=projects, merged_into=None, last_seen__gte=since,
        count__gte=count_min,
    ).order_by("-last_seen", "-id")  # fmt: skip
    return list(rows.values_list("id", flat=True)[:limit])
