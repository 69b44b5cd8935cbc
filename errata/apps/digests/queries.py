"""Reads of the digest's rows. They know no actor: only the digest and its metrics read them."""

from collections.abc import Sequence

from django.db import connection

from errata.apps.digests.models import Position, Quarantined
from errata.apps.digests.types import Place


def positions() -> dict[str, Place]:
    """How far each journal is digested."""
    rows = Position.objects.values_list("journal", "position", "pending_through")
    return {journal: Place(position=position, pending_through=pending) for journal, position, pending in rows}


def seen_among(hashes: Sequence[int]) -> set[int]:
    """Which of these event hashes are known. One statement and one parameter, however many there are."""
    if not hashes:
        return set()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT id FROM digests_seenevent WHERE id = ANY(%s)", [list(hashes)])
        else:
            cursor.execute(
                "SELECT id FROM digests_seenevent WHERE id IN (SELECT value FROM json_each(%s))", [json_list(hashes)]
            )
        return {row[0] for row in cursor.fetchall()}


def count_quarantined() -> int:
    """How many records wait in quarantine."""
    return Quarantined.objects.count()


def json_list(numbers: Sequence[int]) -> str:
    """The numbers as a JSON array: SQLite's way to take thousands of values as one parameter."""
    return f"[{','.join(map(str, numbers))}]"
