"""Releases, deploys, commits and checks, as people and scripts tell of them, and as events show them."""

from datetime import timedelta

import pytest
from msgspec import structs

from errata.apps.accounts.permissions import Forbidden
from errata.apps.projects import operations as projects
from errata.apps.releases import operations, queries
from errata.apps.releases.operations import ReleaseNotFound, ReleaseRefused, RepositoryNotFound
from errata.apps.releases.types import CommitIn
from tests.apps.facts import later
from tests.conftest import NOW
from tests.contracts.signals import event

A, B, C = "a" * 40, "b" * 40, "c" * 40


def line(*shas, **others):
    """Commits, each after the one before it."""
    return [
        CommitIn(sha=sha, message=f"Change {sha[:7]}", parents=[shas[number - 1]] if number else [], **others)
        for number, sha in enumerate(shas)
    ]


def test_a_release_is_told_once_and_gains_what_is_told_later(payments, bob):
    operations.create_release(version="shop@1.2.0", by=bob, at=NOW)
    told = operations.create_release(
        version=" shop@1.2.0 ", project_slugs=["payments"], released_at=NOW, url="https://x.example", by=bob, at=later()
    )

    assert (told.version, told.projects, told.released_at, told.created_at) == ("shop@1.2.0", ["payments"], NOW, NOW)
    assert [one.version for one in queries.list_releases(actor=bob).items] == ["shop@1.2.0"]


@pytest.mark.parametrize("version", ["", "x" * 201, "a\nb"])
def test_a_text_that_is_no_version_is_refused(bob, version):
    with pytest.raises(ReleaseRefused):
        operations.create_release(version=version, by=bob, at=NOW)


def test_a_release_has_its_commits_and_the_last_release_is_where_they_begin(payments, bob):
    operations.set_commits(version="shop@1.0.0", repository="shop/web", commits=line(A), by=bob, at=NOW)
    operations.set_commits(version="shop@1.1.0", repository="shop/web", commits=line(A, B, C), by=bob, at=later())

    shown = queries.release(actor=bob, version="shop@1.1.0")

    assert {commit.sha for commit in shown.commits} == {B, C}
    assert shown.before == "shop@1.0.0"


def test_a_hash_may_be_told_short_first_and_whole_later(payments, bob):
    operations.tell_commits(repository="web", commits=[CommitIn(sha=A[:8])], landed=False, by=bob, at=NOW)
    operations.tell_commits(repository="web", commits=[CommitIn(sha=A, message="Whole")], landed=True, by=bob, at=NOW)

    assert [(one.sha, one.message, one.landed) for one in queries.list_commits(actor=bob)] == [(A, "Whole", True)]


@pytest.mark.parametrize("sha", ["", "main", "12345", "g" * 40, "a" * 65])
def test_what_is_no_hash_is_refused(bob, sha):
    with pytest.raises(ReleaseRefused):
        operations.tell_commits(repository="web", commits=[CommitIn(sha=sha)], landed=True, by=bob, at=NOW)


def test_a_revert_marks_what_it_takes_back(bob):
    operations.tell_commits(repository="web", commits=line(A), landed=True, by=bob, at=NOW)
    revert = CommitIn(sha=B, message=f"Revert it\n\nThis reverts commit {A}.", parents=[A])
    operations.tell_commits(repository="web", commits=[revert], landed=True, by=bob, at=NOW)

    assert queries.commit(actor=bob, sha=A[:7]).reverted_by == B


def test_a_deploy_says_what_runs_where(payments, bob):
    operations.create_deploy(version="shop@1.2.0", environment="production", by=bob, at=NOW)
    operations.create_deploy(version="shop@1.1.0", environment="production", deployed_at=later(days=-1), by=bob, at=NOW)

    runs = queries.runs(actor=bob, project=payments.id)

    assert [(run.version, run.deployed) for run in runs] == [("shop@1.1.0", True), ("shop@1.2.0", True)]
    with pytest.raises(ReleaseRefused):
        operations.create_deploy(version="x@1", environment="production", deployed_at=later(days=1), by=bob, at=NOW)
    with pytest.raises(ReleaseRefused):
        operations.create_deploy(version="x@1", environment=" ", by=bob, at=NOW)


def test_a_deploy_of_another_projects_release_is_not_this_ones(payments, bob, olga):
    projects.create_project(name="Billing", platform="python", key="BIL", by=olga, at=NOW)
    operations.create_release(version="billing@1.0.0", project_slugs=["billing"], by=bob, at=NOW)
    operations.create_deploy(version="billing@1.0.0", environment="production", by=bob, at=NOW)

    assert queries.runs(actor=bob, project=payments.id) == []


def test_the_newest_result_of_a_check_stands(bob):
    for hours, state in ((0, "failed"), (2, "passed"), (1, "failed")):
        operations.report_check(name="e2e", state=state, sha=A, checked_at=later(hours=hours), by=bob, at=NOW)

    [check] = queries.list_checks(actor=bob)
    assert (check.name, check.state, check.at) == ("e2e", "passed", later(hours=2))


