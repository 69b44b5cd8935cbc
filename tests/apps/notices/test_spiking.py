"""Who is told that events come much faster, and how often."""

from datetime import timedelta

import pytest

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.issues import operations as issues
from errata.apps.notices import operations
from errata.apps.notices.spiking import Spikes
from tests.apps.notices.shop import inbox, later, listen
from tests.conftest import NOW
from tests.web import shop

MINUTE = timedelta(minutes=1)


@pytest.fixture
def usual(payments, olga, events) -> str:
    """PAY-1, of which an event comes every ten minutes for a day."""
    listen()
    shop.fail(payments, number=0, at=NOW, times=[NOW - 10 * MINUTE * step for step in range(2, 140)])
    listen()
    return "PAY-1"


def look(spikes, *, at=NOW):
    spikes.look(at)


def burst(payments, *, at=NOW, events=60, seed=2):
    shop.fail(
        payments, number=0, at=at, seed=seed, times=[at - timedelta(seconds=5 * step) for step in range(1, events)]
    )


def told(actor):
    return [text for _, texts in inbox(actor) for text in texts if "would be usual" in text]


def test_who_watches_spikes_is_told_once_while_it_lasts(usual, payments, alice, bob, events: MemoryEventStore):
    operations.set_watch(key=usual, mode="spike", by=alice, at=NOW)
    operations.set_watch(key=usual, mode="stage", by=bob, at=NOW)
    spikes = Spikes(lambda: events)
    look(spikes)
    assert told(alice) == []

    burst(payments)
    look(spikes)
    look(spikes, at=later(minutes=1))
    look(Spikes(lambda: events), at=later(minutes=1))  # after a restart

    assert told(alice) == ["59 events in 10 minutes, where about 1 would be usual."]
    assert len(told(bob)) == 1


def test_a_spike_that_comes_again_is_told_again(usual, payments, alice, events):
    operations.set_watch(key=usual, mode="spike", by=alice, at=NOW)
    spikes = Spikes(lambda: events)
    burst(payments)
    look(spikes)
    look(spikes, at=later(hours=1))
    burst(payments, at=later(hours=7), events=119, seed=3)
    look(spikes, at=later(hours=7))

    assert len(told(alice)) == 2


def test_who_hears_nothing_and_what_is_closed_are_left_alone(usual, payments, alice, bob, carol, events):
    operations.set_watch(key=usual, mode="none", by=alice, at=NOW)
    operations.set_watch(key=usual, mode="every", by=carol, at=NOW)
    issues.transition_issue(key=usual, to="Closed", comment="So it is.", reason="won't fix", by=bob, at=NOW)
    listen()
    burst(payments)
    look(Spikes(lambda: events))

    assert told(alice) == told(carol) == []
