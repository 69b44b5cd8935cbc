"""Setting an issue's assignee and deputy, within the transaction of who decides it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from errata.apps.accounts.queries import person_of
from errata.apps.accounts.types import Actor, Person
from errata.apps.issues.changes import Change, person_fact, save, watch_as
from errata.apps.issues.models import Issue
from errata.apps.issues.types import Changed

_NONE: Mapping[str, Any] = {}


def set_assignee(
    issue: Issue,
    person: Person | None,
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    evidence: Mapping[str, Any] = _NONE,
) -> Changed:
    """Give the issue to somebody, or to nobody."""
    if (person.id if person else None) == issue.assignee_id:
        return save(issue, [], by=by, at=at)
    before = person_of(issue.assignee) if issue.assignee else None
    change = Change(
        "assignee",
        before={"assignee": person_fact(before)},
        after={"assignee": person_fact(person)},
        reason=reason,
        evidence=evidence,
    )
    if person:
        watch_as(issue, [person.id], reason="assigned", at=at)
    return save(issue, [change], by=by, at=at, fields={"assignee_id": person.id if person else None})


def set_deputy_of(issue: Issue, person: Person | None, *, by: Actor, at: datetime, reason: str = "") -> Changed:
    """Say who holds the issue when its assignee can't."""
    if (person.id if person else None) == issue.deputy_id:
        return save(issue, [], by=by, at=at)
    before = person_of(issue.deputy) if issue.deputy else None
    told = {"deputy": person_fact(person)}
    change = Change("deputy", before={"deputy": person_fact(before)}, after=told, reason=reason)
    if person:
        watch_as(issue, [person.id], reason="assigned", at=at)
    return save(issue, [change], by=by, at=at, fields={"deputy_id": person.id if person else None})
