"""What became of what clients sent, for the intake counts: by project, key, hour, outcome, category and reason."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

import structlog

from errata.apps.projects.types import IntakeCountRow
from errata.core.signal import Signal
from errata.digest.batch import Item
from errata.digest.bodies import Bodies, BodyLost
from errata.digest.client_reports import Discarded, discarded

HOUR_MS = 3_600_000
_CATEGORIES = {"event": "error"}  # the field's word; other kinds are called by their own

log = structlog.get_logger(__name__)

Key = tuple[int, int, int, str, str, str]


def intake_counts(fresh: Iterable[Item], *, bodies: Bodies) -> list[IntakeCountRow]:
    """Count what was accepted, and what clients and intake report that was not."""
    counted: Counter[Key] = Counter()
    for item in fresh:
        signal = item.signal
        place = (signal.project_id, signal.key_id, signal.received_ms // HOUR_MS)
        if signal.kind == "client_report":
            for told in _reported(signal, bodies):
                counted[*place, told.outcome, told.category, told.reason] += told.quantity
        else:
            counted[*place, "accepted", _CATEGORIES.get(signal.kind, signal.kind), ""] += signal.quantity
    return [_row(key, quantity) for key, quantity in counted.items()]


def _reported(signal: Signal, bodies: Bodies) -> list[Discarded]:
    try:
        return discarded(bodies.open(signal), name=signal.name)
    except BodyLost as error:
        log.warning("client report not counted", project_id=signal.project_id, error=str(error))
        return []


def _row(key: Key, quantity: int) -> IntakeCountRow:
    project_id, key_id, hour, outcome, category, reason = key
    return IntakeCountRow(
        project_id=project_id,
        key_id=key_id,
        hour=datetime.fromtimestamp(hour * HOUR_MS / 1000, tz=UTC),
        outcome=outcome,
        category=category,
        reason=reason,
        quantity=quantity,
    )
