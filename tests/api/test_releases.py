"""Releases and retests over REST, as a script of a pipeline uses them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from errata.apps.accounts.types import Actor
from errata.apps.projects.types import ProjectView
from errata.apps.releases import queries as releases
from errata.apps.retests import operations as retests
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("events")]
A, B = "a" * 40, "b" * 40
Api = Callable[..., Any]


def test_a_pipeline_tells_of_a_release_its_commits_its_check_and_its_deploy(
    api: Api, bob: Actor, payments: ProjectView
) -> None:
    call = api(bob)
    made = call("post", "/releases", {"version": "@acme/shop@1.3.0", "projects": ["payments"]})
    assert (made.status_code, made.json()["version"]) == (201, "@acme/shop@1.3.0")

    commits = {"repository": "shop/web", "commits": [{"sha": A, "message": "One"}, {"sha": B, "parents": [A]}]}
    assert len(call("post", "/releases/@acme/shop@1.3.0/commits", commits).json()["items"]) == 2
    check = call("post", "/checks", {"name": "e2e", "state": "success", "sha": B, "repository": "shop/web"})
    assert (check.status_code, check.json()["state"]) == (201, "passed")
    deploy = call("post", "/deploys", {"version": "@acme/shop@1.3.0", "environment": "production"})
    assert deploy.status_code == 201

    shown = call("get", "/releases/@acme/shop@1.3.0").json()
    assert shown["release"]["environments"] == ["production"]
    assert {one["sha"] for one in shown["commits"]} == {A, B}
    assert [one["name"] for one in shown["checks"]] == ["e2e"]
    for path in ("/releases", "/deploys", "/commits", "/checks", "/releases/@acme/shop@1.3.0/commits"):
        assert call("get", path).json()["items"], path


def test_a_retest_is_read_linked_and_unlinked(api: Api, bob: Actor, payments: ProjectView) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": "payments", "title": "Totals", "assignee": "me"}).json()["key"]
    call("post", f"/issues/{key}/transition", {"stage": "Retest"})
    before = call("get", f"/issues/{key}/retest").json()
    assert (before["watched"], before["outcome"], before["fixes"]) == (True, None, [])

    linked = call("post", f"/issues/{key}/retest/fixes", {"commit": A, "repository": "shop/web"})
    assert linked.status_code == 201
    retests.watch(at=NOW)
    after = call("get", f"/issues/{key}/retest").json()
    assert after["outcome"] == "wait"
    assert {proof["name"]: proof["state"] for proof in after["proofs"]}["released"] in {"wait", "none"}

    number = after["fixes"][0]["id"]
    assert call("delete", f"/issues/{key}/retest/fixes/{number}").json()["fixes"] == []
    assert call("delete", f"/issues/{key}/retest/fixes/{number}").status_code == 404


def test_a_move_without_proof_is_refused_with_what_is_missing_and_may_be_overridden(
    api: Api, bob: Actor, payments: ProjectView
) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": "payments", "title": "Totals", "assignee": "me"}).json()["key"]
    call("post", f"/issues/{key}/transition", {"stage": "Retest"})
    call("post", f"/issues/{key}/retest/fixes", {"check": "e2e"})

    refused = call("post", f"/issues/{key}/transition", {"stage": "Fixed"})
    assert refused.status_code == 409
    data = refused.json()["error"]["data"]
    assert (data["guard"], data["missing"]) == ("evidence", ["checked"])

    moved = call("post", f"/issues/{key}/transition", {"stage": "Fixed", "override": "The run is stuck."})
    assert moved.json()["stage"] == "Fixed"
    newest = call("get", f"/issues/{key}/activity").json()["items"][0]
    assert newest["evidence"]["override"] == "The run is stuck."


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/releases", {"version": "x@1"}),
        ("/deploys", {"version": "x@1", "environment": "production"}),
        ("/checks", {"name": "e2e", "state": "passed", "sha": A}),
        ("/commits", {"repository": "web", "commits": [{"sha": A}]}),
        ("/releases/x@1/commits", {"repository": "web", "commits": [{"sha": A}]}),
    ],
)
def test_telling_needs_the_scope_for_it(api: Api, bob: Actor, carol: Actor, path: str, body: Any) -> None:
    assert api(bob, scopes=["project:read"])("post", path, body).status_code == 403
    assert api(carol)("post", path, body).status_code == 403
    assert api(bob, scopes=["release:write"])("post", path, body).status_code in {200, 201}


def test_another_organisation_finds_nothing(api: Api, bob: Actor, mallory: Actor, payments: ProjectView) -> None:
    api(bob)("post", "/deploys", {"version": "x@1", "environment": "production"})
    call = api(mallory)

    assert call("get", "/releases/x@1").status_code == 404
    assert call("get", "/releases").json()["items"] == call("get", "/deploys").json()["items"] == []
    assert call("get", "/issues/PAY-1/retest").status_code == 404


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00", "0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+10:00", "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59-10:00",
    ],
)  # fmt: skip
def test_a_time_that_no_clock_shows_is_not_believed(api: Api, bob: Actor, payments: ProjectView, at: str) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": "payments", "title": "Totals", "assignee": "me"}).json()["key"]
    commits = {"repository": "shop/web", "commits": [{"sha": A, "message": f"fixes {key}", "at": at}]}
    before = datetime.now(UTC)

    told = [
        call("post", "/releases", {"version": "shop@1.3.0", "released_at": at}),
        call("post", "/commits", commits),
        call("post", "/releases/shop@1.3.0/commits", commits),
        call("post", "/checks", {"name": "e2e", "state": "pending", "sha": A, "at": at}),
        call("post", "/deploys", {"version": "shop@1.3.0", "environment": "production", "at": at}),
        call("get", "/deploys", since=at),
    ]
    retests.follow_mentions(at=NOW)
    retests.watch(at=NOW)

    assert [answer.status_code for answer in told[:-2]] == [201, 201, 200, 201]
    assert told[-2].status_code == (422 if at.startswith("9") else 201)  # a deploy is told when it is done
    assert told[-1].status_code == 200
    [commit] = releases.list_commits(actor=bob)
    [check] = releases.list_checks(actor=bob)
    for moment in (commit.at, check.at):
        assert before <= moment <= datetime.now(UTC) + timedelta(days=1)
    assert call("get", f"/issues/{key}/retest").json()["watched"]


def test_a_commits_time_without_a_zone_is_in_utc(api: Api, bob: Actor) -> None:
    commits = [{"sha": A, "at": "2026-03-01T12:00:00"}, {"sha": B, "at": "2026-03-01T12:00:00+02:00"}]

    api(bob)("post", "/commits", {"repository": "shop/web", "commits": commits})

    told = {one.sha: one.at for one in releases.list_commits(actor=bob)}
    assert told == {A: datetime(2026, 3, 1, 12, tzinfo=UTC), B: datetime(2026, 3, 1, 10, tzinfo=UTC)}


def test_who_may_write_issues_links_a_commit_known_or_not(api: Api, bob: Actor, payments: ProjectView) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": "payments", "title": "Totals"}).json()["key"]
    call("post", "/commits", {"repository": "shop/web", "commits": [{"sha": A}]})
    narrow = api(bob, scopes=["issue:read", "issue:write"])

    for body in ({"commit": A}, {"commit": B, "repository": "shop/web"}):
        linked = narrow("post", f"/issues/{key}/retest/fixes", body)
        assert linked.status_code == 201, linked.content

    assert {fix["name"] for fix in linked.json()["fixes"]} == {A[:7], B[:7]}
    reading = api(bob, scopes=["issue:read"])
    assert reading("post", f"/issues/{key}/retest/fixes", {"commit": A}).status_code == 403


@pytest.mark.parametrize("body", [{"commit": " "}, {"commit": "a"}, {"commit": "main"}, {"check": " "}, {}])
def test_what_names_nothing_is_not_linked(api: Api, bob: Actor, payments: ProjectView, body: Any) -> None:
    call = api(bob)
    key = call("post", "/issues", {"project": "payments", "title": "Totals"}).json()["key"]
    call("post", "/commits", {"repository": "shop/web", "commits": [{"sha": A}]})

    for repository in ("", "shop/web"):
        refused = call("post", f"/issues/{key}/retest/fixes", body | {"repository": repository})
        assert refused.status_code == 422, refused.content

    assert call("get", f"/issues/{key}/retest").json()["fixes"] == []
