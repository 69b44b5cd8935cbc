"""Sums over an issue's groups, and the numbers that order changes."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import F

from errata.apps.issues.models import ChangeCounter, Grouping, GroupingUsers, Issue
from errata.core.sketch import Users


def next_seq() -> int:
    """The number of this transaction's changes. One writer at a time: the numbers are in commit order."""
    if not ChangeCounter.objects.filter(id=1).update(value=F("value") + 1):
        ChangeCounter.objects.create(id=1, value=1)
    return ChangeCounter.objects.values_list("value", flat=True).get(id=1)


def newest_seq() -> int:
    """The number of the newest change."""
    return ChangeCounter.objects.filter(id=1).values_list("value", flat=True).first() or 0


def union_of_users(sketches: Iterable[bytes]) -> int:
    """How many distinct users several groups had together."""
    union = Users()
    for sketch in sketches:
        union.merge(Users.from_bytes(sketch))
    return union.estimate()


def sketches_of(issue_ids: Collection[int]) -> dict[int, dict[int, bytes]]:
    """Every group's sketch, by issue and grouping."""
    rows = GroupingUsers.objects.filter(grouping__issue_id__in=issue_ids)
    found: dict[int, dict[int, bytes]] = {}
    for issue_id, grouping_id, sketch in rows.values_list("grouping__issue_id", "grouping_id", "sketch"):
        found.setdefault(issue_id, {})[grouping_id] = bytes(sketch)
    return found


def recount(issue_id: int) -> None:
    """Make an issue's numbers those of its groups. An issue without groups keeps its times and counts nothing."""
    groups = list(Grouping.objects.filter(issue_id=issue_id).order_by("first_seen"))
    totals: dict[str, Any] = {
        "count": sum(group.count for group in groups),
        "users": union_of_users(sketches_of([issue_id]).get(issue_id, {}).values()),
        "group_count": len(groups),
        "unhandled": any(group.unhandled for group in groups),
    }
    if groups:
        newest = max(groups, key=lambda group: group.last_seen)
        totals |= {
            "first_seen": groups[0].first_seen,
            "last_seen": newest.last_seen,
            "first_release": groups[0].first_release,
            "last_release": newest.last_release,
        }
    Issue.objects.filter(id=issue_id).update(**totals)
