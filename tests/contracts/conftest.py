"""One engine for all contract tests of a worker, and a fresh database for each test."""

from collections.abc import Iterator
from itertools import count

import pytest

from errata.adapters.clickhouse.event_store import ClickHouseEventStore
from errata.adapters.memory.event_store import MemoryDictionaries, MemoryEventStore
from errata.ports.event_store import EventStore
from tests.contracts.engine import EngineProcess
from tests.contracts.signals import DICTIONARY, NOON
from tests.nats_server import MISSING, ThrowAwayNats, program

_databases = count(1)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    process = EngineProcess(tmp_path_factory.mktemp("engine"))
    yield process
    process.stop()


@pytest.fixture(scope="session")
def nats_server() -> Iterator[ThrowAwayNats]:
    """One server for all tests of a worker that leave it running; each takes a prefix of its own."""
    if program() is None:
        pytest.skip(MISSING)
    server = ThrowAwayNats()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "clickhouse"])
def store(request: pytest.FixtureRequest) -> EventStore:
    """Every event store there is, empty, for whom it is noon."""
    dictionaries = MemoryDictionaries({1: DICTIONARY})
    made: EventStore
    if request.param == "memory":
        made = MemoryEventStore(dictionaries, clock=lambda: NOON)
    else:
        url = request.getfixturevalue("engine").url(f"contract_{next(_databases)}")
        made = ClickHouseEventStore(url, dictionaries, clock=lambda: NOON)
    made.prepare()
    return made