@pytest.mark.parametrize(
    "wrong",
    [{"state": "purple"}, {"name": " "}, {"sha": "", "version": ""}, {"version": "shop@1"}],
)
def test_a_check_that_does_not_say_what_it_checked_is_refused(bob, wrong):
    with pytest.raises(ReleaseRefused):
        operations.report_check(**{"name": "e2e", "state": "passed", "sha": A} | wrong, by=bob, at=NOW)


def test_releases_are_found_by_the_events_they_send(payments, events, bob):
    project = payments.id
    events.put(
        [
            event(1, project=project, at=later(hours=-2), release="shop@1.0.0"),
            event(2, project=project, at=later(hours=-1), release="shop@1.1.0", environment="staging"),
            event(3, project=project, at=later(hours=-1), release=""),
        ],
        token="1",
    )

    assert operations.look_at_events(at=NOW) == 2
    assert operations.look_at_events(at=NOW + timedelta(seconds=15)) == 0
    found = {one.version: one for one in queries.list_releases(actor=bob).items}
    assert found.keys() == {"shop@1.0.0", "shop@1.1.0"}
    assert found["shop@1.0.0"].first_event_at == later(hours=-2)
    assert (found["shop@1.1.0"].projects, found["shop@1.1.0"].environments) == (["payments"], ["staging"])

    events.put([event(4, project=project, at=later(minutes=1), release="shop@1.1.0", environment="staging")], token="2")
    operations.look_at_events(at=later(minutes=2))
    assert queries.release_view(bob, "shop@1.1.0").last_event_at == later(minutes=1)


def test_what_changes_is_counted_so_that_who_judges_looks_again(bob):
    before = queries.newest_change()
    operations.create_release(version="shop@1.2.0", by=bob, at=NOW)

    assert queries.newest_change() == before + 1


def test_a_viewer_reads_releases_and_tells_of_none(payments, bob, carol):
    operations.create_release(version="shop@1.2.0", by=bob, at=NOW)

    assert queries.release(actor=carol, version="shop@1.2.0").release.version == "shop@1.2.0"
    for tell in (
        lambda: operations.create_release(version="x@1", by=carol, at=NOW),
        lambda: operations.create_deploy(version="x@1", environment="production", by=carol, at=NOW),
        lambda: operations.report_check(name="e2e", state="passed", sha=A, by=carol, at=NOW),
        lambda: operations.set_commits(version="x@1", repository="web", commits=line(A), by=carol, at=NOW),
        lambda: operations.create_repository(name="web", by=carol, at=NOW),
    ):
        with pytest.raises(Forbidden):
            tell()


def test_a_member_tells_of_releases_but_does_not_set_up_webhooks(bob, alice):
    with pytest.raises(Forbidden):
        operations.create_repository(name="shop/web", forge="github", by=bob, at=NOW)

    made = operations.create_repository(name="shop/web", forge="github", by=alice, at=NOW)
    assert made.secret
    assert made.secret not in str(queries.list_repositories(actor=alice))
    assert operations.renew_secret(which="shop/web", by=alice, at=NOW).secret != made.secret


def test_another_organisation_sees_nothing(payments, bob, mallory, heist):
    operations.set_commits(version="shop@1.2.0", repository="shop/web", commits=line(A), by=bob, at=NOW)
    operations.create_deploy(version="shop@1.2.0", environment="production", by=bob, at=NOW)
    operations.report_check(name="e2e", state="passed", sha=A, by=bob, at=NOW)

    assert queries.list_releases(actor=mallory).items == []
    assert queries.list_deploys(actor=mallory) == []
    assert queries.list_commits(actor=mallory) == []
    assert queries.list_checks(actor=mallory) == []
    assert queries.list_repositories(actor=mallory) == []
    assert queries.runs(actor=mallory, project=payments.id) == []
    assert queries.commit(actor=mallory, sha=A) is None
    assert queries.history(actor=mallory, repository="shop/web") == {}
    with pytest.raises(ReleaseNotFound):
        queries.release(actor=mallory, version="shop@1.2.0")
    # The same names again are hers alone.
    operations.set_commits(version="shop@1.2.0", repository="shop/web", commits=line(B), by=mallory, at=NOW)
    assert [one.sha for one in queries.list_commits(actor=bob)] == [A]


def test_lists_go_on_where_the_page_before_ended(bob):
    for number in range(5):
        operations.create_release(version=f"shop@1.{number}.0", by=bob, at=NOW)

    first = queries.list_releases(actor=bob, limit=3)
    rest = queries.list_releases(actor=bob, limit=3, cursor=first.next)

    assert [one.version for one in (*first.items, *rest.items)] == [f"shop@1.{n}.0" for n in (4, 3, 2, 1, 0)]
    assert rest.next is None


