"""A team, and rules for its project."""

from collections.abc import Callable

import pytest

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.accounts import operations as accounts
from errata.apps.accounts.types import Actor, TeamView
from errata.apps.designations import operations
from errata.apps.projects.types import ProjectView
from tests.people import NOW, PASSWORD, _actor


@pytest.fixture
def dave(olga: Actor) -> Actor:
    """Another member of Shop."""
    person = accounts.create_user(
        email="dave@shop.example", name="Dave Driver", password=PASSWORD, role="member", by=olga, at=NOW
    )
    return _actor(person.id)


@pytest.fixture
def money(bob: Actor, dave: Actor, carol: Actor, olga: Actor) -> TeamView:
    """The team of Bob, Dave, and Carol, who may only look."""
    return accounts.create_team(name="Money", members=[bob.user_id, dave.user_id, carol.user_id], by=olga, at=NOW)


@pytest.fixture
def rules(payments: ProjectView, money: TeamView, olga: Actor, events: MemoryEventStore) -> Callable[[str], None]:
    """`rules("path:billing/** #money")`: what the project says of its owners."""

    def set_rules(text: str) -> None:
        operations.set_ownership(which=payments.id, rules=text, by=olga, at=NOW)

    return set_rules


@pytest.fixture
def turn() -> Callable[..., bool]:
    """Designate what came."""
    designating = operations.Designating()
    return lambda at=NOW: designating.turn(at)
