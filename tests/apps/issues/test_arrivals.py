"""What events do to issues."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.apps.audit import queries as audit
from errata.apps.issues import operations, queries
from errata.apps.issues.operations import apply_events
from errata.apps.projects import operations as projects
from errata.apps.projects import queries as project_queries
from errata.apps.records import write
from tests.apps.facts import delta, later
from tests.conftest import NOW


def arrive(*deltas, at=NOW):
    with write():
        return apply_events(deltas, at=at)


def close(key, by, *, at):
    operations.transition_issue(key=key, to="dismiss", reason="no longer relevant", by=by, at=at)


def fix(key, by, *, at):
    operations.assign_issue(key=key, to=by.email, by=by, at=at)
    operations.transition_issue(key=key, to="Retest", by=by, at=at)
    operations.transition_issue(key=key, to="Fixed", override="Seen on the till", by=by, at=at)


def test_a_new_fingerprint_opens_an_issue_with_the_next_number(payments, bob):
    done = arrive(delta(payments, 1), delta(payments, 2, title="KeyError: 'plan'"))

    assert [opened.key for opened in done.opened] == ["PAY-1", "PAY-2"]
    shown = queries.issue(actor=bob, key="PAY-2")
    assert (shown.row.title, shown.row.stage, shown.row.type) == ("KeyError: 'plan'", "New", "Error")
    assert (shown.row.priority, shown.row.severity) == ("Medium", "Major")
    assert (shown.row.count, shown.row.groups) == (1, [2])


def test_counts_times_and_releases_add_up_exactly(payments, bob):
    arrive(delta(payments, count=3, first=later(hours=-2), last=later(hours=-1), release="1.0"))
    arrive(delta(payments, count=2**40, first=later(hours=-3), last=NOW, release="1.1"))
    arrive(delta(payments, count=1, last=later(hours=-5), release="0.9"))

    row = queries.issue(actor=bob, key="PAY-1").row
    assert row.count == 2**40 + 4
    assert (row.first_seen, row.last_seen) == (later(hours=-5), NOW)
    assert row.last_release == "1.1"


def test_a_user_counts_once(payments, bob):
    arrive(delta(payments, users=["id:1", "id:2"]))
    arrive(delta(payments, users=["id:2", "id:3"]))

    assert queries.issue(actor=bob, key="PAY-1").row.users == 3


def test_a_user_of_two_groups_of_one_issue_counts_once(payments, bob):
    arrive(delta(payments, 1, users=["id:1", "id:2"]), delta(payments, 2, users=["id:2"]))
    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)

    arrive(delta(payments, 2, users=["id:2", "id:3"]))

    row = queries.issue(actor=bob, key="PAY-1").row
    assert (row.users, row.count) == (3, 3)


def test_an_explanation_is_asked_for_new_groups_only(payments, bob):
    arrive(delta(payments, explanation=b'{"because": "frames"}'))
    arrive(delta(payments, explanation=b"never read"))

    [group] = queries.groups(actor=bob, key="PAY-1")
    assert group.explanation == {"because": "frames"}


@pytest.mark.parametrize("ending", [fix, close])
def test_an_event_after_the_end_sends_the_issue_to_revise_with_the_evidence(payments, bob, ending):
    arrive(delta(payments))
    ending("PAY-1", bob, at=later(hours=1))

    done = arrive(delta(payments, last=later(hours=2), event_id="f" * 32, release="2.0"), at=later(hours=2))

    assert [regressed.key for regressed in done.regressed] == ["PAY-1"]
    row = queries.issue(actor=bob, key="PAY-1").row
    assert (row.stage, row.category, row.regressed, row.regressed_at) == ("Revise", "active", True, later(hours=2))
    [newest, *_] = queries.activity(actor=bob, key="PAY-1")
    assert newest.kind == "regressed"
    assert newest.evidence["event_id"] == "f" * 32
    assert newest.evidence["release"] == "2.0"


def fixed_in(key, by, *carriers, without=(), at=NOW):
    fix(key, by, at=at)
    issue_id = queries.issue(actor=by, key=key).row.id
    with write():
        operations.note_proof(issue_id, needed=["silent"], held=["silent"], carriers=carriers, without=without, at=at)


@pytest.mark.parametrize("release", ["shop@1.2.9", "shop@1.3.0-rc.1", "cafe123"])
def test_an_event_of_a_release_older_than_the_fix_counts_but_does_not_reopen(payments, bob, release):
    arrive(delta(payments))
    fixed_in("PAY-1", bob, "shop@1.3.0", without=["cafe123"])

    for hour in (1, 2):
        arrive(delta(payments, last=later(hours=hour), release=release, event_id="f" * 32), at=later(hours=hour))

    row = queries.issue(actor=bob, key="PAY-1").row
    assert (row.stage, row.count, row.regressed) == ("Fixed", 3, False)
    told = [one for one in queries.activity(actor=bob, key="PAY-1") if one.kind == "spared"]
    assert len(told) == 1  # once for each release, however many events it sends
    assert told[0].evidence["fixed_in"] == ["shop@1.3.0"]
    assert (told[0].evidence["releases"], told[0].evidence["event_id"]) == ([release], "f" * 32)


@pytest.mark.parametrize("release", ["shop@1.3.0", "shop@1.4.0", "", "beef456", "billing@0.1.0"])
def test_an_event_of_a_release_that_may_have_the_fix_reopens(payments, bob, release):
    arrive(delta(payments))
    fixed_in("PAY-1", bob, "shop@1.3.0", without=["cafe123"])

    arrive(delta(payments, last=later(hours=1), release=release), at=later(hours=1))

    assert queries.issue(actor=bob, key="PAY-1").row.stage == "Revise"


def test_one_event_of_the_fixed_release_among_older_ones_is_enough_to_reopen(payments, bob):
    arrive(delta(payments))
    fixed_in("PAY-1", bob, "shop@1.3.0")
    mixed = delta(payments, count=3, last=later(hours=1), release="shop@1.2.9", releases={"shop@1.2.9", "shop@1.3.0"})

    arrive(mixed, at=later(hours=1))

    assert queries.issue(actor=bob, key="PAY-1").row.stage == "Revise"


def test_a_late_event_from_before_the_fix_is_no_regression(payments, bob):
    arrive(delta(payments))
    fix("PAY-1", bob, at=later(hours=1))

    done = arrive(delta(payments, last=later(minutes=30)), at=later(hours=2))

    assert not done.regressed
    row = queries.issue(actor=bob, key="PAY-1").row
    assert (row.stage, row.count) == ("Fixed", 2)


def test_what_was_closed_for_good_stays_closed(payments, bob):
    arrive(delta(payments))
    operations.transition_issue(key="PAY-1", to="Closed", reason="won't fix", by=bob, at=later(hours=1))

    arrive(delta(payments, last=later(hours=2)), at=later(hours=2))

    assert queries.issue(actor=bob, key="PAY-1").row.stage == "Closed"


def test_openings_and_regressions_are_audited_counts_are_not(payments, bob, alice):
    arrive(delta(payments))
    fix("PAY-1", bob, at=later(hours=1))
    arrive(delta(payments, last=later(hours=2)), at=later(hours=2))
    arrive(delta(payments, last=later(hours=3)), at=later(hours=3))

    entries = audit.list_entries(actor=alice, target="PAY-1").items
    by_system = [entry.action for entry in entries if entry.actor_kind == "system"]
    assert by_system == ["issue.regressed", "issue.created"]
    assert audit.verify().ok


def test_groups_of_a_deleted_project_are_left_out_and_said(payments, olga):
    projects.delete_project(which="payments", by=olga, at=NOW)

    done = arrive(delta(payments))

    assert (done.orphaned, done.opened) == (1, [])


def test_the_same_fingerprint_in_two_projects_is_two_issues(payments, heist, bob, mallory):
    arrive(delta(payments, 7), delta(heist, 7, title="Theirs"))
    arrive(delta(heist, 7, count=5))

    assert queries.issue(actor=bob, key="PAY-1").row.count == 1
    assert queries.issue(actor=mallory, key="PAY-1").row.count == 6


def test_the_first_event_of_a_project_is_remembered(payments, bob):
    arrive(delta(payments), at=NOW)
    arrive(delta(payments), at=later(hours=1))

    assert project_queries.project(actor=bob, which="payments").first_event_at == NOW


def test_a_nul_in_what_a_client_sent_does_no_harm(payments, bob):
    arrive(delta(payments, title="bad\0title", culprit="a\0b", release="1\0"))

    assert queries.issue(actor=bob, key="PAY-1").row.title == "badtitle"


@pytest.mark.parametrize("size", [1, 200])
def test_a_batch_costs_the_same_statements_whatever_its_size(payments, size):
    arrive(*(delta(payments, number, users=["id:1"]) for number in range(size)))

    with CaptureQueriesContext(connection) as captured:
        arrive(*(delta(payments, number, users=["id:2"], last=later(hours=1)) for number in range(size)))

    assert len(captured) <= 14
