"""How people watch, and what muting does about it: their own choice, whatever made them watch."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import F

from errata.apps.issues import audience
from errata.apps.issues import queries as issues
from errata.apps.issues.types import Followed
from errata.apps.notices.models import Watch


def mute_issues(issue_ids: Collection[int], *, user_id: int, at: datetime) -> None:
    """Let a person hear no more of issues, unless named, and remember how they watched. Within a transaction.

    What they watch for stays: it is not theirs to choose, and taking the mute back needs it.
    """
    own = Watch.objects.filter(user_id=user_id, issue_id__in=issue_ids)
    own.exclude(mode="none").update(before=F("mode"), mode="none", at=at)
    Watch.objects.bulk_create(
        [Watch(user_id=user_id, issue_id=issue_id, mode="none", at=at) for issue_id in issue_ids],
        ignore_conflicts=True,
    )


def unmute_issues(issue_ids: Collection[int], *, user_id: int, at: datetime) -> None:
    """Let a person hear of issues as they did before they were muted. Within a transaction."""
    muted = Watch.objects.filter(user_id=user_id, issue_id__in=issue_ids, mode="none")
    muted.filter(before="").delete()
    muted.update(mode=F("before"), before="", at=at)


def watcher_ids(issue_id: int) -> list[int]:
    """Who watches an issue and has not muted it: whom “watchers” means where somebody is to be told."""
    muted = set(Watch.objects.filter(issue_id=issue_id, mode="none").values_list("user_id", flat=True))
    return [person for person in issues.watcher_ids(issue_id) if person not in muted]


def follow_merges(found: Sequence[Followed], *, at: datetime) -> None:
    """Keep muted what was muted, for those whom a merge brought to another issue. Within a transaction."""
    for activity in found:
        if activity.kind != "merged":
            continue
        target = audience.concerns([activity.issue_id]).get(activity.issue_id)
        brought = [person for person, why in target.watchers.items() if why == "merged"] if target else []
        muted = Watch.objects.filter(issue_id=activity.after["issue_id"], user_id__in=brought, mode="none")
        Watch.objects.bulk_create(
            [
                Watch(user_id=person, issue_id=activity.issue_id, mode="none", at=at)
                for person in muted.values_list("user_id", flat=True)
            ],
            ignore_conflicts=True,
        )
