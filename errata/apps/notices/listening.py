"""Listening to what happens to issues: who is told of each activity, and which channel of the organisation."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from errata.apps.issues import audience
from errata.apps.issues import operations as issues
from errata.apps.issues.audience import Concern
from errata.apps.issues.types import Followed
from errata.apps.notices.models import Channel, Subscription, Watch
from errata.apps.notices.naming import named_ids
from errata.apps.notices.telling import Telling, post, post_to, tell
from errata.apps.notices.watching import follow_merges
from errata.apps.templates.queries import template_of
from errata.core.notice.hearing import Audience, Happening, Heard, hearers, together, words_of
from errata.core.notice.kinds import kind_of
from errata.core.recipients import channel_named

# Each activity may tell many people, in one transaction: fewer at a time than other followers take.
_ACTIVITIES_MAX = 50
FOLLOWER = "notices"
_COMMENTING = ("commented", "comment_edited")
_MOVES = ("stage", "regressed")


class _Batch(NamedTuple):
    """What is read once for all activities of a turn."""

    concerns: dict[int, Concern]
    audiences: dict[int, Audience]
    said: dict[int, str]  # by the comment
    described: dict[int, str]  # of the issues created in it


def listen(*, at: datetime) -> bool:
    """Tell of a batch of activities. Return whether there may be more."""
    heard = issues.follow(
        FOLLOWER,
        at=at,
        apply=lambda found: _tell_of(found, at=at),
        from_the_beginning=False,
        limit=_ACTIVITIES_MAX,
    )
    return heard == _ACTIVITIES_MAX


def audiences_of(concerns: dict[int, Concern]) -> dict[int, Audience]:
    """The people around issues, with how they watch and what they subscribe to."""
    modes: dict[int, dict[int, str]] = {}
    for issue_id, user_id, mode in Watch.objects.filter(issue_id__in=concerns).values_list(
        "issue_id", "user_id", "mode"
    ):
        modes.setdefault(issue_id, {})[user_id] = mode
    subscribers: dict[int, dict[int, str]] = {}
    projects = {concern.project_id for concern in concerns.values()}
    for project_id, user_id, mode in Subscription.objects.filter(project_id__in=projects).values_list(
        "project_id", "user_id", "mode"
    ):
        subscribers.setdefault(project_id, {})[user_id] = mode
    return {
        concern.issue_id: Audience(
            assignee_id=concern.assignee_id,
            deputy_id=concern.deputy_id,
            watchers=concern.watchers,
            modes=modes.get(concern.issue_id, {}),  # type: ignore[arg-type]  # (written by set_watch alone)
            subscribers=subscribers.get(concern.project_id, {}),  # type: ignore[arg-type]  # (by subscribe alone)
            project=concern.project,
        )
        for concern in concerns.values()
    }


def _tell_of(found: Sequence[Followed], *, at: datetime) -> None:
    follow_merges(found, at=at)
    batch = _read(found)
    # What one deed did at once (assigned, moved on, commented) is told at once.
    deeds: dict[tuple[int, int | None, datetime], list[Followed]] = {}
    for activity in found:
        if activity.issue_id in batch.concerns:
            deeds.setdefault((activity.issue_id, activity.actor_id, activity.at), []).append(activity)
    for (issue_id, _, _), activities in deeds.items():
        _tell_people(activities, batch.concerns[issue_id], batch, at=at)
        for activity in activities:
            _post_move(activity, at=at)
            if activity.kind in ("created", "regressed"):
                _announce(activity, batch.concerns[issue_id], at=at)


def _post_move(activity: Followed, *, at: datetime) -> None:
    """Tell the channels that the workflow names for this move."""
    if activity.kind not in _MOVES:
        return
    moved = Happening(
        activity.kind, activity.actor_id, activity.actor_name, activity.before, activity.after, activity.reason
    )
    for word in activity.evidence.get("notify", []):
        if name := channel_named(word):
            post(
                organization_id=activity.organization_id, channel=name, issue_id=activity.issue_id, kind="workflow",
                text=words_of(moved), reason="because the workflow tells this channel of the move",
                dedupe=f"activity:{activity.id}", actor_name=activity.actor_name, at=at,
            )  # fmt: skip


def _read(found: Sequence[Followed]) -> _Batch:
    concerns = audience.concerns({activity.issue_id for activity in found})
    return _Batch(
        concerns=concerns,
        audiences=audiences_of(concerns),
        said=audience.said([activity.comment_id for activity in found if activity.comment_id]),
        described=_described(found),
    )


def _described(found: Sequence[Followed]) -> dict[int, str]:
    # What events raise has no description.
    created = [activity.issue_id for activity in found if activity.kind == "created" and activity.actor_id]
    return audience.described_at_first(created) if created else {}


def _tell_people(activities: Sequence[Followed], concern: Concern, batch: _Batch, *, at: datetime) -> None:
    told: dict[int, list[Heard]] = {}
    for activity in activities:
        happening = _happening(activity, concern, batch)
        for person, heard in hearers(happening, batch.audiences[concern.issue_id]).items():
            told.setdefault(person, []).append(heard)
    # People who hear the same are told in one go.
    groups: dict[Heard, list[int]] = {}
    for person, all_heard in told.items():
        groups.setdefault(together(all_heard, actor_name=activities[0].actor_name), []).append(person)
    for heard, people in groups.items():
        telling = Telling(
            kind=kind_of(heard.kind),
            reason=heard.reason,
            text=heard.text,
            dedupe=f"activity:{activities[0].id}",
            actor_name=activities[0].actor_name,
        )
        tell(concern, telling, to=people, at=at)


def _happening(activity: Followed, concern: Concern, batch: _Batch) -> Happening:
    text, before = _texts(activity, batch)
    mentioned: set[int] = set()
    if text:
        mentioned = set(audience.mentioned_ids(text, organization_id=activity.organization_id))
    if mentioned and before:
        mentioned -= set(audience.mentioned_ids(before, organization_id=activity.organization_id))
    return Happening(
        kind=activity.kind,
        actor_id=activity.actor_id,
        actor_name=activity.actor_name,
        before=activity.before,
        after=activity.after,
        reason=activity.reason,
        said=text,
        mentioned=sorted(mentioned),
        told=named_ids(activity.evidence.get("notify", []), issue=concern) if activity.kind in _MOVES else (),
    )


def _texts(activity: Followed, batch: _Batch) -> tuple[str, str]:
    """What an activity said, a comment or a description, and what stood there before."""
    if activity.kind == "created":
        return batch.described.get(activity.issue_id, ""), ""
    if activity.kind == "description":
        return activity.after["description"], activity.before["description"]
    if activity.kind not in _COMMENTING:
        return "", ""
    comment_id = activity.comment_id or 0
    edited = activity.kind == "comment_edited"
    return batch.said.get(comment_id, ""), audience.said_before(comment_id, at=activity.at) if edited else ""


def announce(concern: Concern, *, kind: str, text: str, dedupe: str, at: datetime, actor_name: str = "") -> None:
    """Tell the collaboration platform that the project's template names, within a transaction."""
    platform = template_of(concern.project_id).platform
    if concern.is_archived or platform.kind == "errata" or not platform.channel:
        return
    channel = Channel.objects.filter(
        organization_id=concern.organization_id, owner=None, folded=platform.channel.casefold(), enabled=True
    ).first()
    if channel is None:
        return
    telling = Telling(
        kind=kind_of(kind),
        reason=f"because {concern.project} announces its issues here",
        text=text,
        dedupe=dedupe,
        actor_name=actor_name,
    )
    post_to(channel, telling, concern=concern, title="", at=at)


def _announce(activity: Followed, concern: Concern, *, at: datetime) -> None:
    words = "Happened again" if activity.kind == "regressed" else "New issue"
    announce(
        concern,
        kind=activity.kind,
        text=f"{words}. {concern.severity} severity, {concern.priority} priority, {concern.stage}.",
        dedupe=f"activity:{activity.id}",
        actor_name=activity.actor_name,
        at=at,
    )
