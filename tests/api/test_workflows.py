"""Workflows and fields over REST, and in the issues it gives."""

import pytest

from errata.apps.workflows import operations, queries
from errata.core.fields import CustomField
from tests.people import NOW


@pytest.fixture
def points(payments, alice):
    operations.save_field(field=CustomField("points", "Points", "number"), by=alice, at=NOW)


def test_a_project_is_created_with_a_template(api, alice):
    call = api(alice)

    made = call("post", "/projects", {"name": "Website", "key": "WEB", "template": "software"})

    assert made.status_code == 201
    [own] = [item for item in call("get", "/workflows").json()["items"] if not item["built_in"]]
    assert (own["name"], own["projects"]) == ("software", ["website"])
    issue = call("post", "/issues", {"project": "website", "title": "Hi"}).json()
    assert (issue["stage"], issue["type"], issue["fields"]) == ("To Do", "Task", {})
    assert call("post", "/projects", {"name": "X", "template": "none"}).status_code == 404


def test_a_workflow_goes_out_and_comes_back_as_data(api, alice, payments):
    call = api(alice)
    body = call("get", "/workflows/kanban").json()["workflow"]

    made = call("post", "/workflows", {"workflow": body | {"name": "Ours"}, "note": "Begun"}).json()
    assert (made["name"], made["version"]) == ("ours", 1)
    body["stages"][0]["meaning"] = "Wishes"
    saved = call("put", "/workflows/ours", {"workflow": body | {"name": "Ours"}, "based_on": 1})
    assert saved.json()["version"] == 2
    again = call("put", "/workflows/ours", {"workflow": body | {"name": "Mine"}, "based_on": 1})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "changed_meanwhile")
    assert call("get", "/workflows/ours?version=1").json()["version"] == 1


def test_a_broken_workflow_is_refused_with_its_faults(api, alice):
    body = api(alice)("get", "/workflows/simple").json()["workflow"]
    refused = api(alice)("post", "/workflows", {"workflow": body | {"rules": []}})

    assert refused.status_code == 422
    assert "No way leads to Closed." in refused.json()["error"]["data"]["faults"]
    assert api(alice)("post", "/workflows", {"workflow": {"stages": 1}}).status_code == 422


def test_a_project_adopts_a_workflow_after_a_look(api, alice, bob, payments):
    call = api(alice)
    call("post", "/issues", {"project": "payments", "title": "Hi"})

    seen = call("post", "/projects/payments/workflow", {"workflow": "software", "dry_run": True}).json()
    assert (seen["issues"], queries.process_of(payments.id).slug) == (1, "errata")
    done = call("post", "/projects/payments/workflow", {"workflow": "software", "stages": {"New": "Done"}}).json()

    assert next((s["stage"], s["to"], s["issues"]) for s in done["steps"]) == ("New", "Done", 1)
    assert call("get", "/issues/PAY-1").json()["stage"] == "Done"
    assert api(bob)("post", "/projects/payments/workflow", {"workflow": "errata"}).status_code == 403


def test_a_types_template_is_set_and_given(api, alice, bob, payments):
    assert api(alice)("put", "/types/UI%2FUX", {"template": "## Where"}).json()["template"] == "## Where"
    assert api(alice)("put", "/types/Ghost", {"template": "Boo"}).status_code == 404
    assert api(bob)("put", "/types/Error", {"template": "Mine"}).status_code == 403

    given = {item["name"]: item["template"] for item in api(bob)("get", "/types").json()["items"]}
    assert (given["UI/UX"], given["Error"]) == ("## Where", "")


def test_fields_are_defined_given_and_changed(api, alice, bob, payments):
    body = {"name": "Impact", "kind": "choice", "choices": ["Slow", "Down"]}
    assert api(alice)("put", "/fields/impact", body).status_code == 200
    assert api(bob)("put", "/fields/impact", body).status_code == 403
    assert [item["slug"] for item in api(bob)("get", "/fields").json()["items"]] == ["impact"]
    call = api(bob)

    made = call("post", "/issues", {"project": "payments", "title": "Hi", "fields": {"impact": "down"}})
    assert made.json()["fields"] == {"impact": "Down"}
    changed = call("patch", "/issues/PAY-1", {"fields": {"impact": None}})
    assert changed.json()["fields"] == {}
    refused = call("patch", "/issues/PAY-1", {"fields": {"impact": "Huge"}})
    assert (refused.status_code, refused.json()["error"]["data"]["field"]) == (422, "field.impact")


