"""The one way in which people change an issue: fields, activity, audit and numbers, together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Q, QuerySet

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor, Person
from errata.apps.audit import operations as audit
from errata.apps.audit.types import Deed
from errata.apps.issues.counts import next_seq
from errata.apps.issues.models import Activity, Issue, IssueLink, Watcher
from errata.apps.issues.types import Changed
from errata.apps.projects import queries as projects
from errata.apps.records import storable_json
from errata.core.errors import Refusal
from errata.core.numeral import whole_number


class IssueNotFound(Refusal):
    """The organisation has no such issue."""

    code = "issue_not_found"
    status = 404


class IssueMerged(Refusal):
    """The issue went into another: that is the one to change."""

    code = "issue_merged"
    status = 409


class ChangedMeanwhile(Refusal):
    """Somebody else changed the issue since it was read."""

    code = "changed_meanwhile"
    status = 409


class Change(msgspec.Struct, frozen=True):
    """One thing that changes about an issue, as its activity and the audit log tell it."""

    kind: str
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}
    reason: str = ""
    evidence: Mapping[str, Any] = {}
    comment_id: int | None = None


# Of an issue's number, which has four bytes.
_NUMBER_DIGITS_MAX = 9
# Where an issue stands: what each move tells of it, before and after. The category with the stage, for what a stage
# means is its workflow's word, and the project may have another workflow by the time it is read.
STANDING = ("stage", "category", "reason", "regressed")


def visible(actor: Actor) -> QuerySet[Issue]:
    """The issues an actor may know of: the one place that says so."""
    return Issue.objects.filter(organization_id=actor.organization_id, project__deleted_at=None)


def by_key(actor: Actor, key: str) -> QuerySet[Issue]:
    """The issue with this key, or none."""
    return visible(actor).filter(keyed(actor, [key]))


def keyed(actor: Actor, keys: Iterable[str]) -> Q:
    """What the issues with these keys are found by; none, where no key is one."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for key in keys:
        prefix, _, short = key.strip().rpartition("-")
        number = whole_number(short, digits_max=_NUMBER_DIGITS_MAX)
        if number is not None:
            numbers[prefix.upper()].append(number)
    found = Q(pk__in=[])
    # Not as a join: SQLite would begin at the wrong end.
    for prefix, own in numbers.items():
        found |= Q(project_id=projects.id_of_key(actor, prefix), number__in=own)
    return found


def key_of(issue: Issue) -> str:
    """The key, of a row that was read with its project."""
    return f"{issue.project.key}-{issue.number}"


def issue_to_change(key: str, *, by: Actor, version: int | None = None) -> Issue:
    """The row, inside write(). Raises IssueNotFound, IssueMerged, or ChangedMeanwhile for an older `version`."""
    issue = by_key(by, key).select_related("project", "assignee", "deputy", "merged_into__project").first()
    if issue is None:
        raise issue_not_found(key)
    if issue.merged_into is not None:
        into = key_of(issue.merged_into)
        raise IssueMerged(f"{key_of(issue)} was merged into {into}. Change that one.", into=into)
    if version is not None and version != issue.version:
        msg = f"{key_of(issue)} was changed meanwhile. Look at it again, then decide."
        raise ChangedMeanwhile(msg, version=issue.version, expected=version)
    return issue


def issue_not_found(key: str) -> IssueNotFound:
    """The refusal for a key nobody here has."""
    return IssueNotFound(f"There is no issue {key.strip()}.", key=key.strip())


def save(
    issue: Issue, changes: Sequence[Change], *, by: Actor, at: datetime, fields: Mapping[str, Any] | None = None
) -> Changed:
    """Write the fields, and tell of the changes. Nothing changed writes nothing."""
    if not changes:
        return Changed(key=key_of(issue), version=issue.version, activities=[])
    values = dict(fields or {}) | {"version": issue.version + 1, "seq": next_seq(), "updated_at": at}
    Issue.objects.filter(id=issue.id).update(**values)
    for name, value in values.items():
        setattr(issue, name, value)
    if "is_open" in values or "parent_id" in values:
        _stir_relatives(issue, values["seq"])
    activities = tell(issue, changes, by=by, at=at)
    return Changed(key=key_of(issue), version=issue.version, activities=activities)


