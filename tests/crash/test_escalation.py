"""Whatever is killed while clocks run out: each step of the escalation is taken, and taken once."""

import random
import subprocess
import sys
import time

import pytest

from tests.crash.conftest import Installation
from tests.running import ROOT, until

# One after the other: two at once would only wait for the processor.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]

ISSUES = 60
# Of a Critical issue's response, which may take an hour: all three steps are due at once, in order.
STEPS = [75, 90, 100]
_LATE = """
import django
django.setup()
from datetime import timedelta
from errata.apps.issues import operations
from errata.ops import console
console.begin()
at = console.now() - timedelta(minutes=61)
for number in range(int(__import__("sys").argv[1])):
    operations.create_issue(
        project="storefront", title=f"Late {number}", severity="Critical", by=console.owner(), at=at
    )
"""


def report_late(installation: Installation) -> list[str]:
    """Write down issues that should have been answered a minute ago."""
    before = {issue["key"] for issue in installation.issues()}
    environment = installation.running.environment | {"DJANGO_SETTINGS_MODULE": "errata.ops.django_settings"}
    subprocess.run([sys.executable, "-c", _LATE, str(ISSUES)], check=True, cwd=ROOT, env=environment)
    return [issue["key"] for issue in installation.issues() if issue["key"] not in before]


def steps_of(installation: Installation, key: str) -> list[int]:
    """The steps of the response that were taken, in the order of their taking."""
    told = installation._get(f"/api/v1/issues/{key}/clocks")["escalations"]
    return [step["percent"] for step in reversed(told) if step["clock"] == "response"]


def activities_of(installation: Installation, key: str) -> list[int]:
    told = installation._get(f"/api/v1/issues/{key}/activity")["items"]
    return [one["after"]["percent"] for one in reversed(told) if one["kind"] == "escalated"]


def settled(installation: Installation, keys: list[str]) -> None:
    until(
        lambda: all(len(steps_of(installation, key)) >= len(STEPS) for key in keys),
        within_s=90,
        why="every step is taken",
    )
    # Long enough for another look at every clock, which must find nothing left to do.
    time.sleep(3)


def test_killing_the_store_at_random_takes_each_step_once_and_in_order(installation: Installation):
    chance = random.Random(7)
    # Let the clockwork find its place, so that these issues are new to it.
    until(lambda: installation.processes("store"), within_s=60, why="the store runs")
    time.sleep(3)
    keys = report_late(installation)

    for _ in range(8):
        time.sleep(chance.uniform(0.2, 1.5))
        installation.kill(*installation.processes("store"))
    settled(installation, keys)

    assert len(keys) == ISSUES
    assert {key: steps_of(installation, key) for key in keys} == dict.fromkeys(keys, STEPS)
    assert {key: activities_of(installation, key) for key in keys} == dict.fromkeys(keys, STEPS)


def test_killing_everything_and_starting_again_takes_none_again(installation: Installation):
    time.sleep(3)
    keys = report_late(installation)
    time.sleep(1)

    installation.kill_everything()
    installation.start()
    settled(installation, keys)

    assert {key: steps_of(installation, key) for key in keys} == dict.fromkeys(keys, STEPS)
