"""How apps above hear of what happens to issues: each follows the activities at its own pace, from its own place.

Lower apps don't know higher ones, and an operation doesn't wait for who follows it. A follower's place moves in the
transaction of what it did, so each activity has its effect once, through kill -9 and a day of standing still.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import msgspec
import structlog
from django.db.models import Count, Max, Q, QuerySet

from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.issues.models import Activity, FollowerPlace, SetAside
from errata.apps.issues.types import Aside, Followed
from errata.apps.records import storable, together, write

# A batch: some 10 ms of reading, and a transaction that holds up nobody for long.
BATCH_MAX = 200
# Before activities are handed over one by one: what was wrong for a moment is right by then, some 15 s later.
TRIES_MAX = 3

log = structlog.get_logger(__name__)


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
    place = _place(name) or _begin(name, at=at, from_the_beginning=from_the_beginning)
    if not _next(place, limit).exists():
        return 0
    with together():
        found = followed_rows(_next(place, limit) if ids is None else _among(place, ids))
        if not found:
            return 0
        apply(found)
        _move(place, [one.id for one in found], at=at)
        return len(found)


def ahead(name: str, *, limit: int = BATCH_MAX) -> list[Followed]:
    """What `follow` would hand over next, read outside of any transaction.

    For a follower that has to look something up first: the writers needn't wait for that. Nothing is put before what is
    returned here, because activities are written one transaction after the other; but some of it may go (see `follow`).
    """
    return followed_rows(_next(_place(name) or FollowerPlace(name=name, activity_id=0), limit))


def stumbled(name: str, *, tries: int, reason: str, at: datetime) -> bool:
    """Say that a follower tripped, so many times one after the other. Return whether it can go on at once.

    After some tries the activities before it are handed over one by one, and the one that still trips it is set aside,
    as the digest does with its records: what is behind it goes on. Nothing of it was applied; it can be tried again.
    """
    place = _place(name)
    if place is None:
        return False
    alone = followed_rows(_next(place, 2))
    if len(alone) == 1 and (alone[0].id <= max(place.activity_id, place.singly_to) or tries >= TRIES_MAX):
        _set_aside(place, alone[0], reason=reason, at=at)
        return True
    if tries < TRIES_MAX or not alone:
        return False
    among = Activity.objects.filter(id__gt=place.activity_id).order_by("id").values_list("id", flat=True)[:BATCH_MAX]
    with write():
        FollowerPlace.objects.filter(name=name).update(singly_to=max(among))
    return True


def set_aside() -> list[Aside]:
    """What followers have set aside, for who runs the installation: of whatever organisation, so it takes no actor."""
    rows = list(SetAside.objects.order_by("follower", "activity_id"))
    known = {one.id: one for one in followed_rows(Activity.objects.filter(id__in=[row.activity_id for row in rows]))}
    return [
        Aside(
            follower=row.follower, activity=row.activity_id, key=known[row.activity_id].key,
            kind=known[row.activity_id].kind, reason=row.reason, again=row.again, at=row.at,
        )
        for row in rows
        if row.activity_id in known
    ]  # fmt: skip


def count_set_aside() -> dict[str, int]:
    """How many activities each follower has set aside; those without any are left out."""
    rows = SetAside.objects.order_by("follower").values_list("follower")
    return dict(rows.annotate(Count("pk")))


def try_again(*, by: Actor, at: datetime, follower: str = "", activity: int | None = None) -> int:
    """Let followers try what they set aside, in their next turns: all, or what is asked for. Return how many.

    Of whatever organisation: each finds it in its audit log.
    """
    rows = SetAside.objects.all()
    if follower:
        rows = rows.filter(follower=follower)
    if activity is not None:
        rows = rows.filter(activity_id=activity)
    with write():
        counts = Counter(rows.values_list("activity__issue__organization_id", "follower"))
        rows.update(again=True)
        FollowerPlace.objects.filter(name__in={name for _, name in counts}).update(again=True)
        for (organization, name), count in sorted(counts.items()):
            author = msgspec.structs.replace(by, organization_id=organization)
            audit.record(by=author, action="follower.retried", target=name, at=at, after={"activities": count})
    return counts.total()


def _set_aside(place: FollowerPlace, one: Followed, *, reason: str, at: datetime) -> None:
    with write():
        SetAside.objects.update_or_create(
            follower=place.name,
            activity_id=one.id,
            defaults={"reason": storable(reason)[:1000], "again": False, "at": at},
        )
        _note_again(place.name)
        if one.id > place.activity_id:
            FollowerPlace.objects.filter(name=place.name).update(activity_id=one.id, updated_at=at)
    log.error("activity set aside", follower=place.name, activity=one.id, issue=one.key, kind=one.kind, reason=reason)


def history(issue_id: int, *, until: int) -> list[Followed]:
    """All that happened to an issue up to an activity, oldest first: for a follower that begins anew with it."""
    return followed_rows(Activity.objects.filter(issue_id=issue_id, id__lte=until).order_by("id"))


def followed_rows(rows: QuerySet[Activity]) -> list[Followed]:
    """Activities as the apps above get them."""
    return [_followed(row) for row in rows.select_related("issue__project")]


def _place(name: str) -> FollowerPlace | None:
    return FollowerPlace.objects.filter(name=name).first()


def _begin(name: str, *, at: datetime, from_the_beginning: bool) -> FollowerPlace:
    with write():
        newest = 0 if from_the_beginning else Activity.objects.aggregate(newest=Max("id"))["newest"] or 0
        defaults = {"activity_id": newest, "updated_at": at}
        return FollowerPlace.objects.get_or_create(name=name, defaults=defaults)[0]


def _next(place: FollowerPlace, limit: int) -> QuerySet[Activity]:
    """What is handed over next: what is tried again, alone, or else what came since."""
    if place.again:
        again = _aside(place.name).filter(again=True).values("activity_id")
        first = Activity.objects.filter(id__in=again).order_by("id")[:1]
        if first:
            return first
    since = Activity.objects.filter(id__gt=place.activity_id).order_by("id")
    return since[: 1 if place.activity_id < place.singly_to else limit]


def _among(place: FollowerPlace, ids: Collection[int]) -> QuerySet[Activity]:
    """Those that were looked at, as far as they are still to be handed over."""
    due = Q(id__gt=place.activity_id) | Q(id__in=_aside(place.name).values("activity_id"))
    return Activity.objects.filter(due, id__in=ids).order_by("id")


def _move(place: FollowerPlace, ids: Sequence[int], *, at: datetime) -> None:
    if ids[0] <= place.activity_id:
        _aside(place.name).filter(activity_id__in=ids).delete()
        _note_again(place.name)
    if ids[-1] > place.activity_id:
        FollowerPlace.objects.filter(name=place.name).update(activity_id=ids[-1], updated_at=at)


def _note_again(name: str) -> None:
    FollowerPlace.objects.filter(name=name).update(again=_aside(name).filter(again=True).exists())


def _aside(name: str) -> QuerySet[SetAside]:
    return SetAside.objects.filter(follower=name)


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
