"""What apps above write onto issues so that lists can sort by it and show it. None of it is a change people made."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from errata.apps.accounts.queries import system_actor
from errata.apps.issues.changes import Change, tell_all
from errata.apps.issues.counts import next_seq
from errata.apps.issues.models import Issue
from errata.apps.issues.types import ClockState


class ClockNote(msgspec.Struct, frozen=True):
    """The clock of an issue that is due first."""

    state: ClockState
    since: datetime | None
    due_at: datetime | None


def note_clocks(notes: Mapping[int, ClockNote]) -> None:
    """Write the clocks of issues, by their ids. Belongs in the transaction of who reckons them."""
    _write(
        "clock_state = %s, clock_from = %s, due_at = %s",
        [(note.state, _stored(note.since), _stored(note.due_at), issue_id) for issue_id, note in notes.items()],
    )


class ClockReached(msgspec.Struct, frozen=True):
    """A clock of an issue has used this percent of its time."""

    issue_id: int
    kind: str
    percent: int


def tell_clocks(reached: Sequence[ClockReached], *, at: datetime) -> None:
    """Put on the activity of issues what their clocks have come to. Belongs in the transaction of who reckons them.

    It is no change of the issue: whoever edits it meanwhile is not in the way of it.
    """
    if not reached:
        return
    rows = Issue.objects.filter(id__in={one.issue_id for one in reached}).select_related("project")
    known = {issue.id: issue for issue in rows}
    told: dict[int, list[tuple[Issue, Change]]] = {}
    for one in reached:
        issue = known.get(one.issue_id)
        if issue is not None:
            change = Change("clock", after={"clock": one.kind, "percent": one.percent})
            told.setdefault(issue.organization_id, []).append((issue, change))
    for organization_id, changes in told.items():
        tell_all(changes, by=system_actor(organization_id), at=at)


def note_scores(scores: Mapping[int, float]) -> None:
    """Write the scores of issues, by their ids. Belongs in the transaction of who reckons them."""
    _write("score = %s", [(score, issue_id) for issue_id, score in scores.items()])


def _write(columns: str, rows: list[tuple[Any, ...]]) -> None:
    # One prepared statement run often, as in arrivals: what bulk_update builds takes 20 times as long.
    if rows:
        seq = next_seq()
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE issues_issue SET {columns}, seq = {seq} WHERE id = %s",  # noqa: S608 - constants and a number
                rows,
            )


def _stored(moment: datetime | None) -> Any:
    return moment if moment is None else connection.ops.adapt_datetimefield_value(moment)
