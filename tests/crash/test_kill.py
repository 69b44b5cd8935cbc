"""`kill -9` of anything at any moment loses nothing that was acknowledged, and counts nothing twice."""

import random
import time
import uuid

import pytest

from tests.crash.conftest import Installation
from tests.crash.sending import Clients

# One after the other: two at once would only wait for the processor.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.mark.parametrize("seed", [1, 2])
def test_killing_processes_at_random_under_load_loses_nothing_and_counts_nothing_twice(
    installation: Installation, seed: int
):
    chance = random.Random(seed)
    clients = Clients(installation.dsn)
    clients.start()

    for _ in range(5):
        clients.wait_for(30)
        time.sleep(chance.uniform(0, 0.5))
        kind = chance.choice(["store", "worker", "store worker"])
        victims = [pid for word in kind.split() for pid in installation.processes(word)]
        installation.kill(*chance.sample(victims, chance.randint(1, len(victims))) if victims else [])
    clients.wait_for(30)
    clients.stop()

    installation.assert_exact(clients.acknowledged)


def test_killing_everything_at_once_and_starting_again_loses_nothing(installation: Installation):
    clients = Clients(installation.dsn)
    clients.start()
    clients.wait_for(300)

    installation.kill_everything()
    clients.stop()
    installation.start()

    installation.assert_exact(clients.acknowledged)


def test_killing_the_supervisor_ends_its_processes_and_a_new_start_goes_on(installation: Installation):
    clients = Clients(installation.dsn)
    clients.start()
    clients.wait_for(100)

    installation.kill(installation.pid)
    assert installation.running.process
    installation.running.process.wait()
    installation.start()
    clients.stop()

    installation.assert_exact(clients.acknowledged)


def test_a_restart_with_a_backlog_digests_it(installation: Installation):
    clients = Clients(installation.dsn, threads=2)
    installation.kill(*installation.processes("store"))
    clients.start()
    # The store is started again at once: keep it away while the backlog grows.
    for _ in range(4):
        time.sleep(0.4)
        installation.kill(*installation.processes("store"))
    clients.stop()
    installation.stop()

    installation.start()

    assert clients.acknowledged
    installation.assert_exact(clients.acknowledged)


def test_an_event_sent_again_after_a_crash_is_counted_once(installation: Installation):
    clients = Clients(installation.dsn)
    event_id, another = uuid.uuid4().hex, uuid.uuid4().hex
    assert clients.send(event_id) == 200
    before = len(installation.settle({event_id}))

    installation.kill_everything()
    installation.start()
    statuses = [clients.send(event_id) for _ in range(3)]
    assert clients.send(another) == 200

    assert statuses == [200, 200, 200]
    installation.assert_exact({event_id, another})
    assert installation.counted() == before + 1
