"""The rows behind the digest: positions, event ids, their pruning."""

from datetime import timedelta

import pytest

from errata.apps.digests import operations, queries
from errata.apps.digests.types import Advance, Place, Poison, Range
from tests.digest.conftest import NOW

pytestmark = pytest.mark.django_db


def advance(*ranges: Range, seen: tuple[int, ...] = (), poison: tuple[Poison, ...] = ()) -> None:
    operations.advance(Advance(ranges=ranges, seen=seen, poison=poison), at=NOW)


def test_a_range_is_pending_from_its_beginning_to_its_end():
    worked_on = Range(journal="worker-1", after=0, through=7)

    operations.begin(ranges=[worked_on], at=NOW)
    begun = queries.positions()
    advance(worked_on)

    assert begun == {"worker-1": Place(position=0, pending_through=7)}
    assert queries.positions() == {"worker-1": Place(position=7, pending_through=None)}


def test_only_what_was_begun_last_is_pending():
    operations.begin(ranges=[Range(journal="worker-1", after=0, through=7)], at=NOW)

    operations.begin(ranges=[Range(journal="worker-2", after=0, through=3)], at=NOW)

    pending = {journal: place.pending_through for journal, place in queries.positions().items()}
    assert pending == {"worker-1": None, "worker-2": 3}


def test_thousands_of_ids_are_looked_up_and_remembered_at_once():
    ids = [number * 2**48 - 2**63 for number in range(5_000)]

    advance(seen=tuple(ids[:3_000]))
    advance(seen=tuple(ids[2_000:4_000]))

    assert queries.seen_among(ids) == set(ids[:4_000])
    assert queries.seen_among([]) == set()


def test_old_ids_are_forgotten_slice_by_slice_and_new_ones_kept():
    old, new = (-(2**63), -1, 0, 2**63 - 1), (-(2**63) + 1, 1)
    operations.advance(Advance(ranges=[], seen=old, poison=[]), at=NOW - timedelta(days=40))
    advance(seen=new)

    gone = sum(
        operations.prune_seen(before=NOW - timedelta(days=30), turn=turn) for turn in range(operations.PRUNE_SLICES)
    )

    assert gone == len(old)
    assert queries.seen_among([*old, *new]) == set(new)


def test_a_poison_record_is_kept_once_however_often_it_is_met():
    poison = Poison(journal="worker-1", position=3, record=b"\x00", reason="x" * 5_000)

    advance(poison=(poison,))
    advance(poison=(poison,))

    assert queries.count_quarantined() == 1
