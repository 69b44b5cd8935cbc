"""Designation through `kill -9`: every issue gets its people once."""

import random
import time
import uuid

import pytest

from tests.crash.conftest import Installation
from tests.crash.sending import Clients
from tests.running import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]

ISSUES = 60
PEOPLE = ("bob", "dave", "kim")


def test_every_issue_gets_its_people_once_whatever_is_killed(installation: Installation, tmp_path):
    for name in PEOPLE:
        installation.running.cli("user", "create", f"{name}@shop.example", "--role", "member", "--json")
    rules = tmp_path / "rules"
    owners = " ".join(f"{name}@shop.example" for name in PEOPLE)
    rules.write_text(f"path:** {owners} choose=round_robin\n* {owners} choose=round_robin\n")
    installation.running.cli("designation", "set", "storefront", str(rules), "--json")
    clients, chance = Clients(installation.dsn), random.Random(14)

    for number in range(ISSUES):
        until(lambda number=number: accepted(clients, number), within_s=60, why="an event is accepted")
        if number % 12 == 6:
            time.sleep(chance.uniform(0.2, 1.0))
            installation.kill(*installation.processes("store"))

    until(lambda: held(installation) == ISSUES, within_s=120, why="every issue has an assignee")
    given = [deeds(installation, issue["key"]) for issue in installation.issues()]
    assert all(one == {"assignee": 1, "deputy": 1} for one in given)
    shares = [sum(issue["assignee"]["email"].startswith(name) for issue in installation.issues()) for name in PEOPLE]
    assert max(shares) - min(shares) <= 2, shares  # two rules, each fair to one


def accepted(clients: Clients, number: int) -> bool:
    try:
        return clients.send(uuid.uuid4().hex, issue=number) == 200
    except OSError:
        return False


def held(installation: Installation) -> int:
    return sum(issue["assignee"] is not None for issue in installation.issues())


def deeds(installation: Installation, key: str) -> dict[str, int]:
    found = installation.ask(f"/api/v1/issues/{key}/activity")["items"]
    kinds = [one["kind"] for one in found]
    return {kind: kinds.count(kind) for kind in ("assignee", "deputy")}
