"""What leaves, kept in memory."""

from collections.abc import Iterator

import pytest

from errata.adapters.memory.blobs import MemoryBlobs
from errata.adapters.memory.event_store import MemoryEventStore
from errata.adapters.memory.journal import MemoryJournals
from errata.adapters.memory.outgoing import MemoryOutgoing, MemoryRelays
from errata.ports import Ports, installed


@pytest.fixture
def outgoing() -> Iterator[MemoryOutgoing]:
    """The installed way out."""
    sent = MemoryOutgoing()
    with installed(
        Ports(
            journals=MemoryJournals(), events=MemoryEventStore(), blobs=MemoryBlobs(), outgoing=sent,
            relays=MemoryRelays(),
        )
    ):  # fmt: skip
        yield sent
