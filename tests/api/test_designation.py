"""Designation over REST."""

import pytest

from errata.apps.designations import operations
from errata.apps.issues import operations as issues
from tests.apps.issues.shop import report
from tests.people import NOW


@pytest.fixture
def rules(payments, bob, olga):
    operations.set_ownership(which="payments", rules="type:task bob@shop.example\n* gone@x.example", by=olga, at=NOW)


def test_ownership_is_read_with_the_rules_in_their_order(api, bob, rules):
    found = api(bob)("get", "/projects/payments/ownership").json()

    assert found["rules"].startswith("type:task")
    assert [(one["place"], one["rule"], one["unknown_owners"]) for one in found["order"]] == [
        (1, "type:task bob@shop.example", []),
        (2, "* gone@x.example", ["gone@x.example"]),
    ]


def test_ownership_is_changed_by_an_admin(api, alice, bob, rules):
    body = {"codeowners": "/a/ @octocat", "owners": {"@octocat": "bob@shop.example"}, "team_takes_rest": False}

    assert api(bob)("put", "/projects/payments/ownership", body).status_code == 403
    answer = api(alice)("put", "/projects/payments/ownership", body)

    assert answer.status_code == 200
    assert answer.json()["owners"] == {"@octocat": "bob@shop.example"}
    assert answer.json()["rules"].startswith("type:task"), "what is absent stays"
    assert api(alice)("put", "/projects/payments/ownership", {"rules": "", "version": 1}).status_code == 409


def test_a_line_that_cannot_be_read_is_refused_with_its_number(api, alice, rules):
    answer = api(alice)("put", "/projects/payments/ownership", {"rules": "* bob"})
    assert answer.status_code == 422
    assert answer.json()["error"]["data"]["problems"][0]["line"] == 1


def test_an_issue_says_why_it_has_who_it_has(api, bob, alice, rules):
    key = report("Write it down", bob)
    operations.Designating().turn(NOW)
    issues.assign_issue(key=key, to=alice.email, by=alice, at=NOW)

    found = api(bob)("get", f"/issues/{key}/designation").json()

    assert found["decided"]["reason"] == "type:task matched Task; its only owner there"
    assert [(one["name"], one["given_by"]) for one in found["held_by"]] == [
        ("Bob Builder", "Errata"),
        ("Alice Admin", "Alice Admin"),
    ]
    assert found["suggestion"] is None


def test_rules_are_tried_on_an_issue_and_on_a_path(api, bob, rules):
    key = report("Write it down", bob)
    tried = api(bob)("get", f"/issues/{key}/designation/trial").json()
    assert tried["assignee"]["email"] == bob.email
    path = api(bob)("get", "/projects/payments/designation", text="billing/charge.py").json()
    assert path["assignee"] is None
    assert path["outcome"]["passed"][0]["why"] == "gone@x.example: nobody here"


def test_issues_with_nobody_are_counted_and_given_out(api, alice, bob, carol, rules):
    report("Write it down", bob)
    assert api(carol)("get", "/unassigned").json() == {"count": 1, "projects": [{"project": "payments", "count": 1}]}
    assert api(bob)("post", "/projects/payments/designation").status_code == 403

    assert api(alice)("post", "/projects/payments/designation").json() == {"assigned": ["PAY-1"], "unassigned": 0}


def test_another_organisation_is_told_nothing(api, bob, mallory, rules):
    key = report("Ours", bob)
    for path in ("/projects/payments/ownership", f"/issues/{key}/designation", f"/issues/{key}/designation/trial"):
        assert api(mallory)("get", path).status_code == 404
    assert api(mallory)("get", "/unassigned").json()["count"] == 0


def test_people_say_what_they_can_and_when_they_are_away(api, bob, alice, carol, rules):
    assert api(bob)("put", "/colleagues/me/skills", {"skills": ["Python"]}).json() == ["python"]
    assert api(bob)("put", f"/colleagues/{alice.email}/skills", {"skills": []}).status_code == 403
    away = {"since": "2026-11-01T00:00:00Z", "until": "2999-01-01T00:00:00Z", "stand_in": alice.email}

    made = api(bob)("post", "/colleagues/me/absences", away)

    assert made.status_code == 201
    [found] = [one for one in api(carol)("get", "/colleagues").json()["items"] if one["person"]["email"] == bob.email]
    assert found["skills"] == ["python"]
    assert found["absences"][0]["stand_in"]["email"] == alice.email
    assert api(bob)("delete", f"/absences/{made.json()['id']}").status_code == 204


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2027-01-01T00:00:00", "2027-01-02T00:00:00"),  # in no zone
        ("0001-01-01T00:00:00+14:00", "2027-01-02T00:00:00Z"),
        ("2027-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_an_absence_at_no_real_time_is_refused(api, bob, payments, since, until):
    answer = api(bob)("post", "/colleagues/me/absences", {"since": since, "until": until})

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "absence_refused")
    assert api(bob)("get", "/colleagues").status_code == 200
