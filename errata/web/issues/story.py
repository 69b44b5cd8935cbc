"""What happened to an issue, as sentences; and why its events belong together, as a list of parts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.urls import reverse

from errata.apps.accounts.types import Person
from errata.apps.issues.types import ActivityView, CommentView, GroupView
from errata.apps.workflows.types import Process
from errata.core.sla import BREACH
from errata.core.workflow import category_of, told_by

_ICONS = {
    "stage": "arrow-right",
    "created": "plus",
    "regressed": "rotate-ccw",
    "merged": "git-merge",
    "split": "split",
    "spared": "shield-check",
    "linked": "link",
    "escalated": "bell-ring",
    "clock": "timer",
    "waiting_on": "hourglass",
    "parent": "list-tree",
}
# Behind a comment: its text is shown, so these need no line of their own.
_SILENT = {"comment_edited"}
_WORDS = {
    "title": "renamed it",
    "description": "changed the description",
    "merged": "merged {issue} into this",
    "merged_into": "merged this into {issue}",
    "unmerged": "took the merge with {issue} back",
    "split": "split a group off into {issue}",
    "split_from": "split this off {issue}",
    "linked": "linked {issue}",
    "unlinked": "removed the link to {issue}",
    "comment_deleted": "deleted a comment",
    "spared": "counted an event of an older release",
}


class Item(msgspec.Struct, frozen=True):
    """One line of the activity."""

    id: int
    anchor: str
    person: Person | None
    who: str
    words: str
    at: datetime
    icon: str = "circle-dot"
    stage: str = ""
    category: str = ""
    reason: str = ""
    comment: str = ""
    evidence_url: str = ""
    more_url: str = ""  # of the commit or pull request that moved it
    undoable: bool = False
    undone: bool = False
    edited: bool = False


class Part(msgspec.Struct, frozen=True):
    text: str
    why: str
    counted: bool


class Why(msgspec.Struct, frozen=True):
    """A group of the issue with its explanation."""

    title: str
    count: int
    words: str
    hash: str
    version: str
    parts: list[Part]


def story(
    key: str, activity: Sequence[ActivityView], comments: Sequence[CommentView], *, process: Process
) -> list[Item]:
    """The activity, oldest first, with the comments in their places."""
    said = {comment.id: comment for comment in comments}
    return [_item(key, deed, said, process) for deed in activity if not _is_silent(deed)]


def _is_silent(deed: ActivityView) -> bool:
    """Of a clock's marks the breach is told here; how far it is before that, the clock itself shows."""
    return deed.kind in _SILENT or (deed.kind == "clock" and deed.after.get("percent") != BREACH)


def _item(key: str, deed: ActivityView, said: Mapping[int, CommentView], process: Process) -> Item:
    stage = str(deed.after.get("stage", "")) if deed.kind in ("stage", "regressed") else ""
    category = category_of(stage, told=told_by(deed.after), workflow=process.workflow)
    comment = said.get(deed.comment_id or 0)
    event = str(deed.evidence.get("event_id", ""))
    return Item(
        id=deed.id,
        anchor=f"comment-{comment.id}" if comment else f"activity-{deed.id}",
        person=deed.actor,
        who=deed.actor_name or "Errata",
        words=_valued(deed, process) if deed.kind == "field" else _sentence(deed, comment),
        at=deed.at,
        icon=_ICONS.get(deed.kind, "circle-dot"),
        stage=stage,
        category=category or "",
        reason=_why(deed),
        comment=comment.body if comment and deed.kind == "commented" and not comment.deleted else "",
        evidence_url=reverse("event", args=[key, event]) if event else "",
        more_url=str(deed.evidence.get("url", "")),
        undoable=deed.undoable and deed.undone_at is None,
        undone=deed.undone_at is not None,
        edited=bool(comment and comment.edited_at),
    )


def _why(deed: ActivityView) -> str:
    """The reason in words: of a retest its verdict, of a move without proof what its author answered for."""
    if deed.kind in ("created", "regressed"):
        return ""
    override = deed.evidence.get("override")
    said = f"Passed without proof: {override}" if override else str(deed.evidence.get("words", ""))
    return " ".join(part for part in (deed.reason, said) if part)


