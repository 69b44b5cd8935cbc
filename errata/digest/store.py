"""Putting what is fresh into the event store."""

from collections.abc import Sequence

from errata.digest.batch import Item
from errata.ports.event_store import EventStore


def store(items: Sequence[Item], *, events: EventStore, token: str) -> None:
    """Store the signals under the batch's token. What has no body to keep (a client's own report) is only counted."""
    signals = [item.signal for item in items if item.signal.kind != "client_report"]
    if signals:
        events.put(signals, token=token)
