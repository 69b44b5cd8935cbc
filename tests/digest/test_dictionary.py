"""When a dictionary is trained, and that it pays."""

import json
import random

import pytest
import zstandard

from errata.apps.projects.queries import current_dictionaries, dictionary
from errata.core.signal import Signal
from errata.digest import dictionary as dictionaries
from errata.digest.batch import Item
from errata.digest.meters import Meters
from errata.ports.journal import Entry
from tests.digest.conftest import NOW, Rig
from tests.digest.signals import event

chance = random.Random()


@pytest.fixture(autouse=True)
def _same_payloads_in_any_order() -> None:
    chance.seed(3)


def payload() -> bytes:
    frames = [
        {"function": f"step_{number}", "filename": f"shop/{number}.py", "vars": {"order": chance.randrange(10**6)}}
        for number in chance.sample(range(60), 30)
    ]
    return json.dumps({"exception": {"values": [{"type": "ValueError", "stacktrace": {"frames": frames}}]}}).encode()


def signals(rig: Rig, count: int, *, number: int = 0, body_bytes: int = 0) -> list[Signal]:
    made = []
    for _ in range(count):
        text = payload()
        made.append(
            event(
                project=rig.project.id,
                body=zstandard.compress(text),
                dictionary=number,
                body_bytes=body_bytes or len(text),
            )
        )
    return made


def trainer(rig: Rig) -> dictionaries.Trainer:
    return dictionaries.Trainer(events=rig.events, meters=Meters(), clock=lambda: NOW)


def take_in(rig: Rig, watching: dictionaries.Trainer, batch: list[Signal]) -> None:
    """As the digest does: store, then note; and train what is asked for, here and now."""
    rig.events.put(batch, token=str(chance.random()))
    watching.note([Item("worker-1", Entry(1, b""), signal) for signal in batch])
    train_all(watching)


def train_all(watching: dictionaries.Trainer) -> None:
    watching.stop()
    while watching.train_next():
        pass


def test_a_project_gets_a_dictionary_with_its_hundredth_event(rig: Rig):
    watching = trainer(rig)

    take_in(rig, watching, signals(rig, dictionaries.EVENTS_MIN - 1))
    before = current_dictionaries()[rig.project.id]
    take_in(rig, watching, signals(rig, 1))

    assert before == 0
    assert current_dictionaries()[rig.project.id] > 0


def test_bodies_get_much_smaller_with_it(rig: Rig):
    take_in(rig, trainer(rig), signals(rig, dictionaries.EVENTS_MIN))

    trained = dictionary(current_dictionaries()[rig.project.id])

    assert trained
    text = payload()
    with_it = zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(trained)).compress(text)
    assert len(with_it) < 0.6 * len(zstandard.compress(text))


def test_events_that_come_before_workers_take_it_up_do_not_ask_for_another(rig: Rig):
    watching = trainer(rig)
    take_in(rig, watching, signals(rig, dictionaries.EVENTS_MIN))
    first = current_dictionaries()[rig.project.id]

    take_in(rig, watching, signals(rig, 10 * dictionaries.EVENTS_MIN))

    assert current_dictionaries()[rig.project.id] == first


def test_a_dictionary_that_no_longer_fits_is_replaced(rig: Rig):
    watching = trainer(rig)
    take_in(rig, watching, signals(rig, dictionaries.EVENTS_MIN))
    first = current_dictionaries()[rig.project.id]
    fitting = signals(rig, 1, number=first, body_bytes=50_000) * dictionaries.WINDOW_EVENTS
    watching.note([Item("worker-1", Entry(1, b""), signal) for signal in fitting])

    grown = signals(rig, 1, number=first, body_bytes=5_000) * dictionaries.WINDOW_EVENTS
    watching.note([Item("worker-1", Entry(1, b""), signal) for signal in grown])
    train_all(watching)

    assert current_dictionaries()[rig.project.id] > first


def test_bodies_too_small_for_a_dictionary_get_none_and_break_nothing():
    assert dictionaries.train([b'{"message":"x"}'] * 200) is None
    assert dictionaries.train([]) is None
