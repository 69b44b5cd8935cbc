"""Issues with their activities, many at a time: what clocks are reckoned from."""

from collections.abc import Collection
from typing import Any

from django.db.models import Max

from errata.apps.accounts.queries import is_machine
from errata.apps.issues.models import Activity, Issue, Watcher
from errata.apps.issues.types import Deed, Life

_ISSUE = (
    "id", "project__key", "number", "organization_id", "project_id", "type", "stage", "is_open", "priority", "severity",
    "waiting_on", "assignee_id", "deputy_id", "merged_into_id", "created_at",
)  # fmt: skip
_DEED = ("issue_id", "id", "kind", "actor_kind", "actor_name", "before", "after", "at")


def lives(ids: Collection[int], *, kinds: Collection[str]) -> list[Life]:
    """These issues, each with its activities of these kinds: two statements. For apps above; nobody asks in person."""
    deeds: dict[int, list[Deed]] = {}
    rows = Activity.objects.filter(issue_id__in=ids, kind__in=kinds).order_by("id")
    for issue_id, number, kind, actor_kind, actor_name, before, after, at in rows.values_list(*_DEED):
        # The command line speaks as the system too, in the name of a person of the machine.
        machine = is_machine(actor_kind, actor_name)
        deeds.setdefault(issue_id, []).append(Deed(number, kind, machine, before, after, at))
    found = Issue.objects.filter(id__in=ids, project__deleted_at=None).order_by("id").values_list(*_ISSUE)
    return [_life(columns, deeds.get(columns[0], [])) for columns in found]


def watcher_ids(issue_id: int) -> list[int]:
    """Who watches an issue."""
    return list(Watcher.objects.filter(issue_id=issue_id).order_by("id").values_list("user_id", flat=True))


def issue_ids(*, project_id: int, after: int, limit: int) -> list[int]:
    """The issues of a project behind an id, in order: for walking through all of them in slices."""
    found = Issue.objects.filter(project_id=project_id, id__gt=after).order_by("id")
    return list(found.values_list("id", flat=True)[:limit])


def newest_activity() -> int:
    """The number of the last thing that happened to any issue."""
    return Activity.objects.aggregate(newest=Max("id"))["newest"] or 0


def changed_since(ids: Collection[int], *, activity_id: int, kinds: Collection[str]) -> set[int]:
    """Which of these issues something of these kinds happened to since."""
    found = Activity.objects.filter(id__gt=activity_id, issue_id__in=ids, kind__in=kinds)
    return set(found.values_list("issue_id", flat=True))


def _life(columns: tuple[Any, ...], deeds: list[Deed]) -> Life:
    number, prefix, short, *rest, merged_into_id, created_at = columns
    fields: list[Any] = [number, f"{prefix}-{short}", *rest, merged_into_id is not None, created_at, deeds]
    return Life(*fields)