def _sentence(deed: ActivityView, comment: CommentView | None) -> str:
    before, after = _value(deed.before, deed.kind), _value(deed.after, deed.kind)
    match deed.kind:
        case "commented":
            return "deleted this comment" if comment and comment.deleted else "commented"
        case "created":
            return "opened the issue at its first event" if deed.evidence.get("event_id") else "created the issue"
        case "regressed":
            return "saw it happen again and moved it to"
        case "stage":
            return "moved it to"
        case "assignee" | "assigned":
            return f"assigned {after}" if after else f"unassigned {before}"
        case "deputy":
            return f"made {after} the deputy" if after else f"removed {before} as deputy"
        case "labels" | "parent":
            return _labels(deed) if deed.kind == "labels" else _parent(deed)
    return _plainly(deed, before, after)


def _valued(deed: ActivityView, process: Process) -> str:
    """A custom field that changed, by the name it has today."""
    names = {field.slug: field.name for field in process.fields}
    slug, after = next(iter(deed.after.items()), ("", None))
    before, name = deed.before.get(slug), names.get(slug, slug)
    if after is None:
        return f"cleared {name}; it was {_said(before)}"
    return f"set {name} to {_said(after)}" + (f"; it was {_said(before)}" if before is not None else "")


def _said(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _timed(deed: ActivityView, before: str, after: str) -> str:
    """What concerns the clocks."""
    if deed.kind == "waiting_on":
        return f"set it to wait on {after}" if after else f"let it wait on {before} no more"
    if deed.kind == "escalated":
        return f"escalated it at {deed.after.get('percent')} % of its {deed.after.get('clock')} time"
    if deed.kind == "clock":
        return f"saw its {deed.after.get('clock')} time run out"
    return "acknowledged it"


def _plainly(deed: ActivityView, before: str, after: str) -> str:
    if deed.kind in ("waiting_on", "escalated", "acknowledged", "clock"):
        return _timed(deed, before, after)
    if deed.kind in _WORDS:
        issue = deed.after.get("issue") or deed.before.get("issue", "")
        return _WORDS[deed.kind].format(issue=issue)
    return f"set the {deed.kind} from {before} to {after}" if before and after else f"changed the {deed.kind}"


def _value(facts: Mapping[str, Any], kind: str) -> str:
    value = facts.get(kind, facts.get("assignee"))
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("email") or "")
    return "" if value is None else str(value)


def _parent(deed: ActivityView) -> str:
    above, before = deed.after.get("parent"), deed.before.get("parent")
    return f"made it a part of {above['key']}" if above else f"took it out of {before['key']}" if before else ""


def _labels(deed: ActivityView) -> str:
    before, after = set(deed.before.get("labels", ())), set(deed.after.get("labels", ()))
    added, removed = ", ".join(sorted(after - before)), ", ".join(sorted(before - after))
    return " and ".join(words for words in (added and f"added {added}", removed and f"removed {removed}") if words)


def explained(groups: Sequence[GroupView]) -> list[Why]:
    """Why the events of each group belong together."""
    return [
        Why(
            title=group.title,
            count=group.count,
            words=str(group.explanation.get("sentence", "")),
            hash=str(group.explanation.get("hash", f"{group.fingerprint & (2**64 - 1):016x}")),
            version=str(group.explanation.get("algorithm", "")),
            parts=list(_parts(group.explanation)),
        )
        for group in groups
    ]


def _parts(explanation: Mapping[str, Any]) -> Iterator[Part]:
    for element in explanation.get("fingerprint", ()):
        yield Part(text=str(element["value"]), why=f"fingerprint: {element['given']}", counted=True)
    for exception in explanation.get("exceptions", ()):
        yield Part(text=exception["type"], why=exception["reason"], counted=exception["counted"])
        if exception.get("message"):
            yield _message(exception["message"])
        for frame in reversed(exception.get("frames", ())):
            yield Part(text=f"{frame['name']} in {frame['place']}", why=frame["reason"], counted=frame["counted"])
    if explanation.get("message"):
        yield _message(explanation["message"])


def _message(part: Mapping[str, Any]) -> Part:
    return Part(text=part["template"], why=part["reason"], counted=part["counted"])
