"""Issues within issues."""

from datetime import datetime
from typing import Any

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import Change, by_key, issue_not_found, issue_to_change, key_of, save
from errata.apps.issues.models import Activity, Issue
from errata.apps.issues.types import Changed
from errata.apps.records import write
from errata.core.family import DEPTH_MAX, check_parent


def set_parent(*, key: str, parent: str | None, by: Actor, at: datetime, version: int | None = None) -> Changed:
    """Make an issue a part of another, or of none. Raises ParentRefused for a circle or a tree too deep."""
    allow(by, "issue:write")
    with write():
        issue = issue_to_change(key, by=by, version=version)
        return put_under(issue, parent, by=by, at=at)


def put_under(issue: Issue, parent: str | None, *, by: Actor, at: datetime) -> Changed:
    """The same, within the transaction of the operation it is part of."""
    above = _row(parent, by=by) if parent else None
    if (above.id if above else None) == issue.parent_id:
        return save(issue, [], by=by, at=at)
    if above:
        check_parent(
            key=key_of(issue),
            parent=key_of(above),
            ancestors=[key_of(row) for row in ancestors_of(above)],
            height=_height(issue),
        )
    before = _row_of(issue.parent_id)
    change = Change("parent", before={"parent": _fact(before)}, after={"parent": _fact(above)})
    changed = save(issue, [change], by=by, at=at, fields={"parent_id": above.id if above else None})
    if before:
        # The parent that lost it shows one part less.
        Issue.objects.filter(id=before.id).update(seq=issue.seq)
    return changed


def ancestors_of(row: Issue) -> list[Issue]:
    """What an issue is a part of, nearest first."""
    found: list[Issue] = []
    above = _row_of(row.parent_id)
    while above is not None and len(found) < DEPTH_MAX:
        found.append(above)
        above = _row_of(above.parent_id)
    return found


def parent_now(issue: Issue, activity: Activity) -> dict[str, Any]:
    """What an undo compares: the parent by its id alone, whatever it is called by now."""
    fact = activity.after["parent"]
    return activity.after if (fact["id"] if fact else None) == issue.parent_id else {"parent": issue.parent_id}


def parent_back(issue: Issue, before: dict[str, Any], _: datetime) -> dict[str, Any]:
    """The fields that put an issue back under the parent it had, if that still makes a tree."""
    above = _row_of(before["parent"]["id"]) if before["parent"] else None
    if above:
        names = [key_of(row) for row in ancestors_of(above)]
        check_parent(key=key_of(issue), parent=key_of(above), ancestors=names, height=_height(issue))
    return {"parent_id": above.id if above else None}


def _height(issue: Issue) -> int:
    """How many levels there are below an issue."""
    level, height = [issue.id], 0
    while height <= DEPTH_MAX:
        level = list(Issue.objects.filter(parent_id__in=level).values_list("id", flat=True))
        if not level:
            break
        height += 1
    return height


def _row(key: str, *, by: Actor) -> Issue:
    row = by_key(by, key).select_related("project").filter(merged_into=None).first()
    if row is None:
        raise issue_not_found(key)
    return row


def _row_of(issue_id: int | None) -> Issue | None:
    return Issue.objects.select_related("project").filter(id=issue_id).first() if issue_id else None


def _fact(row: Issue | None) -> dict[str, Any] | None:
    return {"id": row.id, "key": key_of(row)} if row else None
