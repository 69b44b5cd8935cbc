"""Rules over REST."""

from collections.abc import Callable
from typing import Any

import pytest

from errata.apps.accounts.types import Actor
from errata.apps.projects.types import ProjectView

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("events")]
TEXT = "when created\nif severity:Critical\nthen label urgent"


def test_a_rule_is_written_tried_switched_and_deleted(
    api: Callable[..., Any], alice: Actor, payments: ProjectView
) -> None:
    call = api(alice)
    call("post", "/issues", {"project": "payments", "title": "Down", "severity": "Critical"})

    made = call("post", "/rules", {"name": "Critical first", "text": TEXT}).json()
    tried = call("post", "/rules/try", {"text": TEXT, "days": 7}).json()
    switched = call("patch", f"/rules/{made['id']}", {"mode": "on"}).json()

    assert (made["mode"], tried["firings"], switched["mode"]) == ("dry", 1, "on")
    assert call("get", "/rules").json()["items"][0]["name"] == "Critical first"
    assert call("get", f"/rules/{made['id']}/runs").json() == {"items": [], "next": None}
    assert call("delete", f"/rules/{made['id']}").status_code == 204
    assert call("get", f"/rules/{made['id']}").status_code == 404


def test_a_rule_that_cannot_be_read_is_refused_with_its_line(
    api: Callable[..., Any], alice: Actor, payments: ProjectView
) -> None:
    refused = api(alice)("post", "/rules", {"name": "Odd", "text": "when created\nthen explode"})

    assert refused.status_code == 422
    assert refused.json()["error"]["data"]["line"] == 2


def test_a_member_writes_no_rules(api: Callable[..., Any], bob: Actor, payments: ProjectView) -> None:
    assert api(bob)("post", "/rules", {"name": "Mine", "text": TEXT}).status_code == 403
