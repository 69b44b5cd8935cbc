"""Webhooks of forges, as they come over HTTP."""

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from errata.apps.accounts.types import Actor
from errata.apps.audit import queries as audit
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.projects.types import ProjectView
from errata.apps.releases import operations, queries
from errata.apps.releases.types import NewRepository
from errata.apps.retests import operations as retests
from errata.apps.retests import queries as retest_queries
from tests.conftest import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("events")]

DELIVERIES = Path(__file__).parent / "deliveries"
C = "3c4d5e6f708192a3b4c5d6e7f809123456789012"
M = "4d5e6f708192a3b4c5d6e7f80912345678901234"
Send = Callable[..., Any]


def headers_of(forge: str, event: str, secret: str, body: bytes, delivery: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "github": {
            "X-GitHub-Event": event, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": f"sha256={digest}",
        },
        "gitlab": {"X-Gitlab-Event": event, "X-Gitlab-Event-UUID": delivery, "X-Gitlab-Token": secret},
        "gitea": {"X-Gitea-Event": event, "X-Gitea-Delivery": delivery, "X-Gitea-Signature": digest},
    }[forge]  # fmt: skip


@pytest.fixture
def repositories(alice: Actor, payments: ProjectView) -> dict[str, NewRepository]:
    """A repository on each forge, whose releases are of the package shop."""
    return {
        forge: operations.create_repository(
            name=f"{forge}/payments", forge=forge, package="shop", project=payments.slug, by=alice, at=NOW
        )
        for forge in ("github", "gitlab", "gitea")
    }


@pytest.fixture
def send(repositories: dict[str, NewRepository]) -> Send:
    """Send a recorded delivery as its forge does."""

    def deliver(forge: str, name: str, event: str = "", *, delivery: str = "", **changed: str) -> Any:
        made = repositories[forge]
        body = (DELIVERIES / forge / f"{name}.json").read_bytes()
        secret = changed.get("secret", made.secret)
        headers = headers_of(forge, event or name, secret, body, delivery or f"{forge}-{name}")
        path = f"/hooks/{forge}/{changed.get('hook', made.repository.hook)}/"
        return Client(enforce_csrf_checks=True).post(path, body, content_type="application/json", headers=headers)

    return deliver


@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_a_push_that_fixes_an_issue_links_it_and_sends_it_to_its_retest(
    send: Send, forge: str, bob: Actor, payments: ProjectView
) -> None:
    key = issues.create_issue(project="payments", title="Totals", by=bob, at=NOW).key
    issues.assign_issue(key=key, to="me", by=bob, at=NOW)

    answer = send(forge, "push")
    retests.follow_mentions(at=NOW)

    assert (answer.status_code, answer.json()) == (200, {"outcome": "2 commits on main"})
    assert issue_queries.issue(actor=bob, key=key).row.stage == "Retest"
    assert [fix.name for fix in retest_queries.retest(actor=bob, key=key).fixes] == [C[:7]]


@pytest.mark.parametrize(
    ("forge", "name"), [("github", "pull_request"), ("gitlab", "merge_request"), ("gitea", "pull_request")]
)
def test_a_merged_request_that_fixes_an_issue_links_its_commit(
    send: Send, forge: str, name: str, bob: Actor, payments: ProjectView
) -> None:
    key = issues.create_issue(project="payments", title="Totals", by=bob, at=NOW).key
    issues.assign_issue(key=key, to="me", by=bob, at=NOW)

    assert send(forge, name).status_code == 200
    retests.follow_mentions(at=NOW)

    [fix] = retest_queries.retest(actor=bob, key=key).fixes
    assert (fix.name, fix.title, fix.url[-3:]) == (M[:7], "Round totals", "/12")
    assert issue_queries.issue(actor=bob, key=key).row.stage == "Retest"


