"""Reads of the digest's rows. They know no actor: only the digest and its metrics read them."""

from collections.abc import Sequence

from errata.apps.digests.models import Position, Quarantined, SeenEvent
from errata.apps.digests.types import Place
from errata.apps.records import among


def positions() -> dict[str, Place]:
    """How far each journal is digested."""
    rows = Position.objects.values_list("journal", "position", "pending_through")
    return {journal: Place(position=position, pending_through=pending) for journal, position, pending in rows}


def seen_among(hashes: Sequence[int]) -> set[int]:
    """Which of these event hashes are known. One statement and one parameter, however many there are."""
    return set(SeenEvent.objects.filter(pk__in=among(hashes)).values_list("pk", flat=True)) if hashes else set()


def count_quarantined() -> int:
    """How many records wait in quarantine."""
    return Quarantined.objects.count()
