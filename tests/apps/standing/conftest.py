"""A shop that stands while a module's tests run. What a test changes in it is taken back; building it anew for each of
some 300 tests took most of the time of the everyday subset.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.accounts.types import Actor
from errata.apps.projects.types import ProjectView
from tests import people


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction in which operations may open theirs, as in those that Django's TestCase begins."""
    whole = transaction.atomic()
    whole._from_testcase = True  # type: ignore[attr-defined]  # (Django's own mark)
    with whole:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def ground(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), taken_back():
        yield


@pytest.fixture(autouse=True)
def each(ground: None, db: None, events: MemoryEventStore) -> None:
    """Each test in a transaction of its own, with an event store of its own."""


@pytest.fixture(scope="module")
def olga(ground: None) -> Actor:
    return people.olga()


@pytest.fixture(scope="module")
def alice(olga: Actor) -> Actor:
    return people.alice(olga)


@pytest.fixture(scope="module")
def bob(olga: Actor) -> Actor:
    return people.bob(olga)


@pytest.fixture(scope="module")
def carol(olga: Actor) -> Actor:
    return people.carol(olga)


@pytest.fixture(scope="module")
def mallory(olga: Actor) -> Actor:
    return people.mallory()


@pytest.fixture(scope="module")
def payments(olga: Actor) -> ProjectView:
    return people.payments(olga)
