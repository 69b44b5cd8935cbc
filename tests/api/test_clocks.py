"""Clocks and calendars, as a script sees them."""

from datetime import timedelta

import pytest
import time_machine

from errata.apps.clocks import operations
from tests.apps.clocks.turning import recount
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("events")]

OFFICE = {
    "name": "Office",
    "zone": "Europe/Berlin",
    "week": dict.fromkeys(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"), "09:00-17:00"),
    "country": "DE",
    "days": ["2026-12-24 09:00-12:00 Christmas Eve"],
    "default": True,
}


def settle(at=NOW):
    while any([operations.follow(at=at), operations.notice(at=at), recount(at=at)]):
        pass


@pytest.fixture
def at_noon():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


def test_the_parts_of_a_clock_sum_to_its_wall_time_and_its_elapsed(api, bob, payments, at_noon):
    call = api(bob)
    settle()
    key = call("post", "/issues", {"project": "payments", "title": "Slow"}).json()["key"]
    call("post", f"/issues/{key}/wait", {"on": "the bank"})
    at_noon.shift(timedelta(hours=2))
    call("post", f"/issues/{key}/wait", {"on": ""})
    at_noon.shift(timedelta(hours=1))

    answer = call("get", f"/issues/{key}/clocks").json()

    assert [clock["clock"] for clock in answer["clocks"]] == ["response", "update", "resolution"]
    resolution = answer["clocks"][2]
    assert sum(part["seconds"] for part in resolution["parts"]) == 3 * 3_600
    assert sum(part["seconds"] for part in resolution["parts"] if part["kind"] == "counted") == resolution["elapsed_s"]
    assert [part["kind"] for part in resolution["parts"]] == ["waiting", "counted"]


def test_an_issue_is_listed_by_its_clock_and_acknowledged(api, bob, carol, mallory, payments, at_noon):
    call = api(bob)
    settle()
    key = call("post", "/issues", {"project": "payments", "title": "Slow"}).json()["key"]
    settle()

    listed = call("get", "/clocks", state="running").json()["items"]
    acknowledged = call("post", f"/issues/{key}/acknowledge")

    assert [(item["issue"]["key"], item["clock"]["clock"], item["probability"]) for item in listed] == [
        (key, "response", None)
    ]
    assert listed[0]["issue"]["clock_state"] == "running"
    assert acknowledged.status_code == 200
    assert call("get", "/clocks", state="nonsense").status_code == 400
    assert api(carol)("post", f"/issues/{key}/acknowledge").status_code == 403
    assert api(mallory)("get", f"/issues/{key}/clocks").status_code == 404


def test_a_calendar_is_previewed_created_changed_and_deleted(api, alice, bob, payments, at_noon):
    call = api(alice)

    previewed = call("post", "/calendars/office/preview", OFFICE)
    created = call("post", "/calendars", OFFICE)
    changed = call("put", "/calendars/office", OFFICE | {"zone": "UTC", "from_now": True})

    assert previewed.json()["checked"] == 0
    assert created.status_code == 201
    assert created.json()["week"]["Sunday"] == ""
    assert created.json()["holidays"]["2026-12-25"] == "Christmas Day"
    assert created.json()["days"] == ["2026-12-24 09:00-12:00 Christmas Eve"]
    assert (changed.json()["version"], changed.json()["zone"]) == (2, "UTC")
    assert call("put", "/calendars/office", OFFICE | {"week": {"Monday": "nine"}}).status_code == 422
    assert api(bob)("post", "/calendars", OFFICE).status_code == 403
    assert [one["slug"] for one in api(bob)("get", "/calendars").json()["items"]] == ["office"]
    assert call("delete", "/calendars/office").status_code == 422  # it is the default
    assert call("put", "/calendars/office", OFFICE | {"default": False}).status_code == 200
    assert call("delete", "/calendars/office").status_code == 204
    assert call("get", "/calendars/office").status_code == 404


@pytest.mark.parametrize(
    "cursor",
    ["~" + "9" * 30, "~" + "9" * 5_000, "0001-01-01T00:00:00+14:00~1", "9999-12-31T23:59:59-12:00~1", "x~1", "1"],
)
def test_a_place_of_another_list_is_refused(api, bob, payments, cursor):
    assert api(bob)("get", "/clocks", None, cursor=cursor).status_code == 400


def test_what_could_be_promised_and_what_will_run_out_is_told_of_what_one_may_see(api, bob, mallory, payments, at_noon):
    call = api(bob)
    settle()
    keys = [call("post", "/issues", {"project": "payments", "title": f"Slow {n}"}).json()["key"] for n in range(30)]
    at_noon.shift(timedelta(hours=2))
    for key in keys:
        call("post", f"/issues/{key}/transition", {"stage": "Closed", "reason": "duplicate"})
    settle(NOW + timedelta(hours=2))
    operations.learn_due(at=NOW + timedelta(hours=2))

    listed = call("get", "/projects/payments/advice").json()["items"]

    assert [(one["priority"], one["severity"], one["resolved"], one["p80"], one["kept"]) for one in listed] == [
        ("Medium", "Minor", 30, 120.0, 1.0)
    ]
    assert api(mallory)("get", "/projects/payments/advice").status_code == 404

    call("post", "/issues", {"project": "payments", "title": "New"})
    settle(NOW + timedelta(hours=2))
    own = call("get", "/clocks/forecast", None, project="payments").json()
    assert 0 <= own.pop("expected") <= 1
    assert own == {"covered": 1, "beyond": 0, "untold": 0}
    others = api(mallory)("get", "/clocks/forecast").json()
    assert others == {"expected": None, "covered": 0, "beyond": 0, "untold": 0}


POLICY = {"targets": [{"response": "1h", "resolution": "2h"}]}


@pytest.mark.parametrize("body", [POLICY, {"maximum_time": POLICY}])
def test_another_policy_is_previewed_as_a_template_writes_it(api, alice, payments, at_noon, body):
    call = api(alice)
    settle()
    key = call("post", "/issues", {"project": "payments", "title": "Slow"}).json()["key"]
    settle()
    at_noon.shift(timedelta(hours=3))
    settle(NOW + timedelta(hours=3))

    told = call("post", "/projects/payments/clocks/preview", body).json()

    late = [(flip["key"], flip["clock"]) for flip in told["flips"] if flip["after"] == "breached"]
    assert late == [(key, "response"), (key, "resolution")]
    assert told["breaches"] == 2


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"targets": [{"fast": "1h"}]}, "fast"),
        ({"targets": [{"response": "2h", "resolution": "1h"}]}, "longer than its resolution"),
        ({"maximum_time": None}, "no maximum time"),
        ({"escalation": [{"percent": 75, "action": "notify", "to": ["bob"]}]}, "names nobody to tell"),
    ],
)
def test_what_is_no_policy_is_refused_with_what_is_wrong(api, alice, payments, body, says):
    answer = api(alice)("post", "/projects/payments/clocks/preview", body)

    assert answer.status_code == 422
    assert says in answer.json()["error"]["message"]


def test_a_script_reads_what_teams_kept(api, bob, mallory, payments, at_noon):
    call = api(bob)
    settle()
    key = call("post", "/issues", {"project": "payments", "title": "Slow"}).json()["key"]
    settle()
    at_noon.shift(timedelta(minutes=5))
    call("post", f"/issues/{key}/comments", {"body": "On it."})
    settle(NOW + timedelta(minutes=5))

    kept = call("get", "/clocks/attainment", None, kind="response").json()["items"]

    assert kept == [{"team": "", "name": "No team", "met": 1, "missed": 0, "late": 0, "share": 1.0}]
    assert call("get", "/clocks/attainment", None, kind="fast").status_code == 422
    assert api(mallory)("get", "/clocks/attainment", None, kind="response").json()["items"] == []
