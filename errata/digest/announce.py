"""The last step: saying what was done."""

import structlog

from errata.digest.batch import Batch
from errata.digest.count import Counted
from errata.digest.meters import Meters
from errata.digest.repeats import Sifted

log = structlog.get_logger(__name__)


def announce(batch: Batch, sifted: Sifted, counted: Counted, *, meters: Meters) -> None:
    """Add the batch to the meters, and log what a person may want to know of."""
    events = sum(item.signal.kind == "event" for item in sifted.fresh)
    meters.batches += 1
    meters.records += len(batch.entries)
    meters.batch_records = len(batch.entries)
    meters.events += events
    meters.signals += len(sifted.fresh) - events
    meters.repeats += len(sifted.repeats)
    meters.poison += len(counted.poison)
    meters.through_ms = min((item.signal.received_ms for item in sifted.fresh), default=meters.through_ms)
    for applied in counted.applied:
        meters.opened += len(applied.opened)
        meters.regressed += len(applied.regressed)
    for poison in counted.poison:
        log.error("record set aside", journal=poison.journal, position=poison.position, reason=poison.reason)
