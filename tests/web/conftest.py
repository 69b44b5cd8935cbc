"""Browsers of the personas, and an issue with events for them to look at."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.accounts.models import User
from errata.apps.accounts.types import Actor
from errata.apps.projects.types import ProjectView
from tests.web import shop

Browser = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[None]:
    """Pages ask the machine for the time; it is then the time of the tests."""
    with time_machine.travel(now):
        yield


@pytest.fixture
def browser() -> Browser:
    """A browser on which the actor is signed in."""

    def sign_in(actor: Actor) -> Client:
        client = Client()
        client.force_login(User.objects.get(id=actor.user_id))
        return client

    return sign_in


@pytest.fixture
def failure(payments: ProjectView, events: MemoryEventStore, now: datetime) -> str:
    """PAY-1, with three events. The id of the newest."""
    return shop.fail(payments, number=0, at=now, times=[now - timedelta(minutes=minutes) for minutes in (90, 30, 2)])