def _stir_relatives(issue: Issue, seq: int) -> None:
    """Pages show how far an issue's parent is, and what waits for it: those rows are to be drawn anew too."""
    waiting = IssueLink.objects.filter(source_id=issue.id, kind="blocks").values("target_id")
    Issue.objects.filter(Q(id=issue.parent_id) | Q(id__in=waiting)).update(seq=seq)


def tell(issue: Issue, changes: Sequence[Change], *, by: Actor, at: datetime) -> list[int]:
    """Write the changes to the issue's activity and to the audit log. Return the activities' ids."""
    return tell_all([(issue, change) for change in changes], by=by, at=at)


def tell_all(changes: Sequence[tuple[Issue, Change]], *, by: Actor, at: datetime) -> list[int]:
    """The same for several issues, in as many statements as for one."""
    rows = Activity.objects.bulk_create(
        Activity(
            issue_id=issue.id,
            kind=change.kind,
            actor_kind=by.kind,
            actor_id=by.user_id,
            actor_name=by.name,
            before=plain(change.before),
            after=plain(change.after),
            reason=change.reason[:500],
            evidence=plain(change.evidence),
            comment_id=change.comment_id,
            at=at,
        )
        for issue, change in changes
    )
    audit.record_all([_deed(issue, change) for issue, change in changes], by=by, at=at)
    return [row.id for row in rows]


def watch_as(issue: Issue, user_ids: Sequence[int], *, reason: str, at: datetime) -> None:
    """Let people hear of the issue; who watches it already goes on doing so."""
    watch_all([(issue.id, user_id) for user_id in user_ids], reason=reason, at=at)


def watch_all(pairs: Sequence[tuple[int, int]], *, reason: str, at: datetime) -> None:
    """The same for (issue, person) pairs."""
    Watcher.objects.bulk_create(
        [Watcher(issue_id=issue_id, user_id=user_id, reason=reason, at=at) for issue_id, user_id in pairs],
        ignore_conflicts=True,
    )


def find_person(to: str | int | None, *, by: Actor) -> Person | None:
    """The person named by e-mail address, id or `me`; None for nobody. Raises PersonNotFound."""
    if to is None or to == "":
        return None
    return accounts.person(actor=by, who=to)


def person_fact(person: Person | None) -> dict[str, Any] | None:
    """A person as an activity remembers them."""
    return {"id": person.id, "email": person.email, "name": person.name} if person else None


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as JSON keeps them."""
    kept: dict[str, Any] = storable_json(msgspec.to_builtins(dict(fields)))
    return kept


def _deed(issue: Issue, change: Change) -> Deed:
    after = dict(change.after)
    if change.reason:
        after["reason"] = change.reason
    if change.evidence:
        after["evidence"] = change.evidence
    return Deed(action=f"issue.{_PAST[change.kind]}", target=key_of(issue), before=change.before, after=after)


_PAST = {
    "created": "created",
    "title": "renamed",
    "description": "described",
    "type": "retyped",
    "priority": "prioritised",
    "severity": "rated",
    "labels": "labelled",
    "assignee": "assigned",
    "deputy": "deputised",
    "field": "field_set",
    "stage": "moved",
    "waiting_on": "waiting",
    "acknowledged": "acknowledged",
    "escalated": "escalated",
    "clock": "clocked",
    "commented": "commented",
    "comment_edited": "comment_edited",
    "comment_deleted": "comment_deleted",
    "linked": "linked",
    "unlinked": "unlinked",
    "merged": "merged",
    "merged_into": "merged_into",
    "unmerged": "unmerged",
    "split": "split",
    "split_from": "split_from",
    "parent": "put_under",
}
