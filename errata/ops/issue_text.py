"""Issues in a terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from errata.apps.issues.hindsight import IssueThen
from errata.apps.issues.types import ActivityView, CommentView, IssueDetail, IssueRow
from errata.core.past import written
from errata.ops.console import ago

_TITLE_WIDTH = 72
_ACTIVITY_SHOWN = 10
# Told with a move for programs; a person reads the stage, and sees above that it came back.
_BESIDE = frozenset({"category", "regressed"})


def row_of(row: IssueRow, *, now: datetime) -> tuple[Any, ...]:
    """An issue in a line of a table."""
    title = row.title if len(row.title) <= _TITLE_WIDTH else row.title[: _TITLE_WIDTH - 1] + "…"
    assignee = row.assignee.name if row.assignee else "–"
    return (
        row.key,
        row.stage,
        row.priority,
        row.severity,
        row.count,
        row.users,
        ago(row.last_seen, now=now),
        assignee,
        title,
    )


def row_then(row: IssueRow, *, counted: bool, at: datetime) -> tuple[Any, ...]:
    """An issue of the past in a line of a table: without its users, which are not kept by time."""
    *head, count, _, seen, assignee, title = row_of(row, now=at)
    return (*head, count if counted else "–", seen if counted else "–", assignee, title)


def describe(
    issue: IssueDetail, activity: Sequence[ActivityView], comments: Sequence[CommentView], *, now: datetime
) -> str:
    """An issue on a page of text."""
    blocks = [_head(issue, now=now), issue.description, _comments(comments, now=now), _activity(activity, now=now)]
    return "\n\n".join(block for block in blocks if block)


def describe_then(
    issue: IssueThen, activity: Sequence[ActivityView], comments: Sequence[CommentView], *, at: datetime
) -> str:
    """An issue of the past on a page of text."""
    events = f"{issue.row.count:,}{_from(issue.users)}" if issue.row.count else ""
    head = _lines(issue.row, events=events if issue.counted else "can't be counted any more", now=at)
    said = _comments(comments, now=at), _activity(activity, now=at)
    blocks = [f"As it was at {written(at)}:", head, issue.description, *said]
    return "\n\n".join(block for block in blocks if block)


def _head(issue: IssueDetail, *, now: datetime) -> str:
    row = issue.row
    events = f"{row.count:,}{_from(row.users)}" if row.count else ""
    next_stages = ", ".join(dict.fromkeys(move.to for move in issue.moves if move.allowed))
    above = row.parent or ""
    parts = f"{row.parts_done} of {row.parts} done" if row.parts else ""
    links = "; ".join(f"{link.words} {link.issue_key} ({link.issue_stage})" for link in issue.links)
    pairs = (("Part of", above), ("Parts", parts), ("Links", links), ("Next", next_stages))
    return "\n".join(filter(None, (_lines(row, events=events, now=now), *(_pair(*pair) for pair in pairs))))


def _from(users: int | None) -> str:
    """How many met it: exact for few, an estimate for many."""
    return f" from about {users:,} user{'' if users == 1 else 's'}" if users else ""


def _lines(row: IssueRow, *, events: str, now: datetime) -> str:
    lines = [
        f"{row.key}  {row.title}",
        f"         {row.culprit}" if row.culprit else "",
        "",
        _pair("Stage", f"{row.stage}{' (regressed)' if row.regressed else ''}"),
        _pair("Type", f"{row.type}, priority {row.priority}, severity {row.severity}"),
        _pair("Assignee", f"{row.assignee.name} <{row.assignee.email}>" if row.assignee else "nobody"),
        _pair("Deputy", f"{row.deputy.name} <{row.deputy.email}>" if row.deputy else ""),
        _pair("Project", row.project.name),
        _pair("Events", events),
        _pair(
            "Seen",
            f"first {_back(row.first_seen, now=now)}, last {_back(row.last_seen, now=now)}" if row.count else "",
        ),
        _pair("Releases", " … ".join(dict.fromkeys(filter(None, (row.first_release, row.last_release))))),
        _pair("Labels", ", ".join(label.name for label in row.labels)),
        _pair("Fields", ", ".join(f"{slug} {value}" for slug, value in row.values.items())),
    ]
    return "\n".join(line for number, line in enumerate(lines) if line or number == 2)


def _pair(name: str, value: str) -> str:
    return f"  {name:<10}{value}" if value else ""


def _comments(comments: Sequence[CommentView], *, now: datetime) -> str:
    told = [
        f"{comment.author_name}, {_back(comment.created_at, now=now)}:\n{_indented(comment.body)}"
        for comment in comments
    ]
    return "\n\n".join(["Comments", *told]) if told else ""


def _activity(activity: Sequence[ActivityView], *, now: datetime) -> str:
    told = [_deed(each, now=now) for each in activity[:_ACTIVITY_SHOWN]]
    return "\n".join(["Activity", *told]) if told else ""


def _deed(each: ActivityView, *, now: datetime) -> str:
    what = f"{each.kind.replace('_', ' ')} {_change(each)}".strip()
    why = _why(each)
    return f"  {ago(each.at, now=now):>4}  {each.actor_name or 'Errata'}: {what}{f' ({why})' if why else ''}"


def _why(each: ActivityView) -> str:
    """The reason that was given, the proof that was judged, or the override that took its place."""
    if override := each.evidence.get("override"):
        return f"without proof: {override}"
    return str(each.reason or each.evidence.get("words") or "").rstrip(".")


def _change(activity: ActivityView) -> str:
    before, after = (
        ", ".join(_told(value) for name, value in side.items() if value and name not in _BESIDE)
        for side in (activity.before, activity.after)
    )
    return f"{before} → {after}" if before and after else after or before


def _told(value: Any) -> str:
    """A value in words: a person or an issue by its name, several of them with commas."""
    if isinstance(value, dict):
        return str(next((value[name] for name in ("name", "key", "title", "email") if value.get(name)), value))
    return ", ".join(map(_told, value)) if isinstance(value, list) else str(value)


def _back(at: datetime, *, now: datetime) -> str:
    told = ago(at, now=now)
    return told if told == "now" else f"{told} ago"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
