"""How apps above hear of what happens to issues: each follows the activities at its own pace, from its own place.

Lower apps don't know higher ones, and an operation doesn't wait for who follows it. A follower's place moves in the
transaction of what it did, so each activity has its effect once, through kill -9 and a day of standing still.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.db.models import Max, QuerySet

from errata.apps.issues.models import Activity, FollowerPlace
from errata.apps.issues.types import Followed
from errata.apps.records import together, write

# A batch: some 10 ms of reading, and a transaction that holds up nobody for long.
BATCH_MAX = 200


def follow(
    name: str,
    *,
    at: datetime,
    apply: Callable[[Sequence[Followed]], None],
    from_the_beginning: bool = True,
    limit: int = BATCH_MAX,
    ids: Collection[int] | None = None,
) -> int:
    """Hand `apply` the activities since the follower's place, and move it, in one transaction. Return how many.

    Operations that `apply` calls join the transaction. A follower that is new begins with the first activity there is,
    or with the next one. One that looked ahead says by their `ids` which activities it has looked at: some may have
    gone with their project meanwhile, and others must not take their place unseen.
    """
    place = FollowerPlace.objects.filter(name=name).values_list("activity_id", flat=True).first()
    if place is None:
        place = _begin(name, at=at, from_the_beginning=from_the_beginning)
    if not Activity.objects.filter(id__gt=place).exists():
        return 0
    with together():
        since = Activity.objects.filter(id__gt=place).order_by("id")
        found = followed_rows(since[:limit] if ids is None else since.filter(id__in=ids))
        if not found:
            return 0
        apply(found)
        FollowerPlace.objects.filter(name=name).update(activity_id=found[-1].id, updated_at=at)
        return len(found)


def ahead(name: str, *, limit: int = BATCH_MAX) -> list[Followed]:
    """What `follow` would hand over next, read outside of any transaction.

    For a follower that has to look something up first: the writers needn't wait for that. Nothing is put before what is
    returned here, because activities are written one transaction after the other; but some of it may go (see `follow`).
    """
    place = FollowerPlace.objects.filter(name=name).values_list("activity_id", flat=True).first() or 0
    return followed_rows(Activity.objects.filter(id__gt=place).order_by("id")[:limit])


def history(issue_id: int, *, until: int) -> list[Followed]:
    """All that happened to an issue up to an activity, oldest first: for a follower that begins anew with it."""
    return followed_rows(Activity.objects.filter(issue_id=issue_id, id__lte=until).order_by("id"))


def followed_rows(rows: QuerySet[Activity]) -> list[Followed]:
    """Activities as the apps above get them."""
    return [_followed(row) for row in rows.select_related("issue__project")]


def _begin(name: str, *, at: datetime, from_the_beginning: bool) -> int:
    with write():
        newest = 0 if from_the_beginning else Activity.objects.aggregate(newest=Max("id"))["newest"] or 0
        FollowerPlace.objects.get_or_create(name=name, defaults={"activity_id": newest, "updated_at": at})
        return newest


def _followed(row: Activity) -> Followed:
    return Followed(
        id=row.id,
        issue_id=row.issue_id,
        key=f"{row.issue.project.key}-{row.issue.number}",
        organization_id=row.issue.organization_id,
        project_id=row.issue.project_id,
        kind=row.kind,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        before=row.before,
        after=row.after,
        reason=row.reason,
        evidence=row.evidence,
        comment_id=row.comment_id,
        at=row.at,
    )
