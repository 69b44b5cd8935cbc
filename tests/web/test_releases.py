"""The release pages, the retest card, and the deploys on an issue's chart."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from errata.apps.accounts.types import Actor
from errata.apps.issues import queries
from errata.apps.projects.types import ProjectView
from errata.apps.releases import operations as releases
from errata.apps.releases import queries as release_queries
from errata.apps.releases.types import CommitIn
from errata.apps.retests import operations as retests
from errata.apps.retests import queries as retest_queries
from errata.web import draw

A = "a" * 40
HTMX = {"HX-Request": "true"}


@pytest.fixture
def retested(payments: ProjectView, failure: str, olga: Actor, now: datetime) -> str:
    """PAY-1 in retest, with a commit of a deployed release as its fix and a green check. Its key."""
    commit = CommitIn(sha=A, message="Round <totals>\n\nfixes PAY-1", author_email=olga.email, at=now)
    releases.set_commits(version="shop@2.5.0", repository="shop/web", commits=[commit], by=olga, at=now)
    releases.create_deploy(version="shop@2.5.0", environment="production", by=olga, at=now - timedelta(minutes=1))
    releases.report_check(
        name="e2e", state="passed", sha=A, url="https://ci.example/1", repository="shop/web", by=olga, at=now
    )
    releases.look_at_events(at=now)
    retests.follow_mentions(at=now)
    retests.watch(at=now)
    return "PAY-1"


def page_of(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_the_card_shows_each_proof_how_long_to_wait_and_what_is_linked(
    olga: Actor, browser: Any, retested: str
) -> None:
    page = page_of(browser(olga), f"/issues/{retested}/")

    assert "Waiting for proof" in page
    assert f"{A[:7]} of shop/web runs: shop@2.5.0 in production." in page
    assert "e2e on aaaaaaa is green." in page
    assert "more at this rate" in page
    assert "Round &lt;totals&gt;" in page
    assert 'href="https://ci.example/1"' in page


def test_an_issue_far_from_a_retest_has_no_card(olga: Actor, browser: Any, failure: str) -> None:
    page = page_of(browser(olga), "/issues/PAY-1/")

    assert 'id="retest"' not in page
    # The place for it is: an open page puts the card there once the issue goes to its retest.
    assert '<div class="retest-place" id="retest-place" data-refresh></div>' in page


def test_deploys_are_marked_on_the_chart_and_listed_in_its_table(olga: Actor, browser: Any, retested: str) -> None:
    page = page_of(browser(olga), f"/issues/{retested}/")

    assert page.count("shop@2.5.0 deployed to production") == 2
    assert "; 1 deploy" in page


def test_marks_too_near_to_be_told_apart_are_one(now: datetime) -> None:
    hour = timedelta(hours=1)
    chart = draw.histogram([(now + hour * number, 1) for number in range(24)], bucket_s=3_600)
    minute = timedelta(minutes=1)

    moments = [(now + hour, "b"), (now + hour + minute, "c"), (now - hour, "old"), (now + 23 * hour, "d")]
    marked = draw.marked(chart, moments)

    assert [mark.words for mark in marked.marks] == ["b\nc", "d"]
    assert all(0 <= mark.x <= chart.width for mark in marked.marks)
    assert draw.marked(draw.histogram([], bucket_s=60), [(now, "x")]).marks == ()


def test_a_fix_is_linked_and_unlinked_on_the_page(olga: Actor, browser: Any, failure: str) -> None:
    here = browser(olga)

    linked = here.post("/issues/PAY-1/fixes/", {"kind": "release", "what": "shop@3.0.0"}, headers=HTMX)
    assert (linked.status_code, linked.headers["HX-Trigger"]) == (200, "errata:changed")
    assert "shop@3.0.0" in page_of(here, "/issues/PAY-1/")

    [fix] = retest_queries.retest(actor=olga, key="PAY-1").fixes
    assert here.post(f"/issues/PAY-1/fixes/{fix.id}/", headers=HTMX).status_code == 200
    assert retest_queries.retest(actor=olga, key="PAY-1").fixes == []
    assert here.post("/issues/PAY-1/fixes/", {"kind": "commit", "what": A}, headers=HTMX).status_code == 422
    assert here.post("/issues/PAY-1/fixes/", {"kind": "password", "what": A}, headers=HTMX).status_code == 422


def test_the_button_asks_for_the_reason_where_proof_is_missing(olga: Actor, browser: Any, retested: str) -> None:
    here = browser(olga)
    page = page_of(here, f"/issues/{retested}/")
    # It opens the picker at the stage, which asks; it doesn't move.
    assert 'data-pick="stage" data-wanted="Fixed"' in page
    assert 'data-move="pass"' not in page
    picker = page_of(here, f"/issues/pick/stage/?key={retested}")
    assert "It is not proven yet: that it has been quiet for long enough." in picker

    change = {"key": retested, "field": "stage", "value": "pass"}
    assert here.post("/issues/change/", change, headers=HTMX).status_code == 409
    moved = here.post("/issues/change/", change | {"comment": "Seen on the till."}, headers=HTMX)

    assert moved.status_code == 200
    assert queries.issue(actor=olga, key=retested).row.stage == "Fixed"
    assert "Passed without proof: Seen on the till." in page_of(here, f"/issues/{retested}/")


def test_a_release_shows_what_it_brought_and_where_it_runs(olga: Actor, browser: Any, retested: str) -> None:
    here = browser(olga)
    listed, page = page_of(here, "/releases/"), page_of(here, "/releases/version/shop@2.5.0/")

    assert "shop@2.5.0" in listed
    assert "shop@2.4." in listed  # seen in the events
    assert "PAY-1" in page
    assert "Round &lt;totals&gt;" in page
    assert "production" in page
    assert "e2e" in page
    began = page_of(here, "/releases/version/shop@2.4.0/")
    assert "PAY-1" in began
    assert here.get("/releases/version/nothing@1/").status_code == 404


def test_the_list_is_filtered_and_says_when_nothing_matches(olga: Actor, browser: Any, retested: str) -> None:
    here = browser(olga)

    assert "shop@2.5.0" in page_of(here, "/releases/?environment=production")
    assert "No release matches" in page_of(here, "/releases/?environment=moon")
    assert "shop@2.4." in page_of(here, "/releases/?project=payments")


def test_an_empty_list_says_what_to_do(olga: Actor, browser: Any, payments: ProjectView) -> None:
    assert "Connect a repository" in page_of(browser(olga), "/releases/")


def test_a_repositorys_secret_is_shown_once(olga: Actor, browser: Any, payments: ProjectView) -> None:
    here = browser(olga)
    form = {"name": "shop/web", "forge": "github", "package": "shop", "project": "payments", "branch": "", "url": ""}

    made = here.post("/releases/repositories/", form).content.decode()
    assert "/hooks/github/" in made
    assert 'aria-label="Copy the webhook’s secret"' in made
    [repository] = release_queries.list_repositories(actor=olga)
    assert "webhook’s secret" not in page_of(here, "/releases/repositories/")
    assert here.post("/releases/repositories/", form).status_code == 422
    renewed = here.post(f"/releases/repositories/{repository.id}/secret/").content.decode()
    assert "webhook’s secret" in renewed

    path = f"/releases/repositories/{repository.id}/delete/"
    assert here.post(path, {"confirm": "x"}).status_code == 422
    assert here.post(path, {"confirm": "shop/web"}).status_code == 302
    assert release_queries.list_repositories(actor=olga) == []


def test_who_may_not_administer_sees_no_secrets_and_sets_nothing_up(
    alice: Actor, carol: Actor, browser: Any, payments: ProjectView, now: datetime
) -> None:
    made = releases.create_repository(name="shop/web", forge="github", by=alice, at=now)
    here = browser(carol)
    page = page_of(here, "/releases/repositories/")

    assert made.repository.hook not in page
    assert made.secret not in page
    assert "Connect a repository" not in page
    assert here.post("/releases/repositories/", {"name": "x", "forge": "github"}).status_code in {403, 422}
    assert here.post(f"/releases/repositories/{made.repository.id}/secret/").status_code == 403
    assert [one.name for one in release_queries.list_repositories(actor=alice)] == ["shop/web"]


def test_a_viewer_sees_the_card_without_its_forms(carol: Actor, browser: Any, retested: str) -> None:
    page = page_of(browser(carol), f"/issues/{retested}/")

    assert "Waiting for proof" in page
    assert "Link a commit" not in page
    assert (
        browser(carol).post("/issues/PAY-1/fixes/", {"kind": "check", "what": "e2e"}, headers=HTMX).status_code == 403
    )


def test_another_organisation_sees_no_release(mallory: Actor, browser: Any, retested: str) -> None:
    here = browser(mallory)

    assert "shop@2.5.0" not in page_of(here, "/releases/")
    assert here.get("/releases/version/shop@2.5.0/").status_code == 404
    assert here.post("/issues/PAY-1/fixes/", {"kind": "check", "what": "e2e"}, headers=HTMX).status_code == 404


@pytest.mark.parametrize(
    ("path", "queries_max"), [("/releases/", 14), ("/releases/version/shop@2.5.0/", 34), ("/releases/repositories/", 9)]
)
def test_a_page_asks_the_records_no_more_than_its_budget(
    olga: Actor,
    browser: Any,
    retested: str,
    now: datetime,
    django_assert_max_num_queries: Any,
    path: str,
    queries_max: int,
) -> None:
    for number in range(20):
        releases.create_release(version=f"shop@1.{number}.0", by=olga, at=now)
        releases.create_deploy(version=f"shop@1.{number}.0", environment="staging", by=olga, at=now)
    here = browser(olga)

    with django_assert_max_num_queries(queries_max):
        assert here.get(path).status_code == 200


def test_a_move_back_to_work_tells_the_verdict(olga: Actor, browser: Any, retested: str, now: datetime) -> None:
    releases.report_check(name="e2e", state="failed", sha=A, by=olga, at=now + timedelta(minutes=1))
    retests.watch(at=now + timedelta(minutes=2))

    page = page_of(browser(olga), f"/issues/{retested}/")

    assert queries.issue(actor=olga, key=retested).row.stage == "Revise"
    assert "e2e on aaaaaaa is red." in page
    assert "Refuted" in page
