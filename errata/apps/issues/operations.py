"""Writes of issues. What digest does is in arrivals; every other write of an issue is here or re-exported from here."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import members, person_of
from errata.apps.accounts.types import Actor, Person
from errata.apps.issues.adopting import adopt_workflow, publish_workflow
from errata.apps.issues.aftermath import apply_actions
from errata.apps.issues.arrivals import apply_events
from errata.apps.issues.assigning import set_assignee, set_deputy_of
from errata.apps.issues.changes import (
    STANDING,
    Change,
    ChangedMeanwhile,
    IssueMerged,
    IssueNotFound,
    find_person,
    issue_to_change,
    key_of,
    person_fact,
    save,
    tell,
    tell_all,
    visible,
    watch_all,
    watch_as,
)
from errata.apps.issues.counts import next_seq
from errata.apps.issues.following import ahead, follow, history, stumbled, try_again
from errata.apps.issues.labels import names_of, set_labels
from errata.apps.issues.linking import link_issues, unlink_issues
from errata.apps.issues.mentioning import note_mentions
from errata.apps.issues.merging import merge_issues, split_grouping
from errata.apps.issues.models import Issue
from errata.apps.issues.noting import ClockNote, ClockReached, note_clocks, note_scores, tell_clocks
from errata.apps.issues.parenting import put_under, set_parent
from errata.apps.issues.proving import evidence_of, note_proof, note_shown
from errata.apps.issues.purging import purge_deleted_projects
from errata.apps.issues.remarks import remark, wait_on
from errata.apps.issues.talk import (
    comment_on_issue,
    delete_comment,
    edit_comment,
    post_comment,
    retract_comment,
    unwatch_issue,
    watch_issue,
)
from errata.apps.issues.types import Assignment, Changed
from errata.apps.issues.undoing import undo
from errata.apps.issues.valuing import check_required, checked_values, value_changes, with_values
from errata.apps.issues.views import delete_view, save_view, update_view
from errata.apps.issues.vocabulary import (
    checked_priority,
    checked_severity,
    checked_text,
    checked_type,
    priority_rank,
    process_of,
    severity_rank,
    workflow_of,
)
from errata.apps.projects import operations as projects
from errata.apps.projects import queries as project_queries
from errata.apps.records import write
from errata.core import workflow
from errata.core.vocabulary import OPEN_CATEGORIES
from errata.core.workflow import Transition, TransitionRefused

__all__ = [
    "Assignment",
    "ChangedMeanwhile",
    "ClockNote",
    "ClockReached",
    "IssueMerged",
    "IssueNotFound",
    "adopt_workflow",
    "ahead",
    "apply_events",
    "assign_issue",
    "assign_issues",
    "comment_on_issue",
    "create_issue",
    "delete_comment",
    "delete_view",
    "edit_comment",
    "follow",
    "history",
    "link_issues",
    "merge_issues",
    "note_clocks",
    "note_proof",
    "note_scores",
    "note_shown",
    "publish_workflow",
    "purge_deleted_projects",
    "remark",
    "retract_comment",
    "save_view",
    "set_deputy",
    "set_parent",
    "split_grouping",
    "stumbled",
    "tell_clocks",
    "transition_issue",
    "try_again",
    "undo",
    "unlink_issues",
    "unwatch_issue",
    "update_issue",
    "update_view",
    "wait_on",
    "watch_issue",
]

TITLE_CHARS_MAX = 256
# A long bug report with logs pasted in; beyond this belongs into an attachment.
DESCRIPTION_CHARS_MAX = 100_000

Who = str | int | None  # an e-mail address, an id, "me", or nobody
_NONE: Mapping[str, Any] = {}
_POSTS = ("assignee_id", "deputy_id")


def create_issue(
    *,
    project: str | int,
    title: str,
    by: Actor,
    at: datetime,
    description: str = "",
    type: str = "",  # noqa: A002 (the domain's word)
    priority: str = "Medium",
    severity: str = "Minor",
    assignee: Who = None,
    labels: Iterable[str] = (),
    fields: Mapping[str, Any] | None = None,
    parent: str | None = None,
) -> Changed:
    """Create an issue by hand. With an assignee it begins where assigning a new one would take it.

    Without a type it is a Task, or the first type there is. `fields` are the custom ones, by slug or name.
    """
    allow(by, "issue:write")
    values = {
        "title": checked_text("title", title, chars_max=TITLE_CHARS_MAX),
        "description": checked_text("description", description, chars_max=DESCRIPTION_CHARS_MAX, empty=True),
        **_ranked("priority", priority),
        **_ranked("severity", severity),
    }
    with write():
        issue = _new_issue(project, values, type, fields or {}, by=by, at=at)
        values["type"] = issue.type
        set_labels(issue, labels)
        created = {name: values[name] for name in ("title", "type", "priority", "severity")}
        created |= {"stage": issue.stage, "category": issue.category}
        created |= {"fields": issue.values} if issue.values else {}
        activities = tell(issue, [Change("created", after=created)], by=by, at=at)
        if parent:
            put_under(issue, parent, by=by, at=at)
        if by.user_id:
            watch_as(issue, [by.user_id], reason="created", at=at)
        note_mentions(issue, values["description"], by=by, at=at)
        person = find_person(assignee, by=by)
        if person:
            activities += _assign(issue, person, by=by, at=at).activities
        return Changed(key=key_of(issue), version=issue.version, activities=activities)


def update_issue(
    *,
    key: str,
    by: Actor,
    at: datetime,
    title: str | None = None,
    description: str | None = None,
    type: str | None = None,  # noqa: A002 (the domain's word)
    priority: str | None = None,
    severity: str | None = None,
    labels: Iterable[str] | None = None,
    fields: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> Changed:
    """Change what is given. With `version`, only if nobody changed the issue since: else ChangedMeanwhile."""
    allow(by, "issue:write")
    wanted: dict[str, Any] = {}
    if title is not None:
        wanted["title"] = checked_text("title", title, chars_max=TITLE_CHARS_MAX)
    if description is not None:
        wanted["description"] = checked_text("description", description, chars_max=DESCRIPTION_CHARS_MAX, empty=True)
    if priority is not None:
        wanted |= _ranked("priority", priority)
    if severity is not None:
        wanted |= _ranked("severity", severity)
    with write():
        issue = issue_to_change(key, by=by, version=version)
        if type is not None:
            wanted["type"] = checked_type(type, process_of(issue.project_id).types)
        changes = [
            Change(name, before={name: getattr(issue, name)}, after={name: value})
            for name, value in wanted.items()
            if not name.endswith("_rank") and getattr(issue, name) != value
        ]
        if fields:
            valued = value_changes(issue, fields, process=process_of(issue.project_id), by=by)
            wanted["values"] = with_values(issue.values, {k: v for change in valued for k, v in change.after.items()})
            changes += valued
        changes += _labelled(issue, labels)
        if description is not None:
            note_mentions(issue, wanted["description"], by=by, at=at)
        return save(issue, changes, by=by, at=at, fields=wanted)


def assign_issue(
    *,
    key: str,
    by: Actor,
    at: datetime,
    to: Who | UnsetType = UNSET,
    deputy: Who | UnsetType = UNSET,
    version: int | None = None,
    reason: str = "",
    evidence: Mapping[str, Any] = _NONE,
    deputy_reason: str = "",
) -> Changed:
    """Give an issue to somebody, or to nobody. A new issue that gets an assignee moves on, as its workflow says.

    The activity keeps the reason, and the evidence for it: who was considered, by which rule.
    """
    allow(by, "issue:write")
    with write():
        issue = issue_to_change(key, by=by, version=version)
        activities: list[int] = []
        if deputy is not UNSET:
            person = find_person(deputy, by=by)
            activities += set_deputy_of(issue, person, by=by, at=at, reason=deputy_reason).activities
        if to is not UNSET:
            person = find_person(to, by=by)
            activities += _assign(issue, person, by=by, at=at, reason=reason, evidence=evidence).activities
        return Changed(key=key_of(issue), version=issue.version, activities=activities)


def assign_issues(assignments: Sequence[Assignment], *, by: Actor, at: datetime) -> set[int]:
    """Assign many issues at once, each to a person with a reason, in a few statements. Return which were.

    Issues that went into another, and people who have left, are passed over. Each is told of as `assign_issue` does.
    """
    allow(by, "issue:write")
    wanted = {one.issue_id: one for one in assignments}
    ids = {person for one in assignments for person in (one.assignee, one.deputy) if person}
    people = {person.id: person for person in members(actor=by, ids=ids)}
    with write():
        rows = visible(by).filter(id__in=wanted, merged_into=None).select_related("project", "assignee", "deputy")
        plans = [
            (issue, *_plan(issue, wanted[issue.id], people, by=by, at=at))
            for issue in rows.order_by("id")
            if wanted[issue.id].assignee in people
        ]
        seq = next_seq()
        for issue, fields, changes in plans:
            written = fields | {"version": issue.version + len(changes), "seq": seq, "updated_at": at}
            Issue.objects.filter(id=issue.id).update(**written)
        tell_all([(issue, change) for issue, _, changes in plans for change in changes], by=by, at=at)
        watch_all(
            [(issue.id, fields[name]) for issue, fields, _ in plans for name in _POSTS if fields.get(name)],
            reason="assigned",
            at=at,
        )
        return {issue.id for issue, _, _ in plans}


def set_deputy(*, key: str, to: Who, by: Actor, at: datetime) -> Changed:
    """Say who holds the issue when its assignee can't."""
    return assign_issue(key=key, deputy=to, by=by, at=at)


