"""What is told of an issue though none of its own fields change, and on whom it waits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import Change, issue_to_change, save
from errata.apps.issues.types import Changed
from errata.apps.issues.vocabulary import checked_text
from errata.apps.records import write

WAITING_ON_CHARS_MAX = 80
_NOTHING: Mapping[str, Any] = {}


def wait_on(*, key: str, on: str, by: Actor, at: datetime) -> Changed:
    """Say that the issue waits on somebody outside of the team: a customer, a supplier. "" is nobody any more."""
    allow(by, "issue:write")
    text = checked_text("name", on, chars_max=WAITING_ON_CHARS_MAX, empty=True)
    with write():
        issue = issue_to_change(key, by=by)
        if issue.waiting_on == text:
            return save(issue, [], by=by, at=at)
        change = Change("waiting_on", before={"waiting_on": issue.waiting_on}, after={"waiting_on": text})
        return save(issue, [change], by=by, at=at, fields={"waiting_on": text})


def remark(
    *,
    key: str,
    kind: Literal["acknowledged", "escalated"],
    by: Actor,
    at: datetime,
    after: Mapping[str, Any] = _NOTHING,
    reason: str = "",
) -> Changed:
    """Put on an issue's activity, and in the audit log, what an app above has done about it."""
    allow(by, "issue:write")
    with write():
        issue = issue_to_change(key, by=by)
        return save(issue, [Change(kind, after=after, reason=reason)], by=by, at=at)
