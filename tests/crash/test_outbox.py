"""`kill -9` while a message is on its way: it arrives, and is recognised as the one that it is."""

from pathlib import Path

import pytest

from tests.crash.conftest import Installation
from tests.receivers import webhook_receiver
from tests.running import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


def test_what_was_being_sent_when_the_store_was_killed_is_sent_again_under_its_own_id(tmp_path: Path):
    installation = Installation(tmp_path, ERRATA_OUTGOING_ALLOW="127.0.0.1", ERRATA_WORKERS="1")
    with webhook_receiver() as receiver:
        installation.start()
        try:
            receiver.answering.clear()
            cli = installation.running.cli
            cli("channel", "add", "hook", "--kind", "webhook", "--address", f"{receiver.url}/errata", "--json")
            number = cli("channel", "test", "hook", "--json")["delivery"]
            until(lambda: receiver.taken, within_s=60, why="the message never left")

            installation.kill(*installation.processes("store"))
            receiver.answering.set()

            until(lambda: len(receiver.taken) > 1, within_s=90, why="the message was not sent again")
            until(
                lambda: installation._get(f"/api/v1/deliveries/{number}")["state"] == "sent",
                within_s=60, why="the message was not marked as sent",
            )  # fmt: skip
        finally:
            installation.stop()

    assert len({taken.headers["webhook-id"] for taken in receiver.taken}) == 1
    assert len({taken.body for taken in receiver.taken}) == 1