def transition_issue(
    *,
    key: str,
    to: str,
    by: Actor,
    at: datetime,
    comment: str | None = None,
    reason: str | None = None,
    assignee: Who = None,
    override: str | None = None,
    evidence: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> Changed:
    """Move an issue to a stage, or by a move's name. Raises TransitionRefused, which says what is missing.

    A move to where it is already changes nothing, so that scripts may repeat; the comment is posted all the same.
    `override` is the reason to pass without proof; `evidence` is kept with the move.
    """
    allow(by, "issue:write")
    with write():
        issue = issue_to_change(key, by=by, version=version)
        text = (comment or "").strip()
        person = find_person(assignee, by=by)
        given = {"comment": text, "reason": reason, "assignee": person, "override": (override or "").strip()[:500]}
        fields = {name: value for name, value in given.items() if value}
        command = msgspec.structs.replace(_command(to, by, fields), evidence=evidence or {})
        move = workflow.decide(workflow_of(issue.project_id), state=_state(issue), command=command)
        posted = post_comment(issue, text, by=by, at=at) if text else None
        return _move(issue, move, by=by, at=at, comment_id=posted.id if posted else None)


def _plan(
    issue: Issue, wanted: Assignment, people: Mapping[int, Person], *, by: Actor, at: datetime
) -> tuple[dict[str, Any], list[Change]]:
    """What assigning changes of an issue, and how it is told: the deputy, the assignee, the move."""
    fields: dict[str, Any] = {"assignee_id": wanted.assignee}
    changes: list[Change] = []
    deputy = people.get(wanted.deputy or 0)
    if deputy and deputy.id != issue.deputy_id:
        fields["deputy_id"] = deputy.id
        changes.append(_posted("deputy", issue, deputy, reason=wanted.deputy_reason))
    given = _posted("assignee", issue, people[wanted.assignee], reason=wanted.reason, evidence=wanted.evidence)
    changes.append(given)
    if issue.category != "new":
        return fields, changes
    state = msgspec.structs.replace(_state(issue), assignee=str(wanted.assignee))
    command = _command("assign", by, {})
    with suppress(TransitionRefused):  # A workflow without such a move leaves the stage as it is.
        move = workflow.decide(workflow_of(issue.project_id), state=state, command=command)
        if move.moves:
            fields |= _fields_of(move, issue, at)
            changes.append(_moved(issue, move, fields))
    return fields, changes


def _posted(post: Literal["assignee", "deputy"], issue: Issue, person: Person | None, **why: Any) -> Change:
    held = getattr(issue, post)
    before: dict[str, Any] = {post: person_fact(person_of(held) if held else None)}
    after: dict[str, Any] = {post: person_fact(person)}
    return Change(post, before=before, after=after, **why)


def _moved(issue: Issue, move: Transition, fields: Mapping[str, Any], *, comment_id: int | None = None) -> Change:
    return Change(
        "stage",
        before={name: getattr(issue, name) for name in STANDING},
        after={name: fields[name] for name in STANDING},
        reason=fields["reason"],
        evidence=move.evidence,
        comment_id=comment_id,
    )


def _new_issue(
    project: str | int, values: dict[str, Any], type_: str, fields: Mapping[str, Any], *, by: Actor, at: datetime
) -> Issue:
    place = project_queries.row_of(by, project)
    process = process_of(place.id)
    stage = process.workflow.initial
    kind = checked_type(type_ or ("Task" if "Task" in process.types else process.types[0]), process.types)
    own = with_values({}, checked_values(fields, process=process, issue_type=kind, by=by))
    check_required(own, process=process, issue_type=kind)
    issue = Issue.objects.create(
        organization_id=by.organization_id,
        project_id=place.id,
        number=projects.next_issue_numbers({place.id: 1})[place.id],
        **values,
        type=kind,
        values=own,
        culprit="",
        stage=stage.name,
        category=stage.category,
        is_open=stage.category in OPEN_CATEGORIES,
        stage_changed_at=at,
        reason="",
        level="",
        platform=place.platform,
        source="manual",
        first_seen=at,
        last_seen=at,
        count=0,
        users=0,
        group_count=0,
        unhandled=False,
        regressed=False,
        first_release="",
        last_release="",
        comment_count=0,
        created_by_id=by.user_id,
        created_at=at,
        updated_at=at,
        version=1,
        seq=next_seq(),
    )
    issue.project = place
    return issue


def _assign(
    issue: Issue,
    person: Person | None,
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    evidence: Mapping[str, Any] = _NONE,
) -> Changed:
    changed = set_assignee(issue, person, by=by, at=at, reason=reason, evidence=evidence)
    if not changed.activities:
        return changed
    # Who takes a new issue has taken it up; what nobody holds any more is new again. A workflow without such moves
    # leaves the stage as it is.
    command = "assign" if person else "return"
    if (issue.category == "new") != bool(person):
        return changed
    try:
        decided = workflow.decide(
            workflow_of(issue.project_id),
            state=_state(issue),
            command=_command(command, by, {}),
        )
    except TransitionRefused:
        return changed
    moved = _move(issue, decided, by=by, at=at)
    return Changed(key=moved.key, version=moved.version, activities=changed.activities + moved.activities)


def _move(issue: Issue, move: Transition, *, by: Actor, at: datetime, comment_id: int | None = None) -> Changed:
    """Apply a decided transition: the assignee first, so that undoing goes back in order."""
    activities: list[int] = []
    if "assignee" in move.changes:
        activities = set_assignee(issue, move.changes["assignee"], by=by, at=at).activities
    if move.moves:
        fields = _fields_of(move, issue, at)
        change = _moved(issue, move, fields, comment_id=comment_id)
        activities += save(issue, [change], by=by, at=at, fields=fields).activities
        activities += apply_actions(issue, move.actions, by=by, at=at)
    return Changed(key=key_of(issue), version=issue.version, activities=activities)


def _fields_of(move: Transition, issue: Issue, at: datetime) -> dict[str, Any]:
    return {
        "stage": move.to_stage,
        "category": move.category,
        "is_open": move.category in OPEN_CATEGORIES,
        "stage_changed_at": at,
        "reason": (move.changes.get("reason", issue.reason) or "")[:40],
        "regressed": move.changes.get("regressed", issue.regressed),
    }


def _command(to: str, by: Actor, fields: Mapping[str, Any]) -> workflow.Command:
    return workflow.Command(
        to=to, by=by.kind, fields=fields, who=str(by.own_id), administers=by.role in ("owner", "admin")
    )


def _state(issue: Issue) -> workflow.IssueState:
    return workflow.IssueState(
        stage=issue.stage,
        assignee=str(issue.assignee_id) if issue.assignee_id else None,
        reason=issue.reason or None,
        regressed=issue.regressed,
        evidence=evidence_of(issue),
        deputy=str(issue.deputy_id) if issue.deputy_id else None,
        values=issue.values,
    )


def _ranked(name: str, value: str) -> dict[str, Any]:
    if name == "priority":
        return {"priority": (checked := checked_priority(value)), "priority_rank": priority_rank(checked)}
    return {"severity": (checked := checked_severity(value)), "severity_rank": severity_rank(checked)}


def _labelled(issue: Issue, labels: Iterable[str] | None) -> list[Change]:
    if labels is None:
        return []
    before = names_of(issue)
    after = set_labels(issue, labels)
    return [] if before == after else [Change("labels", before={"labels": before}, after={"labels": after})]