def test_issues_are_found_by_their_fields(api, bob, points):
    call = api(bob)
    for number in (1, 5, 8):
        call("post", "/issues", {"project": "payments", "title": f"{number}", "fields": {"points": number}})

    found = call("get", "/issues", query="field.points:>=5").json()["items"]

    assert sorted(item["fields"]["points"] for item in found) == [5, 8]


def test_a_stranger_sees_no_workflow_of_ours(api, mallory, alice, payments):
    operations.take_workflow(which="software", by=alice, at=NOW)

    assert all(item["built_in"] for item in api(mallory)("get", "/workflows").json()["items"])
    assert api(mallory)("post", "/projects/payments/workflow", {"workflow": "simple"}).status_code == 404


def test_types_are_added_and_put_away(api, alice, bob):
    call = api(alice)

    added = call("post", "/types", {"name": " Chore ", "meaning": "Has to be done."})
    away = call("put", "/types/Chore", {"archived": True, "template": "Why:"}).json()

    assert (added.status_code, added.json()["name"]) == (201, "Chore")
    assert (away["archived"], away["template"], away["meaning"]) == (True, "Why:", "Has to be done.")
    assert call("put", "/types/Chore", {"archived": False}).json()["template"] == "Why:"
    assert call("post", "/types", {"name": "chore"}).status_code == 422
    assert call("put", "/types/Nope", {}).status_code == 404
    assert api(bob)("post", "/types", {"name": "Mine"}).status_code == 403


def test_a_field_is_put_away_and_taken_back(api, alice, points):
    call = api(alice)
    body = {"name": "Points", "kind": "number"}

    assert call("put", "/fields/points", body | {"archived": True}).json()["archived"]
    assert call("get", "/fields").json()["items"] == []
    assert [one["archived"] for one in call("get", "/fields?archived=true").json()["items"]] == [True]
    assert not call("put", "/fields/points", body).json()["archived"]


def test_what_events_open_is_said_for_the_organisation_and_for_a_project(api, alice, bob, payments, heist, mallory):
    call = api(alice)
    call("put", "/arrivals", {"priorities": {"fatal": "High"}, "severity": "Trivial"})

    inherited = call("get", "/arrivals?project=payments").json()
    own = call("put", "/arrivals?project=payments", {"type": "CI", "types": {}}).json()

    assert inherited["inherited"]
    assert (inherited["priorities"], inherited["severity"]) == ({"fatal": "High"}, "Trivial")
    assert (own["project"], own["inherited"], own["type"], own["severity"]) == ("payments", False, "CI", "Minor")
    assert call("delete", "/arrivals?project=payments").status_code == 204
    assert call("get", "/arrivals?project=payments").json()["inherited"]
    assert "no severity Huge" in call("put", "/arrivals", {"severity": "Huge"}).json()["error"]["message"]
    assert api(bob)("put", "/arrivals", {}).status_code == 403
    assert api(mallory)("get", "/arrivals").json()["severity"] == "Minor"


def test_the_versions_of_a_workflow_tell_what_changed_and_one_nobody_uses_is_put_away(api, alice, payments):
    call = api(alice)
    body = call("get", "/workflows/simple").json()["workflow"] | {"name": "Ours"}
    call("post", "/workflows", {"workflow": body, "note": "Begun"})
    call("put", "/workflows/ours", {"workflow": body | {"lasting_reasons": ["duplicate"]}})

    newest, first = call("get", "/workflows/ours/versions").json()["items"]

    assert (newest["version"], bool(newest["changes"])) == (2, True)
    assert (first["note"], first["by"], first["changes"]) == ("Begun", f"{alice.name} (test)", [])
    assert call("delete", "/workflows/ours").status_code == 204
    assert call("get", "/workflows/ours").status_code == 404
