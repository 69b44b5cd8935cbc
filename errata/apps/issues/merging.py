"""Merging and splitting: moving groups between issues. Events stay where they are."""

from collections.abc import Collection, Sequence
from datetime import datetime

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import Change, issue_to_change, key_of, save, tell, watch_as
from errata.apps.issues.counts import next_seq, recount
from errata.apps.issues.models import Grouping, Issue, Watcher
from errata.apps.issues.types import Changed
from errata.apps.issues.vocabulary import workflow_of
from errata.apps.projects import operations as projects
from errata.apps.records import write
from errata.core.errors import Refusal
from errata.core.vocabulary import OPEN_CATEGORIES

MERGED_AT_ONCE_MAX = 500


class MergeRefused(Refusal):
    """These issues can't be one."""

    code = "merge_refused"
    status = 409


class SplitRefused(Refusal):
    """The group can't leave its issue."""

    code = "split_refused"
    status = 409


def merge_issues(*, into: str, keys: Collection[str], by: Actor, at: datetime) -> Changed:
    """Merge issues into one: their groups and watchers move, their keys lead there. `undo` takes each back."""
    allow(by, "issue:write")
    with write():
        target = issue_to_change(into, by=by)
        sources = [issue_to_change(key, by=by) for key in dict.fromkeys(key.strip().upper() for key in keys)]
        sources = [source for source in sources if source.id != target.id]
        if not sources or len(sources) > MERGED_AT_ONCE_MAX:
            raise MergeRefused(f"Name 1 to {MERGED_AT_ONCE_MAX} other issues to merge into {into}.", into=into)
        if strangers := [key_of(source) for source in sources if source.project_id != target.project_id]:
            msg = f"{', '.join(strangers)}: only issues of one project can be merged. Link them instead."
            raise MergeRefused(msg, into=into)
        changes = [_absorb(source, target, by=by, at=at) for source in sources]
        recount(target.id)
        return save(target, changes, by=by, at=at)


def split_grouping(*, key: str, fingerprint: int, by: Actor, at: datetime) -> Changed:
    """Give one group of an issue an issue of its own, new in its workflow. Return that one."""
    allow(by, "issue:write")
    with write():
        source = issue_to_change(key, by=by)
        group = Grouping.objects.filter(issue_id=source.id, fingerprint=fingerprint).first()
        if group is None:
            raise SplitRefused(f"{key_of(source)} has no group {fingerprint}.", fingerprint=fingerprint)
        if source.group_count < 2:
            raise SplitRefused(f"{key_of(source)} is made of this one group: there is nothing to split off.")
        fresh = _issue_of(group, source, at)
        Grouping.objects.filter(id=group.id).update(issue_id=fresh.id)
        recount(source.id)
        recount(fresh.id)
        fact = {"fingerprint": str(fingerprint)}
        save(source, [Change("split", after={"issue": key_of(fresh), **fact})], by=by, at=at)
        begun = Change("split_from", after={"issue": key_of(source), **fact, **_standing(fresh)})
        activities = tell(fresh, [begun], by=by, at=at)
        return Changed(key=key_of(fresh), version=fresh.version, activities=activities)


def unmerge(target: Issue, *, source_id: int, fingerprints: Sequence[int], by: Actor, at: datetime) -> None:
    """Give a merged issue its groups back. What came to them meanwhile comes along."""
    source = Issue.objects.select_related("project").get(id=source_id)
    if source.merged_into_id != target.id:
        raise MergeRefused(f"{key_of(source)} is no longer merged into {key_of(target)}.")
    Grouping.objects.filter(issue_id=target.id, fingerprint__in=fingerprints).update(issue_id=source.id)
    recount(source.id)
    recount(target.id)
    change = Change("unmerged", after={"issue": key_of(target), **_standing(source)})
    save(source, [change], by=by, at=at, fields={"merged_into": None})


def _standing(issue: Issue) -> dict[str, str]:
    """Where an issue stands and what it is, as the activities that begin one tell it."""
    return {name: getattr(issue, name) for name in ("stage", "category", "type", "priority", "severity")}


def _absorb(source: Issue, target: Issue, *, by: Actor, at: datetime) -> Change:
    groups = Grouping.objects.filter(issue_id=source.id)
    fingerprints = [str(number) for number in groups.values_list("fingerprint", flat=True)]
    groups.update(issue_id=target.id)
    Issue.objects.filter(merged_into_id=source.id).update(merged_into_id=target.id)
    watchers = list(Watcher.objects.filter(issue_id=source.id).values_list("user_id", flat=True))
    watch_as(target, watchers, reason="merged", at=at)
    recount(source.id)
    change = Change("merged_into", after={"issue": key_of(target)})
    save(source, [change], by=by, at=at, fields={"merged_into": target})
    # Fingerprints as text: JavaScript would round them.
    return Change("merged", after={"issue": key_of(source), "issue_id": source.id, "fingerprints": fingerprints})


def _issue_of(group: Grouping, source: Issue, at: datetime) -> Issue:
    stage = workflow_of(source.project_id).initial
    fresh = Issue.objects.create(
        organization_id=source.organization_id,
        project_id=source.project_id,
        number=projects.next_issue_numbers({source.project_id: 1})[source.project_id],
        title=group.title,
        culprit=group.culprit,
        description="",
        type=source.type,
        priority=source.priority,
        severity=source.severity,
        priority_rank=source.priority_rank,
        severity_rank=source.severity_rank,
        stage=stage.name,
        category=stage.category,
        is_open=stage.category in OPEN_CATEGORIES,
        stage_changed_at=at,
        reason="",
        level=group.level,
        platform=source.platform,
        source="event",
        first_seen=group.first_seen,
        last_seen=group.last_seen,
        count=0,
        users=0,
        group_count=0,
        unhandled=group.unhandled,
        regressed=False,
        first_release=group.first_release,
        last_release=group.last_release,
        comment_count=0,
        created_at=at,
        updated_at=at,
        version=1,
        seq=next_seq(),
    )
    fresh.project = source.project
    return fresh
