"""Writes of the digest's rows. All but `begin` and `prune_seen` belong in the transaction of the counters."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from errata.apps.digests.models import Position, Quarantined
from errata.apps.digests.types import Advance, Range
from errata.apps.records import among, write

# The keys are hashes, so equal slices hold equally many. With 100 million events a slice is 25,000 rows: some 5 ms of
# holding the write lock. At one slice every 20 s a sweep takes a day.
PRUNE_SLICES = 4096


def begin(*, ranges: Sequence[Range], at: datetime) -> None:
    """Write down which ranges are about to be worked on, and no others: after a crash exactly these are read again."""
    with write():
        Position.objects.exclude(pending_through=None).update(pending_through=None)
        Position.objects.bulk_create(
            [Position(journal=r.journal, position=r.after, pending_through=r.through, updated_at=at) for r in ranges],
            update_conflicts=True,
            unique_fields=["journal"],
            update_fields=["pending_through", "updated_at"],
        )


def advance(done: Advance, *, at: datetime) -> None:
    """Move the positions behind a digested batch, and remember its events. Call it in the counters' transaction."""
    _remember(done.seen, day=at.toordinal() - _EPOCH)
    Quarantined.objects.bulk_create(
        [
            Quarantined(journal=p.journal, position=p.position, record=p.record, reason=p.reason[:1000], at=at)
            for p in done.poison
        ],
        ignore_conflicts=True,
    )
    Position.objects.bulk_create(
        [Position(journal=r.journal, position=r.through, pending_through=None, updated_at=at) for r in done.ranges],
        update_conflicts=True,
        unique_fields=["journal"],
        update_fields=["position", "pending_through", "updated_at"],
    )


def prune_seen(*, before: datetime, turn: int) -> int:
    """Forget the events first seen before that day, in one slice of the keys. Return how many went."""
    day = before.toordinal() - _EPOCH
    first = (turn % PRUNE_SLICES) * _SLICE - 2**63
    with write(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM digests_seenevent WHERE id BETWEEN %s AND %s AND day < %s", [first, first + _SLICE - 1, day]
        )
        return int(cursor.rowcount)


_SLICE = 2**64 // PRUNE_SLICES
_EPOCH = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 - a day number has no zone


def _remember(hashes: Sequence[int], *, day: int) -> None:
    if not hashes:
        return
    # In order, so that neighbours in the table are written together.
    given = among(sorted(hashes))
    statement = (
        f"INSERT INTO digests_seenevent (id, day) SELECT value, %s FROM ({given.sql}) AS given WHERE true "  # noqa: S608 - our own words
        "ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [day, *given.params])