def test_a_branchs_commits_fix_nothing_before_they_land(send: Send, bob: Actor, payments: ProjectView) -> None:
    key = issues.create_issue(project="payments", title="Totals", by=bob, at=NOW).key

    send("github", "push_branch", "push")
    retests.follow_mentions(at=NOW)
    assert retest_queries.retest(actor=bob, key=key).fixes == []

    send("github", "push")
    retests.follow_mentions(at=NOW)
    assert len(retest_queries.retest(actor=bob, key=key).fixes) == 1


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_deploy_of_a_tag_is_of_its_release_and_has_what_leads_to_it(send: Send, forge: str, bob: Actor) -> None:
    send(forge, "push")
    send(forge, "release")
    send(forge, "deployment_status" if forge == "github" else "deployment")

    detail = queries.release(actor=bob, version="shop@1.3.0")
    assert [deploy.environment for deploy in detail.deploys] == ["production"]
    assert {commit.sha for commit in detail.commits} >= {C}
    assert detail.release.projects == ["payments"]
    assert detail.release.released_at is not None


def test_a_deploy_of_a_commit_that_nobody_released_is_a_release_of_its_own(send: Send, bob: Actor) -> None:
    send("github", "deployment_status")

    assert [one.version for one in queries.list_releases(actor=bob).items] == [f"shop@{C}"]


@pytest.mark.parametrize(
    ("forge", "name", "check", "state"),
    [
        ("github", "check_run", "e2e", "failed"),
        ("github", "check_suite", "GitHub Actions", "passed"),
        ("github", "status", "ci/build", "passed"),
        ("gitlab", "pipeline", "pipeline", "passed"),
        ("gitlab", "job", "e2e", "failed"),
        ("gitea", "status", "ci/woodpecker", "passed"),
    ],
)
def test_a_check_is_kept_with_its_commit(send: Send, bob: Actor, forge: str, name: str, check: str, state: str) -> None:
    assert send(forge, name).status_code == 200

    [one] = queries.list_checks(actor=bob)
    assert (one.name, one.state, one.sha, one.repository) == (check, state, C, f"{forge}/payments")


def test_a_delivery_that_comes_twice_is_taken_once(send: Send, bob: Actor, olga: Actor) -> None:
    assert send("github", "push").json() == {"outcome": "2 commits on main"}
    before = audit.head()

    assert send("github", "push").json() == {"outcome": "received before"}
    assert audit.head() == before
    # Told again under another name, nothing is there twice either.
    send("github", "push", delivery="again")
    assert len(queries.list_commits(actor=bob)) == 2


@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_a_delivery_with_another_secret_is_refused_and_leaves_nothing(send: Send, forge: str, bob: Actor) -> None:
    answer = send(forge, "push", secret="guessed")

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "delivery_unsigned"
    assert queries.list_commits(actor=bob) == []


def test_an_address_that_nobody_set_up_is_refused(send: Send, repositories: dict[str, NewRepository]) -> None:
    assert send("github", "push", hook="nothing-here").status_code == 404
    assert send("github", "push", hook=repositories["gitlab"].repository.hook).status_code == 404
    assert Client().post("/hooks/sourceforge/x/", b"{}", content_type="application/json").status_code == 404
    assert Client().get("/hooks/github/x/").status_code == 405


def test_a_signed_payload_that_is_none_is_refused_with_its_fault(repositories: dict[str, NewRepository]) -> None:
    made = repositories["github"]
    headers = headers_of("github", "push", made.secret, b"[]", "1")

    answer = Client().post(f"/hooks/github/{made.repository.hook}/", b"[]", content_type="text/plain", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "payload_unreadable")


def test_a_delivery_may_not_be_larger_than_what_is_taken(repositories: dict[str, NewRepository]) -> None:
    path = f"/hooks/github/{repositories['github'].repository.hook}/"

    answer = Client().post(path, b" " * (4 * 2**20 + 1), content_type="application/json")

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "delivery_too_large")


def test_what_a_delivery_told_is_in_the_audit_log_without_the_secret(
    send: Send, alice: Actor, repositories: dict[str, NewRepository]
) -> None:
    send("github", "push")

    entries = audit.list_entries(actor=alice).items
    assert entries[0].action == "repository.delivery"
    assert not any(made.secret in str(entries) for made in repositories.values())


def test_another_organisations_repository_tells_nothing_here(
    send: Send, bob: Actor, mallory: Actor, heist: ProjectView
) -> None:
    send("github", "push")
    key = issues.create_issue(project="payments", title="Hers", by=mallory, at=NOW).key
    retests.follow_mentions(at=NOW)

    assert queries.list_commits(actor=mallory) == []
    assert retest_queries.retest(actor=mallory, key=key).fixes == []
