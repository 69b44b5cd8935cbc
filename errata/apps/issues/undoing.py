"""Taking a change back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import STANDING, Change, issue_to_change, key_of, save
from errata.apps.issues.labels import names_of, set_labels
from errata.apps.issues.merging import unmerge
from errata.apps.issues.models import Activity, Issue
from errata.apps.issues.parenting import parent_back, parent_now
from errata.apps.issues.rows import UNDOABLE
from errata.apps.issues.types import Changed
from errata.apps.issues.valuing import with_values
from errata.apps.issues.vocabulary import priority_rank, severity_rank, workflow_of
from errata.apps.records import write
from errata.core.errors import Refusal
from errata.core.vocabulary import OPEN_CATEGORIES

UNDONE = "Taken back."


class UndoRefused(Refusal):
    """The change can't be taken back: it is gone already, or something came after it."""

    code = "undo_refused"
    status = 409


def undo(*, activity_id: int, by: Actor, at: datetime) -> Changed:
    """Take a change back, unless the field was changed again since. The history keeps both."""
    allow(by, "issue:write")
    with write():
        rows = Activity.objects.filter(
            id=activity_id, issue__organization_id=by.organization_id, issue__project__deleted_at=None
        )
        activity = rows.select_related("issue__project").first()
        if activity is None or activity.kind not in UNDOABLE:
            raise UndoRefused("There is nothing to take back.", activity=activity_id)
        if activity.undone_at is not None:
            raise UndoRefused("This was taken back already.", activity=activity_id)
        issue = issue_to_change(key_of(activity.issue), by=by)
        change, fields = _opposite(issue, activity, by, at)
        Activity.objects.filter(id=activity.id).update(undone_at=at)
        return save(issue, [change], by=by, at=at, fields=fields)


def _opposite(issue: Issue, activity: Activity, by: Actor, at: datetime) -> tuple[Change, dict[str, Any]]:
    if activity.kind == "merged":
        return _unmerged(issue, activity, by, at)
    now = _NOW.get(activity.kind, _value)(issue, activity)
    if now != activity.after:
        msg = f"The {activity.kind} of {key_of(issue)} was changed again since. Set it by hand."
        raise UndoRefused(msg, activity=activity.id)
    fields = _BACK.get(activity.kind, _same)(issue, activity.before, at)
    after = activity.before | ({name: fields[name] for name in STANDING} if activity.kind == "stage" else {})
    return Change(activity.kind, before=activity.after, after=after, reason=UNDONE), fields


def _unmerged(issue: Issue, activity: Activity, by: Actor, at: datetime) -> tuple[Change, dict[str, Any]]:
    fingerprints = [int(text) for text in activity.after["fingerprints"]]
    unmerge(issue, source_id=activity.after["issue_id"], fingerprints=fingerprints, by=by, at=at)
    change = Change("unmerged", before={"issue": activity.after["issue"]}, reason=UNDONE)
    return change, {}


def _value(issue: Issue, activity: Activity) -> dict[str, Any]:
    return {name: getattr(issue, name) for name in activity.after}


def _person(issue: Issue, activity: Activity) -> dict[str, Any]:
    """The person by their id alone: they may have changed their name since."""
    person_id = getattr(issue, f"{activity.kind}_id")
    fact = activity.after[activity.kind]
    return activity.after if (fact["id"] if fact else None) == person_id else {activity.kind: person_id}


def _field(issue: Issue, activity: Activity) -> dict[str, Any]:
    return {slug: issue.values.get(slug) for slug in activity.after}


def _labels(issue: Issue, _: Activity) -> dict[str, Any]:
    return {"labels": names_of(issue)}


def _same(_: Issue, before: dict[str, Any], __: datetime) -> dict[str, Any]:
    return dict(before)


def _ranked(name: str, rank: Callable[[str], int]) -> Callable[..., dict[str, Any]]:
    return lambda _issue, before, _at: {name: before[name], f"{name}_rank": rank(before[name])}


def _to_person(name: str) -> Callable[..., dict[str, Any]]:
    return lambda _issue, before, _at: {f"{name}_id": before[name]["id"] if before[name] else None}


def _relabel(issue: Issue, before: dict[str, Any], _: datetime) -> dict[str, Any]:
    set_labels(issue, before["labels"])
    return {}


def _revalue(issue: Issue, before: dict[str, Any], _: datetime) -> dict[str, Any]:
    return {"values": with_values(issue.values, before)}


def _restage(issue: Issue, before: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Back without asking the guards: it was there before."""
    stage = workflow_of(issue.project_id).find_stage(before["stage"])
    if stage is None:
        msg = f"The workflow has no stage {before['stage']} any more."
        raise UndoRefused(msg)
    return {
        "stage": stage.name,
        "category": stage.category,
        "is_open": stage.category in OPEN_CATEGORIES,
        "stage_changed_at": at,
        "reason": before["reason"],
        "regressed": before["regressed"],
    }


_NOW: dict[str, Callable[[Issue, Activity], dict[str, Any]]] = {
    "assignee": _person,
    "deputy": _person,
    "labels": _labels,
    "field": _field,
    "parent": parent_now,
}
_BACK: dict[str, Callable[[Issue, dict[str, Any], datetime], dict[str, Any]]] = {
    "priority": _ranked("priority", priority_rank),
    "severity": _ranked("severity", severity_rank),
    "assignee": _to_person("assignee"),
    "deputy": _to_person("deputy"),
    "labels": _relabel,
    "field": _revalue,
    "stage": _restage,
    "parent": parent_back,
}
