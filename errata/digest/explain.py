"""Saying why events group: once for each new fingerprint, from the body of an event of it."""

import msgspec
import structlog

from errata.core import grouping
from errata.core.errors import Refusal
from errata.core.event import decode
from errata.core.signal import Signal
from errata.digest.bodies import Bodies, BodyLost

log = structlog.get_logger(__name__)


def explain(signal: Signal, *, bodies: Bodies) -> bytes:
    """The explanation as JSON. `{}` when the body can't be read, which is no reason to lose the event."""
    try:
        return msgspec.json.encode(grouping.explain(decode(bodies.open(signal))))
    except (BodyLost, Refusal) as error:
        log.warning("grouping not explained", event_id=signal.event_id, error=str(error))
        return b"{}"
