"""What happens by time: one duty that fails takes none of the others along."""

import threading
from itertools import pairwise

import msgspec
import pytest
from django.db import DatabaseError, OperationalError
from structlog.testing import capture_logs

from errata.apps.records import RecordsBusy
from errata.core.errors import Refusal
from errata.ops.clock import Clock, Duty
from errata.ports.event_store import StoreUnavailable
from tests.conftest import NOW


def clock(*duties):
    return Clock(duties, name="test", now=lambda: NOW)


def raising(error):
    def run(_):
        raise error

    return Duty("faulty", run, every_s=0.5)


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyError("kind"), Refusal("No."), StoreUnavailable("away")])
def test_what_goes_wrong_in_a_duty_ends_no_other(error):
    times, often = [], threading.Event()

    def run(at):
        times.append(at)
        if len(times) > 2:
            often.set()

    running = clock(raising(error), Duty("sound", run, every_s=0.0))
    running.start()
    went_on = often.wait(10)
    running.stop()

    assert went_on


def test_a_duty_that_trips_each_time_is_tried_after_pauses_that_grow():
    faulty = raising(ZeroDivisionError())
    trying = clock(faulty)

    with capture_logs() as logs:
        pauses = [trying._try(faulty) for _ in range(12)]

    assert pauses[0] == 5
    assert all(after == min(2 * before, 300) for before, after in pairwise(pauses))
    assert pauses[-1] == 300
    assert all(line["exc_info"] and line["duty"] == "faulty" and line["log_level"] == "error" for line in logs)


def test_a_duty_that_went_well_again_begins_anew():
    wrong = [True, True, False, True]

    def run(_):
        if wrong.pop(0):
            raise ZeroDivisionError

    duty = Duty("moody", run, every_s=0.5)
    trying = clock(duty)

    assert [trying._try(duty) for _ in range(4)] == [5, 10, 0.5, 5]


@pytest.mark.parametrize("error", [ZeroDivisionError("seven"), Refusal("seven")])
def test_a_duty_that_can_go_around_what_trips_it_goes_on_at_once_but_not_for_ever(error):
    told = []

    def stumbled(tries, reason, at):
        told.append((tries, reason, at))
        return tries > 2

    faulty = msgspec.structs.replace(raising(error), stumbled=stumbled)
    trying = clock(faulty)

    with capture_logs():
        pauses = [trying._try(faulty) for _ in range(102)]

    assert pauses[0] == 5
    assert set(pauses[2:100]) == {0.05}
    assert min(pauses[100:]) >= 5
    assert [tries for tries, _, _ in told] == list(range(1, 103))
    assert "seven" in told[0][1]


def test_what_can_not_be_set_aside_ends_no_duty():
    def stumbled(*_):
        raise DatabaseError

    faulty = msgspec.structs.replace(raising(ZeroDivisionError()), stumbled=stumbled)

    assert clock(faulty)._try(faulty) == 5


@pytest.mark.parametrize("error", [OperationalError("locked"), StoreUnavailable("away"), RecordsBusy("busy")])
def test_a_part_that_is_away_is_no_fault_of_a_record(error):
    faulty = msgspec.structs.replace(raising(error), stumbled=lambda *_: pytest.fail("it is asked"))

    assert clock(faulty)._try(faulty) == 5
