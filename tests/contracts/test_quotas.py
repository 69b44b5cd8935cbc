"""What counting against quotas must do, in one process or in several."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.adapters.memory.quotas import MemoryQuotas
from errata.adapters.mmap.quotas import SLOTS, SharedQuotas
from errata.ports.quotas import MINUTE_MS, Granted, Quota, Quotas

KEY = Quota("key", 1, 10)
PROJECT = Quota("project", 1, 15)
NOW_MS = 1_800_000_000_000
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["memory", "mmap"])
def quotas(request, tmp_path) -> Quotas:
    return MemoryQuotas() if request.param == "memory" else SharedQuotas(tmp_path / "quotas")


def test_what_a_quota_allows_is_granted_and_no_more(quotas):
    granted = [quotas.take([KEY], wanted=4, at_ms=NOW_MS) for _ in range(4)]

    assert granted == [Granted(4, None), Granted(4, None), Granted(2, KEY), Granted(0, KEY)]


def test_the_next_minute_begins_anew(quotas):
    quotas.take([KEY], wanted=10, at_ms=NOW_MS)

    assert quotas.take([KEY], wanted=1, at_ms=NOW_MS + MINUTE_MS - 1 - NOW_MS % MINUTE_MS) == Granted(0, KEY)
    assert quotas.take([KEY], wanted=1, at_ms=NOW_MS + MINUTE_MS) == Granted(1, None)


def test_several_quotas_must_all_allow_it(quotas):
    other = Quota("key", 2, 10)

    assert quotas.take([KEY, PROJECT], wanted=10, at_ms=NOW_MS) == Granted(10, None)
    assert quotas.take([other, PROJECT], wanted=10, at_ms=NOW_MS) == Granted(5, PROJECT)
    assert quotas.take([other], wanted=10, at_ms=NOW_MS) == Granted(5, other)


def test_a_key_and_a_project_of_the_same_number_are_different(quotas):
    quotas.take([Quota("key", 7, 3)], wanted=3, at_ms=NOW_MS)

    assert quotas.take([Quota("project", 7, 3)], wanted=3, at_ms=NOW_MS) == Granted(3, None)


def test_a_lowered_quota_holds_at_once(quotas):
    quotas.take([KEY], wanted=8, at_ms=NOW_MS)
    lowered = KEY._replace(per_minute=5)

    assert quotas.take([lowered], wanted=1, at_ms=NOW_MS) == Granted(0, lowered)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 9), st.integers(0, 2)), min_size=1, max_size=40
    )
)
def test_both_ways_of_counting_agree(tmp_path_factory, steps):
    memory = MemoryQuotas()
    shared = SharedQuotas(tmp_path_factory.mktemp("quotas") / "quotas")
    minute = NOW_MS
    for key, project, wanted, later in steps:
        minute += MINUTE_MS if later == 2 else 0
        asked = [Quota("key", key, 10), Quota("project", project, 15)]
        assert memory.take(asked, wanted=wanted, at_ms=minute) == shared.take(asked, wanted=wanted, at_ms=minute)
    shared.close()


def test_more_subjects_than_slots_are_counted_all_the_same(tmp_path):
    shared = SharedQuotas(tmp_path / "quotas")
    many = [Quota("key", number, 1) for number in range(1, SLOTS + 500)]

    first = [shared.take([quota], wanted=1, at_ms=NOW_MS).quantity for quota in many]
    second = [shared.take([quota], wanted=1, at_ms=NOW_MS).quantity for quota in many]

    assert first == [1] * len(many)
    assert second == [0] * len(many)
    shared.close()


PROGRAM = """
import sys
from pathlib import Path
from errata.adapters.mmap.quotas import SharedQuotas
from errata.ports.quotas import Quota

shared = SharedQuotas(Path(sys.argv[1]))
print(sum(shared.take([Quota("key", 1, 1000)], wanted=1, at_ms=60_000).quantity for _ in range(800)))
"""


def test_several_processes_share_one_count_exactly(tmp_path):
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "quotas")]

    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) for _ in range(3)]
    granted = [int(process.communicate()[0]) for process in processes]

    assert sum(granted) == 1_000
