"""What apps above write onto issues so that lists can sort by it and show it. None of it is a change people made."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

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
    rows = [
        Issue(id=issue_id, clock_state=note.state, clock_from=note.since, due_at=note.due_at)
        for issue_id, note in notes.items()
    ]
    _write(rows, ["clock_state", "clock_from", "due_at"])


def note_scores(scores: Mapping[int, float]) -> None:
    """Write the scores of issues, by their ids. Belongs in the transaction of who reckons them."""
    _write([Issue(id=issue_id, score=score) for issue_id, score in scores.items()], ["score"])


def _write(rows: list[Issue], fields: list[str]) -> None:
    if rows:
        seq = next_seq()
        for row in rows:
            row.seq = seq
        Issue.objects.bulk_update(rows, [*fields, "seq"], batch_size=200)
