"""What apps above write onto issues so that lists can sort by it and show it. None of it is a change people made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from errata.apps.issues.counts import next_seq
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
