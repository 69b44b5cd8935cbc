"""A project, journals and an event store for the digest's tests."""

from datetime import UTC, datetime

import pytest

from errata.adapters.memory.blobs import MemoryBlobs
from errata.adapters.memory.event_store import MemoryDictionaries, MemoryEventStore
from errata.adapters.memory.journal import MemoryJournals, MemoryJournalWriter
from errata.apps.accounts.operations import set_up
from errata.apps.accounts.types import Actor
from errata.apps.projects.operations import create_project
from errata.apps.projects.types import ProjectView
from errata.digest.loop import DigestLoop
from errata.ports import Ports

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


class Rig:
    """What outlives a digest: journals, event store, records. `digest` makes a new loop over them, as after a crash."""

    def __init__(self, owner: Actor, project: ProjectView) -> None:
        self.owner, self.project = owner, project
        self.journals = MemoryJournals()
        self.events = MemoryEventStore()
        self.blobs = MemoryBlobs()
        self._writers: dict[str, MemoryJournalWriter] = {}

    def append(self, *records: bytes, journal: str = "worker-1") -> None:
        """Append to a worker's journal."""
        writer = self._writers.get(journal) or self._writers.setdefault(journal, self.journals.writer(journal))
        writer.append(records)

    def digest(self) -> DigestLoop:
        ports = Ports(journals=self.journals, events=self.events, blobs=self.blobs)
        return DigestLoop(ports=ports, dictionaries=MemoryDictionaries(), clock=lambda: NOW)


@pytest.fixture
def rig(db: None) -> Rig:
    owner = set_up(
        email="olga@shop.example", name="Olga", password="correct-horse-battery", organization="Shop", at=NOW
    )
    return Rig(owner, create_project(name="Storefront", platform="python", by=owner, at=NOW))
