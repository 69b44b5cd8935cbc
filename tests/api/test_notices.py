"""Notifications, as a script sees them."""

import pytest

from errata.apps.notices import operations as notices
from tests.apps.notices.shop import SITE, tell
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("events")]


@pytest.fixture
def told(api, bob, alice, payments):
    """Alice was told of PAY-1."""
    api(bob)("post", "/issues", {"project": payments.slug, "title": "Slow"})
    tell("PAY-1", alice)


def test_an_inbox_is_read_and_emptied(api, told, alice):
    call = api(alice)

    (line,) = call("get", "/inbox").json()["items"]
    assert (line["key"], line["unread"], line["notices"][0]["kind"]) == ("PAY-1", 1, "escalated")
    assert call("post", "/inbox/done", {"keys": ["PAY-1"]}).json() == {"changed": 1}
    assert call("get", "/inbox").json()["items"] == []
    assert len(call("get", "/inbox", view="done").json()["items"]) == 1


def test_an_inbox_is_its_owners(api, told, bob, mallory):
    assert api(bob)("get", "/inbox").json()["items"] == []
    assert api(bob)("post", "/inbox/done", {"keys": ["PAY-1"]}).json() == {"changed": 0}
    assert api(mallory)("post", "/inbox/done", {"keys": ["PAY-1"]}).status_code == 404


def test_a_watch_mode_is_chosen(api, told, carol):
    call = api(carol)

    assert call("put", "/issues/PAY-1/watch", {"mode": "stage"}).json()["mode"] == "stage"
    assert call("get", "/issues/PAY-1/watch").json()["chosen"]


def test_preferences_come_back_as_they_were_put(api, bob, payments):
    call = api(bob)
    wishes = call("get", "/notifications").json() | {"digest": "daily", "zone": "Europe/Rome"}

    assert call("put", "/notifications", wishes).json() == wishes
    assert call("get", "/notifications").json() == wishes
    assert call("put", "/notifications", wishes | {"zone": "Nowhere"}).status_code == 422
    assert call("put", "/projects/payments/subscription", {"mode": "new"}).status_code == 204
    assert call("get", "/subscriptions").json()["items"][0]["mode"] == "new"


def test_a_channel_gives_its_secret_once_and_its_address_never(api, alice, bob, mallory):
    call = api(alice)
    body = {"name": "hook", "kind": "webhook", "address": "https://hooks.example/s3cret"}

    made = call("post", "/channels", body)

    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    listed = call("get", "/channels").content.decode()
    assert "s3cret" not in listed
    assert "whsec_" not in listed
    number = made.json()["id"]
    assert call("patch", f"/channels/{number}", {"enabled": False}).json()["enabled"] is False
    assert api(bob)("post", "/channels", body).status_code == 403
    assert api(mallory)("delete", f"/channels/{number}").status_code == 404
    assert call("delete", f"/channels/{number}").status_code == 204


def test_a_test_is_followed_to_its_end_and_replayed(api, alice, events):
    call = api(alice)
    number = call("post", "/channels", {"name": "m", "kind": "email", "address": "team@shop.example"}).json()["id"]
    sent = call("post", f"/channels/{number}/test")
    assert sent.status_code == 202

    notices.deliver_due(at=NOW.replace(year=NOW.year + 1), site=SITE)

    found = call("get", f"/deliveries/{sent.json()['id']}").json()
    assert found["state"] == "sent"
    assert found["attempts"][0]["ok"]
    assert call("post", f"/deliveries/{found['id']}/resend").json()["state"] == "waiting"
    assert call("get", "/deliveries", state="sent").json()["items"] == []
