"""The records transaction: counts, seen ids and positions move together or not at all."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec
from django.db import InterfaceError, OperationalError, transaction

from errata.apps.digests import operations as digests
from errata.apps.digests.types import Advance, Poison
from errata.apps.issues import operations as issues
from errata.apps.issues.types import Applied, GroupDelta
from errata.apps.projects import operations as projects
from errata.apps.records import write
from errata.digest.batch import Batch
from errata.digest.bodies import Bodies
from errata.digest.explain import explain
from errata.digest.outcomes import intake_counts
from errata.digest.repeats import Sifted
from errata.digest.tally import Group, groups


class Counted(msgspec.Struct, frozen=True):
    """What became of a batch in the records."""

    applied: list[Applied]
    poison: list[Poison]


def count(
    batch: Batch, sifted: Sifted, poison: Sequence[Poison], *, bodies: Bodies, at: datetime, forgive: bool
) -> Counted:
    """Count what is fresh, remember its ids and move the positions, all in one transaction.

    With `forgive`, a group whose events can't be counted is set aside and the others go on; else the failure
    propagates.
    """
    found = groups(sifted.fresh)
    counts = intake_counts(sifted.fresh, bodies=bodies)
    with write():
        applied, refused = _apply_apart(found, bodies, at) if forgive else ([_apply(found, bodies, at)], [])
        projects.record_intake_counts(counts)
        aside = [*poison, *refused]
        digests.advance(Advance(ranges=batch.ranges, seen=sifted.seen, poison=aside), at=at)
    return Counted(applied=applied, poison=aside)


def _apply(found: Sequence[Group], bodies: Bodies, at: datetime) -> Applied:
    return issues.apply_events([_delta(group, bodies) for group in found], at=at)


def _apply_apart(found: Sequence[Group], bodies: Bodies, at: datetime) -> tuple[list[Applied], list[Poison]]:
    """Each group by itself, so that one that fails takes no other with it."""
    applied: list[Applied] = []
    refused: list[Poison] = []
    for group in found:
        try:
            with transaction.atomic():
                applied.append(_apply([group], bodies, at))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - part of the digest batch loop
            # What trips a bug is kept, said, and passed over.
            refused += [item.poison(f"Stored, but can't be counted: {error!r}") for item in group.items]
    return applied, refused


def _delta(group: Group, bodies: Bodies) -> GroupDelta:
    first, last = group.first.signal, group.last.signal
    assert first.facts is not None
    assert last.facts is not None
    return GroupDelta(
        project_id=group.project_id,
        fingerprint=group.fingerprint,
        count=len(group.items),
        first_ms=first.timestamp_ms,
        last_ms=last.timestamp_ms,
        users=group.users,
        sample=last.facts,
        event_id=last.event_id,
        explain=partial(explain, last, bodies=bodies),
        first_release=first.facts.release,
        unhandled=group.unhandled,
        releases=group.releases,
    )
