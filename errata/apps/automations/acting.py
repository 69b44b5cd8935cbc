"""What a rule does: its actions, one after the other, as the rule and with its name."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from errata.apps.accounts.types import Actor
from errata.apps.issues import audience, queries
from errata.apps.issues import operations as issues
from errata.apps.issues.types import IssueRow
from errata.apps.notices import operations as notices
from errata.apps.notices.queries import named_ids
from errata.core.automation import Action, Rule
from errata.core.errors import Refusal
from errata.core.recipients import channel_named, recipients


class NobodyToTell(Refusal):
    """What a rule names to be told is nobody, at least of this issue."""

    code = "nobody_to_tell"
    status = 422


def act(
    rule: Rule, row: IssueRow, *, automation_id: int, name: str, cause: str, by: Actor, at: datetime
) -> list[dict[str, Any]]:
    """Do what the rule says, and tell of each action what came of it. One that is refused stops none of the others."""
    told: list[dict[str, Any]] = []
    for number, action in enumerate(rule.actions):
        words = f"{action.kind} {action.value}"
        try:
            # By its id: another rule may get the name once this one is gone.
            dedupe = f"rule:{automation_id}:{cause}:{number}"
            made = _DO[action.kind](_Doing(action, row, name, dedupe, by, at))
        except Refusal as refusal:
            told.append({"action": words, "refused": refusal.message, "activities": []})
        else:
            told.append({"action": words, **made})
    return told


# What an action made: the activities, and the comments, by which it is taken back.
_Made = dict[str, list[int]]


class _Doing(msgspec.Struct, frozen=True):
    action: Action
    row: IssueRow
    name: str
    dedupe: str
    by: Actor
    at: datetime

    @property
    def where(self) -> Mapping[str, Any]:
        return {"key": self.row.key, "by": self.by, "at": self.at}


def _assign(doing: _Doing) -> _Made:
    reason = f"The rule “{doing.name}” says so."
    if doing.action.kind == "assign":
        return {"activities": issues.assign_issue(**doing.where, to=doing.action.value, reason=reason).activities}
    return {
        "activities": issues.assign_issue(**doing.where, deputy=doing.action.value, deputy_reason=reason).activities
    }


def _field(doing: _Doing) -> _Made:
    value: dict[str, Any] = {doing.action.kind: doing.action.value}
    return {"activities": issues.update_issue(**doing.where, **value).activities}


def _label(doing: _Doing) -> _Made:
    held = [label.name for label in queries.issue(actor=doing.by, key=doing.row.key).row.labels]
    wanted = doing.action.value.strip()
    rest = [name for name in held if name.casefold() != wanted.casefold()]
    labels = [*rest, wanted] if doing.action.kind == "label" else rest
    if len(rest) != len(held) and doing.action.kind == "label":
        return {"activities": []}  # It has it.
    return {"activities": issues.update_issue(**doing.where, labels=labels).activities}


def _stage(doing: _Doing) -> _Made:
    comment = f"The rule “{doing.name}” moved it."
    return {"activities": issues.transition_issue(**doing.where, to=doing.action.value, comment=comment).activities}


def _comment(doing: _Doing) -> _Made:
    return {"activities": [], "comments": [issues.comment_on_issue(**doing.where, body=doing.action.value).id]}


def _notify(doing: _Doing) -> _Made:
    concern = audience.concerns([doing.row.id]).get(doing.row.id)
    words = recipients(doing.action.value)
    people = named_ids(words, issue=concern) if concern else []
    telling: dict[str, Any] = {
        "issue_id": doing.row.id, "kind": "automation", "dedupe": doing.dedupe, "at": doing.at,
        "reason": f"because the rule “{doing.name}” says so", "text": f"{doing.name}: {doing.row.title}",
    }  # fmt: skip
    notices.notify(**telling, to=people)
    channels = [name for word in words if (name := channel_named(word))]
    posted = [
        name for name in channels if notices.post(**telling, organization_id=doing.by.organization_id, channel=name)
    ]
    if not people and not posted:
        raise NobodyToTell(f"Nobody to tell: {doing.action.value}.", to=doing.action.value)
    return {"activities": []}


_DO: Mapping[str, Callable[[_Doing], _Made]] = {
    "assign": _assign, "deputy": _assign, "priority": _field, "severity": _field, "type": _field, "label": _label,
    "unlabel": _label, "stage": _stage, "comment": _comment, "notify": _notify,
}  # fmt: skip
