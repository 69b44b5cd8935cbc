"""The database of the tests, and the people in it.

`pytest` runs on SQLite. `TEST_DATABASE=postgresql pytest` runs on a PostgreSQL that it starts for itself;
`make test` does both.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, connections

from errata.adapters.memory.blobs import MemoryBlobs
from errata.adapters.memory.event_store import MemoryEventStore
from errata.adapters.memory.journal import MemoryJournals
from errata.apps.accounts.types import Actor
from errata.apps.audit import append_only
from errata.apps.projects.types import ProjectView
from errata.ops.databases import django_database
from errata.ops.settings import load
from errata.ports import Ports, installed
from tests import people
from tests.people import NOW
from tests.postgresql import ThrowAwayPostgresql, binaries

_WANTED = "TEST_DATABASE"
_URL = "_TEST_POSTGRESQL_URL"  # from the process that started it to its xdist workers

_started: list[ThrowAwayPostgresql] = []
_scratch: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    # Nothing is timed, so that a busy machine fails no test.
    hypothesis.settings.register_profile(
        "errata", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
    )
    hypothesis.settings.register_profile("everyday", hypothesis.settings.get_profile("errata"), max_examples=20)
    hypothesis.settings.load_profile("everyday" if os.environ.get("EVERYDAY") else "errata")
    # Argon2 is slow on purpose. What is tested here is who gets in, not how hard the hash is.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    _use(_postgresql() if os.environ.get(_WANTED) == "postgresql" else _sqlite())


def pytest_unconfigure(config: pytest.Config) -> None:
    for server in _started:
        server.stop()
    for directory in _scratch:
        shutil.rmtree(directory, ignore_errors=True)


def _use(database: dict[str, object]) -> None:
    settings.DATABASES["default"] = database
    connections.__dict__.pop("settings", None)  # cached, if somebody has looked already
    if hasattr(connections._connections, "default"):
        del connections["default"]


def _sqlite() -> dict[str, object]:
    """A file, as in production, and not SQLite's memory, whose locks are others; but without waiting for the disk."""
    _scratch.append(tempfile.mkdtemp(prefix="errata-test-"))
    database = django_database(load({"ERRATA_DATA": _scratch[-1]}))
    options = database["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    return database | {"TEST": {"NAME": f"{_scratch[-1]}/test.db"}}


def _postgresql() -> dict[str, object]:
    if _URL not in os.environ:
        programs = binaries()
        if programs is None:
            pytest.exit("PostgreSQL isn't installed: as root on Debian, apt-get install postgresql.", returncode=3)
        server = ThrowAwayPostgresql(programs)
        _started.append(server)
        server.start()
        os.environ[_URL] = server.url
    return django_database(load({"ERRATA_DATABASE_URL": os.environ[_URL]})) | {"CONN_MAX_AGE": None}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Between tests that commit, Django empties every table; the audit log's trigger would refuse on SQLite.

    tests/apps/audit puts it back to see it refuse.
    """
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # (untyped fixture)
        append_only.remove(connection)


@pytest.fixture
def now() -> datetime:
    """The time it is in the tests."""
    return NOW


@pytest.fixture
def olga(db: None) -> Actor:
    """Owner of the organisation Shop."""
    return people.olga()


@pytest.fixture
def alice(olga: Actor) -> Actor:
    """Admin of Shop."""
    return people.alice(olga)


@pytest.fixture
def bob(olga: Actor) -> Actor:
    """Member of Shop."""
    return people.bob(olga)


@pytest.fixture
def carol(olga: Actor) -> Actor:
    """Viewer of Shop."""
    return people.carol(olga)


@pytest.fixture
def mallory(olga: Actor) -> Actor:
    """Owner of Rival, another organisation of the same installation. Shop is none of her business."""
    return people.mallory()


@pytest.fixture
def payments(olga: Actor) -> ProjectView:
    """A project of Shop, whose issues are PAY-1, PAY-2 …"""
    return people.payments(olga)


@pytest.fixture
def heist(mallory: Actor) -> ProjectView:
    """Mallory's project, whose issues are PAY-1, PAY-2 … as well."""
    return people.payments(mallory)


@pytest.fixture
def events() -> Iterator[MemoryEventStore]:
    """An event store in memory, installed with its sister ports."""
    store = MemoryEventStore()
    with installed(Ports(journals=MemoryJournals(), events=store, blobs=MemoryBlobs())):
        yield store