def test_a_revert_of_a_revert_is_the_fix_anew(bob):
    fix = CommitIn(sha=A, message="Round totals, fixes PAY-1")
    back = CommitIn(sha=B, message=f"Take it back\n\nThis reverts commit {A}.", parents=[A])
    anew = CommitIn(sha=C, message=f"And again\n\nThis reverts commit {B}.", parents=[B])
    for one in (fix, back, anew):
        operations.tell_commits(repository="web", commits=[one], landed=True, by=bob, at=NOW)

    said = [(one.issue_key, one.commit.sha, one.title) for one in queries.mentions_since(0)]

    assert said == [("PAY-1", A, "Round totals, fixes PAY-1"), ("PAY-1", C, "And again")]
    assert queries.commit(actor=bob, sha=C).reverted_by == ""


def test_a_check_told_by_a_short_hash_is_of_the_commit_that_is_told_later(bob):
    operations.report_check(name="e2e", state="failed", sha=A[:7], by=bob, at=NOW)
    operations.report_check(name="unit", state="passed", sha=A[:10], by=bob, at=NOW)

    operations.tell_commits(repository="web", commits=[CommitIn(sha=A)], landed=True, by=bob, at=NOW)

    assert {(one.name, one.state, one.sha) for one in queries.list_checks(actor=bob)} == {
        ("e2e", "failed", A), ("unit", "passed", A),
    }  # fmt: skip


def test_a_check_of_a_commit_that_was_first_known_short_stays_its_own(bob):
    operations.tell_commits(repository="web", commits=[CommitIn(sha=A[:8])], landed=False, by=bob, at=NOW)
    operations.report_check(name="e2e", state="failed", sha=A[:8], repository="web", by=bob, at=NOW)

    operations.tell_commits(repository="web", commits=[CommitIn(sha=A)], landed=True, by=bob, at=NOW)

    [check] = queries.list_checks(actor=bob)
    assert (check.state, check.sha, check.repository) == ("failed", A, "web")


@pytest.mark.parametrize(("first", "second"), [("failed", "passed"), ("passed", "failed")])
def test_of_a_check_told_by_two_hashes_of_one_commit_the_newest_result_stands(bob, first, second):
    operations.report_check(name="e2e", state=first, sha=A[:7], by=bob, at=NOW)
    operations.report_check(name="e2e", state=second, sha=A, by=bob, at=later(minutes=1))

    operations.tell_commits(repository="web", commits=[CommitIn(sha=A)], landed=True, by=bob, at=later(minutes=2))

    assert [(one.sha, one.state) for one in queries.list_checks(actor=bob)] == [(A, second)]


def test_a_check_of_another_repository_is_not_drawn_in_by_its_short_hash(bob):
    operations.tell_commits(repository="till", commits=[CommitIn(sha=B)], landed=True, by=bob, at=NOW)
    operations.report_check(name="e2e", state="failed", sha=A[:7], repository="till", by=bob, at=NOW)

    operations.tell_commits(repository="web", commits=[CommitIn(sha=A)], landed=True, by=bob, at=NOW)

    assert [one.sha for one in queries.list_checks(actor=bob)] == [A[:7]]


def test_a_repository_named_by_a_number_is_not_taken_for_the_one_of_that_number(alice):
    first = operations.create_repository(name="shop/web", by=alice, at=NOW).repository
    operations.tell_commits(repository=str(first.id), commits=line(A), landed=True, by=alice, at=NOW)
    named = next(one for one in queries.list_repositories(actor=alice) if one.id != first.id)

    assert [one.repository for one in queries.list_commits(actor=alice)] == [named.name] == [str(first.id)]
    assert operations.renew_secret(which=first.id, by=alice, at=NOW).repository.name == "shop/web"
    assert operations.renew_secret(which=str(first.id), by=alice, at=NOW).repository.id == named.id
    operations.delete_repository(which=first.id, by=alice, at=NOW)

    assert [one.name for one in queries.list_repositories(actor=alice)] == [named.name]
    with pytest.raises(RepositoryNotFound):
        operations.delete_repository(which=first.id, by=alice, at=NOW)


def test_a_releases_commits_are_the_newest_first_and_as_many_as_a_page_holds(payments, bob, monkeypatch):
    monkeypatch.setattr(queries, "_COMMITS_SHOWN", 3)
    # Hashes in another order than the times.
    told = [CommitIn(sha=f"{number * 7 % 10}{number}" * 20, at=later(hours=number)) for number in range(8)]
    parents = ["", *(one.sha for one in told)]
    commits = [
        structs.replace(one, parents=[before] if before else []) for one, before in zip(told, parents, strict=False)
    ]

    operations.set_commits(version="shop@1.0.0", repository="web", commits=commits, by=bob, at=later(hours=9))

    shown = queries.release(actor=bob, version="shop@1.0.0").commits
    assert [one.sha for one in shown] == [one.sha for one in reversed(told)][:3]
