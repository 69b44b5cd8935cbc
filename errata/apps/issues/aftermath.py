"""What a move does to an issue beside moving it: the actions of its rule, each an activity of its own."""

from collections.abc import Callable, Sequence
from datetime import datetime

from errata.apps.accounts.queries import PersonNotFound
from errata.apps.accounts.types import Actor
from errata.apps.issues.assigning import set_assignee, set_deputy_of
from errata.apps.issues.changes import Change, find_person, save
from errata.apps.issues.labels import names_of, set_labels
from errata.apps.issues.models import Issue
from errata.apps.issues.talk import post_comment
from errata.apps.issues.valuing import value_changes, with_values
from errata.apps.issues.vocabulary import (
    FieldRefused,
    checked_priority,
    checked_severity,
    checked_type,
    priority_rank,
    process_of,
    severity_rank,
)
from errata.core.fields import FieldValueRefused
from errata.core.workflow import Action

_Apply = Callable[[Issue, Action, Actor, datetime], list[int]]


def apply_actions(issue: Issue, actions: Sequence[Action], *, by: Actor, at: datetime) -> list[int]:
    """Do what the move asks for, within its transaction. Return the activities.

    An action that can't be done any more (its person has left, its type is put away) is left out: who moves the issue
    can't mend the workflow, and must not be stopped by it.
    """
    activities: list[int] = []
    for action in actions:
        try:
            activities += _APPLY[action.kind](issue, action, by, at)
        except (PersonNotFound, FieldRefused, FieldValueRefused):
            continue
    return activities


def _priority(issue: Issue, action: Action, by: Actor, at: datetime) -> list[int]:
    value = checked_priority(action.value)
    return _set(issue, "priority", value, by, at, priority_rank=priority_rank(value))


def _severity(issue: Issue, action: Action, by: Actor, at: datetime) -> list[int]:
    value = checked_severity(action.value)
    return _set(issue, "severity", value, by, at, severity_rank=severity_rank(value))


def _type(issue: Issue, action: Action, by: Actor, at: datetime) -> list[int]:
    return _set(issue, "type", checked_type(action.value, process_of(issue.project_id).types), by, at)


def _set(issue: Issue, name: str, value: str, by: Actor, at: datetime, **ranks: int) -> list[int]:
    if getattr(issue, name) == value:
        return []
    change = Change(name, before={name: getattr(issue, name)}, after={name: value})
    return save(issue, [change], by=by, at=at, fields={name: value, **ranks}).activities


def _assignee(issue: Issue, action: Action, by: Actor, at: datetime) -> list[int]:
    return set_assignee(issue, find_person(action.value, by=by), by=by, at=at).activities


def _deputy(issue: Issue, action: Action, by: Actor, at: datetime) -> list[int]:
    return set_deputy_of(issue, find_person(action.value, by=by), by=by, at=at).activities


def _field(issue: Issue, action: Action, by: Actor, at: datetime) -> list[int]:
    given = {action.field: action.value or None}
    changes = value_changes(issue, given, process=process_of(issue.project_id), by=by)
    values = with_values(issue.values, {slug: value for change in changes for slug, value in change.after.items()})
    return save(issue, changes, by=by, at=at, fields={"values": values}).activities


def _label(issue: Issue, action: Action, by: Actor, at: datetime) -> list[int]:
    before = names_of(issue)
    kept = [name for name in before if name.casefold() != action.value.casefold()]
    after = set_labels(issue, [*kept, action.value] if action.kind == "add_label" else kept)
    if before == after:
        return []
    change = Change("labels", before={"labels": before}, after={"labels": after})
    return save(issue, [change], by=by, at=at).activities


def _comment(issue: Issue, action: Action, by: Actor, at: datetime) -> list[int]:
    post_comment(issue, action.value, by=by, at=at)
    return []


_APPLY: dict[str, _Apply] = {
    "set_priority": _priority,
    "set_severity": _severity,
    "set_type": _type,
    "set_assignee": _assignee,
    "set_deputy": _deputy,
    "set_field": _field,
    "clear_field": _field,
    "clear_assignee": _assignee,
    "clear_deputy": _deputy,
    "add_label": _label,
    "remove_label": _label,
    "comment": _comment,
}
