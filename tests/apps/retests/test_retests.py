"""An issue in retest: what moves it to Fixed or to Revise by itself, with what evidence."""

from datetime import timedelta

import pytest

from errata.apps.accounts.permissions import Forbidden
from errata.apps.audit import queries as audit
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.projects import operations as projects
from errata.apps.projects.types import IntakeCountRow
from errata.apps.records import write
from errata.apps.releases import operations as releases
from errata.apps.releases import queries as release_queries
from errata.apps.releases.operations import ReleaseRefused
from errata.apps.releases.types import CommitIn
from errata.apps.retests import operations, queries
from errata.apps.retests.operations import FixNotFound, FixRefused
from errata.core.errors import Refusal
from errata.core.workflow import TransitionRefused
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, look, report
from tests.conftest import NOW
from tests.contracts.signals import event

A, B, C = "a" * 40, "b" * 40, "c" * 40
OLD, NEW = "shop@1.2.0", "shop@1.3.0"


def happen(project, events, *times, release=OLD, environment="production", start=1):
    """Let PAY-1 happen: in the event store and in the records."""
    for number, at in enumerate(times, start):
        one = event(number, project=project.id, at=at, release=release, environment=environment)
        events.put([one], token=f"{number}")
        arrive(delta(project, last=at, release=release, environment=environment, event_id=one.event_id), at=at)


def often(project, events, *, until=NOW, per_day=12, days=14):
    """A fortnight of it, evenly."""
    step = timedelta(days=1) / per_day
    times = [until - step * number for number in range(per_day * days, 0, -1)]
    signals = [event(n, project=project.id, at=at, release=OLD) for n, at in enumerate(times, 1_000)]
    events.put(signals, token="often")
    arrive(delta(project, count=len(times), first=times[0], last=times[-1], release=OLD), at=times[-1])


def to_retest(bob, *, at=NOW):
    issues.assign_issue(key="PAY-1", to="me", by=bob, at=at)
    issues.transition_issue(key="PAY-1", to="Retest", by=bob, at=at)


def commit(bob, sha, message, *, parent="", at=NOW, repository="shop/web", email="bob@shop.example"):
    told = CommitIn(
        sha=sha, message=message, parents=[parent] if parent else [], at=at, author_name="Bob", author_email=email
    )
    releases.tell_commits(repository=repository, commits=[told], landed=True, by=bob, at=at)


def release(bob, version, *shas, at=NOW, deploy=True, environment="production", repository="shop/web"):
    commits = [CommitIn(sha=sha) for sha in shas]
    releases.set_commits(version=version, repository=repository, commits=commits, by=bob, at=at)
    if deploy:
        releases.create_deploy(version=version, environment=environment, by=bob, at=at)


def proofs(bob):
    verdict = queries.retest(actor=bob, key="PAY-1").verdict
    assert verdict is not None
    return {proof.name: proof.state for proof in verdict.proofs}


def evidence(bob):
    """Of the newest move."""
    return next(one for one in issue_queries.activity(actor=bob, key="PAY-1") if one.kind == "stage")


@pytest.fixture
def fixed(payments, events, bob):
    """PAY-1, often met in the old release, in retest with a commit of the new one as its fix."""
    often(payments, events)
    commit(bob, A, "The shop as it was", at=later(days=-30))
    release(bob, OLD, A, at=later(days=-20))
    issues.assign_issue(key="PAY-1", to="me", by=bob, at=NOW)
    commit(bob, B, "Round totals, fixes PAY-1", parent=A)
    operations.follow_mentions(at=NOW)
    return payments


def test_a_commit_that_fixes_an_issue_is_linked_and_sends_it_to_its_retest(fixed, bob):
    assert look("PAY-1", bob).stage == "Retest"
    [link] = queries.retest(actor=bob, key="PAY-1").fixes
    assert (link.kind, link.name, link.title) == ("commit", B[:7], "Round totals, fixes PAY-1")
    move = evidence(bob)
    assert (move.actor_kind, move.evidence["commit"]) == ("system", B)
    assert not operations.follow_mentions(at=NOW)  # once


def test_a_fix_that_runs_and_stays_silent_is_fixed_by_itself_with_the_evidence(fixed, bob):
    operations.watch(at=NOW)
    assert proofs(bob) == {"released": "wait", "checked": "none", "silent": "wait"}

    release(bob, NEW, B, at=later(hours=1))
    operations.watch(at=later(hours=2))
    assert proofs(bob) == {"released": "pass", "checked": "none", "silent": "wait"}
    verdict = queries.retest(actor=bob, key="PAY-1").verdict
    assert verdict.ready_at is not None
    assert "more at this rate" in verdict.words

    operations.watch(at=verdict.ready_at + timedelta(minutes=1))

    assert look("PAY-1", bob).stage == "Fixed"
    move = evidence(bob)
    assert (move.actor_kind, move.after["stage"], move.evidence["outcome"]) == ("system", "Fixed", "pass")
    assert move.evidence["fixed_in"] == [NEW]
    assert {proof["name"] for proof in move.evidence["proofs"]} == {"released", "silent"}
    assert audit.verify().ok


def test_an_event_of_the_release_with_the_fix_sends_it_back_with_the_event(fixed, events, bob):
    release(bob, NEW, B, at=later(hours=1))
    operations.watch(at=later(hours=2))

    happen(fixed, events, later(hours=3), release=NEW)
    operations.watch(at=later(hours=3, seconds=2))

    assert look("PAY-1", bob).stage == "Revise"
    move = evidence(bob)
    assert move.evidence["outcome"] == "fail"
    assert (move.evidence["event_id"], move.evidence["release"]) == (event(1).event_id, NEW)
    assert "happened again" in move.evidence["words"]


def test_an_event_of_the_old_release_is_not_held_against_the_fix(fixed, events, bob):
    release(bob, NEW, B, at=later(hours=1))
    happen(fixed, events, later(hours=3), release=OLD)

    operations.watch(at=later(hours=4))

    assert look("PAY-1", bob).stage == "Retest"
    verdict = queries.retest(actor=bob, key="PAY-1").verdict
    assert verdict.proofs[2].numbers["ignored"] == {OLD: 1}


def test_after_fixed_an_event_of_the_old_release_does_not_reopen_but_one_of_the_new_does(fixed, events, bob):
    release(bob, NEW, B, at=later(hours=1))
    operations.watch(at=later(days=3))
    assert look("PAY-1", bob).stage == "Fixed"

    happen(fixed, events, later(days=4), release=OLD)
    assert look("PAY-1", bob).stage == "Fixed"
    happen(fixed, events, later(days=5), release=NEW, start=7)
    assert look("PAY-1", bob).stage == "Revise"


def test_a_red_check_on_the_fix_sends_it_back(fixed, bob):
    releases.report_check(name="e2e", state="failed", sha=B, repository="shop/web", by=bob, at=NOW)

    operations.watch(at=later(minutes=1))

    assert look("PAY-1", bob).stage == "Revise"
    assert "e2e" in evidence(bob).evidence["words"]


def test_a_check_on_a_later_commit_counts_and_the_newest_stands(fixed, bob):
    releases.report_check(name="e2e", state="pending", sha=B, by=bob, at=NOW)
    operations.watch(at=later(minutes=1))
    assert proofs(bob)["checked"] == "wait"

    commit(bob, C, "More", parent=B, at=later(minutes=2))
    releases.report_check(name="e2e", state="passed", sha=C, by=bob, at=later(minutes=3))
    operations.watch(at=later(minutes=4))

    assert proofs(bob)["checked"] == "pass"


def test_a_check_on_an_earlier_commit_says_nothing_of_the_fix(fixed, bob):
    releases.report_check(name="e2e", state="failed", sha=A, repository="shop/web", by=bob, at=NOW)

    operations.watch(at=later(minutes=1))

    assert look("PAY-1", bob).stage == "Retest"
    assert proofs(bob)["checked"] == "wait"  # its repository has checks, so one of the fix will come


def test_a_rollback_sends_it_back(fixed, bob):
    release(bob, NEW, B, at=later(hours=1))
    operations.watch(at=later(hours=2))

    releases.create_deploy(version=OLD, environment="production", by=bob, at=later(hours=3))
    operations.watch(at=later(hours=3, minutes=1))

    assert look("PAY-1", bob).stage == "Revise"
    assert NEW in evidence(bob).evidence["words"]


def test_a_revert_sends_it_back(fixed, bob):
    commit(bob, C, f"Revert it\n\nThis reverts commit {B}.", parent=B)

    operations.watch(at=later(minutes=1))

    assert look("PAY-1", bob).stage == "Revise"
    assert "taken back" in evidence(bob).evidence["words"]


def test_a_release_after_the_one_with_the_fix_has_it_by_its_version(fixed, bob):
    release(bob, NEW, B, at=later(hours=1), deploy=False)
    releases.create_deploy(version="shop@1.4.0", environment="production", by=bob, at=later(hours=2))

    operations.watch(at=later(hours=3))

    assert proofs(bob)["released"] == "pass"


def test_releases_seen_in_events_are_enough_where_nobody_tells_of_deploys(payments, events, bob):
    happen(payments, events, *(later(hours=-hour) for hour in range(300, 0, -3)), start=100)
    releases.look_at_events(at=NOW)
    to_retest(bob)
    operations.link_fix(key="PAY-1", release=NEW, by=bob, at=NOW)
    operations.watch(at=NOW)
    assert proofs(bob)["released"] == "wait"

    other = event(900, project=payments.id, at=later(hours=1), release=NEW, fingerprint=77)
    events.put([other], token="other")
    releases.look_at_events(at=later(hours=1))
    operations.watch(at=later(hours=2))

    assert proofs(bob)["released"] == "pass"


def test_without_any_link_silence_alone_decides(payments, events, bob):
    often(payments, events)
    to_retest(bob)

    operations.watch(at=later(hours=1))
    assert proofs(bob) == {"released": "none", "checked": "none", "silent": "wait"}
    operations.watch(at=later(days=2))

    assert look("PAY-1", bob).stage == "Fixed"


def test_silence_begins_anew_when_an_archived_project_is_back(payments, events, alice, bob):
    often(payments, events)
    to_retest(bob)
    projects.archive_project(which="payments", by=alice, at=later(minutes=1))
    projects.restore_project(which="payments", by=alice, at=later(days=2))
    projects.restore_project(which="payments", by=alice, at=later(days=3))  # changes nothing

    operations.watch(at=later(days=2, hours=1))
    assert look("PAY-1", bob).stage == "Retest"
    assert queries.retest(actor=bob, key="PAY-1").verdict.proofs[2].numbers["exposure_hours"] == 1
    operations.watch(at=later(days=4))

    assert look("PAY-1", bob).stage == "Fixed"


def test_how_often_it_came_before_an_archived_project_was_put_away_is_the_rate(payments, events, alice, bob):
    often(payments, events)
    to_retest(bob)
    projects.archive_project(which="payments", by=alice, at=later(minutes=1))
    projects.restore_project(which="payments", by=alice, at=later(days=30))

    operations.watch(at=later(days=30, hours=1))

    waits = queries.retest(actor=bob, key="PAY-1").verdict.proofs[2]
    assert waits.ready_at < later(days=32)


def test_what_nothing_can_prove_is_never_passed_by_itself(payments, events, bob):
    report("Refunds", bob)
    to_retest(bob)

    operations.watch(at=later(days=90))

    assert look("PAY-1", bob).stage == "Retest"
    assert queries.retest(actor=bob, key="PAY-1").verdict.needed == []


def test_a_link_asks_for_its_proof_before_anything_was_judged(payments, events, bob):
    report("Refunds", bob)
    to_retest(bob)
    operations.link_fix(key="PAY-1", check="e2e", by=bob, at=NOW)

    with pytest.raises(TransitionRefused) as refusal:
        issues.transition_issue(key="PAY-1", to="Fixed", by=bob, at=NOW)
    assert refusal.value.data["missing"] == ["checked"]
    releases.report_check(name="e2e", state="passed", version="web@1", by=bob, at=NOW)
    operations.watch(at=NOW)
    assert look("PAY-1", bob).stage == "Fixed"


def test_a_verdict_is_renewed_only_when_something_changed_or_time_went_by(fixed, bob):
    operations.watch(at=NOW)
    first = queries.retest(actor=bob, key="PAY-1").judged_at
    operations.watch(at=later(seconds=30))
    assert queries.retest(actor=bob, key="PAY-1").judged_at == first

    operations.watch(at=later(seconds=61))
    assert queries.retest(actor=bob, key="PAY-1").judged_at == later(seconds=61)

    release(bob, NEW, B, at=later(seconds=62))
    operations.watch(at=later(seconds=63))
    assert queries.retest(actor=bob, key="PAY-1").judged_at == later(seconds=63)


def test_open_pages_hear_of_another_reason_to_wait_and_not_of_time(fixed, bob):
    operations.watch(at=NOW)
    before = look("PAY-1", bob).seq
    operations.watch(at=later(minutes=2))
    assert look("PAY-1", bob).seq == before

    release(bob, "shop@1.2.1", A, at=later(minutes=3))
    operations.watch(at=later(minutes=4))

    assert proofs(bob)["released"] == "wait"
    assert look("PAY-1", bob).seq > before


def test_a_new_issue_goes_to_its_retest_through_the_hands_of_the_author(payments, events, bob):
    often(payments, events)
    commit(bob, B, "fixes PAY-1")

    operations.follow_mentions(at=NOW)

    row = look("PAY-1", bob)
    assert (row.stage, row.assignee.email) == ("Retest", "bob@shop.example")


def test_a_strangers_fix_of_a_new_issue_is_linked_and_left_to_a_person(payments, events, bob):
    often(payments, events)
    commit(bob, B, "fixes PAY-1, fixes PAY-99, fixes NOPE-1", email="stranger@example.org")

    operations.follow_mentions(at=NOW)

    assert look("PAY-1", bob).stage == "New"
    assert [fix.name for fix in queries.retest(actor=bob, key="PAY-1").fixes] == [B[:7]]


def test_links_are_made_and_taken_away_by_hand(payments, bob):
    report("Refunds", bob)
    with pytest.raises(FixRefused):
        operations.link_fix(key="PAY-1", commit=B, by=bob, at=NOW)
    with pytest.raises(FixRefused):
        operations.link_fix(key="PAY-1", by=bob, at=NOW)
    operations.link_fix(key="PAY-1", commit=B, repository="shop/web", by=bob, at=NOW)
    operations.link_fix(key="PAY-1", commit=B, repository="shop/web", by=bob, at=NOW)

    [link] = queries.retest(actor=bob, key="PAY-1").fixes
    operations.unlink_fix(key="PAY-1", link_id=link.id, by=bob, at=NOW)

    assert queries.retest(actor=bob, key="PAY-1").fixes == []
    with pytest.raises(FixNotFound):
        operations.unlink_fix(key="PAY-1", link_id=link.id, by=bob, at=NOW)


def test_who_may_not_write_issues_links_nothing(payments, bob, carol):
    report("Refunds", bob)

    with pytest.raises(Forbidden):
        operations.link_fix(key="PAY-1", check="e2e", by=carol, at=NOW)
    assert queries.retest(actor=carol, key="PAY-1").fixes == []


def test_another_organisations_commits_fix_nothing_here(fixed, events, bob, mallory, heist):
    commit(mallory, C, "fixes PAY-1", repository="rival/web")
    operations.follow_mentions(at=NOW)

    assert [fix.name for fix in queries.retest(actor=bob, key="PAY-1").fixes] == [B[:7]]
    with pytest.raises(issues.IssueNotFound):
        queries.retest(actor=mallory, key="PAY-1")


def test_what_a_release_began_and_fixed_is_listed(fixed, bob):
    release(bob, NEW, B, at=later(hours=1))

    new, old = (release_queries.release(actor=bob, version=version) for version in (NEW, OLD))
    assert queries.issues_of_release(actor=bob, detail=new) == ([], ["PAY-1"])
    assert queries.issues_of_release(actor=bob, detail=old) == (["PAY-1"], [])


def test_traffic_that_went_away_makes_the_wait_longer(payments, events, bob):
    often(payments, events)
    to_retest(bob)
    hours = [(later(hours=-hour), 1_000) for hour in range(1, 300)] + [(later(hours=hour), 100) for hour in range(48)]
    with write():
        projects.record_intake_counts(
            [IntakeCountRow(payments.id, 1, at, "accepted", "transaction", "", many) for at, many in hours]
        )

    operations.watch(at=later(days=1))

    assert look("PAY-1", bob).stage == "Retest"
    numbers = queries.retest(actor=bob, key="PAY-1").verdict.proofs[2].numbers
    assert 0.05 < numbers["traffic"] < 0.2


def test_a_release_whose_commits_name_their_parents_by_short_hashes_has_the_fix(fixed, bob):
    commit(bob, C, "More", parent=B[:7], at=later(minutes=30))
    release(bob, NEW, C, at=later(hours=1))

    operations.watch(at=later(hours=2))

    assert proofs(bob)["released"] == "pass"


def test_a_revert_of_the_revert_carries_the_fix_again(fixed, bob):
    back, anew = C, "d" * 40
    commit(bob, back, f"Take it back\n\nThis reverts commit {B}.", parent=B)
    operations.watch(at=later(minutes=1))
    assert look("PAY-1", bob).stage == "Revise"

    commit(bob, anew, f"And again\n\nThis reverts commit {back}.", parent=back, at=later(minutes=2))
    operations.follow_mentions(at=later(minutes=2))
    assert look("PAY-1", bob).stage == "Retest"
    release(bob, NEW, anew, at=later(hours=1))
    operations.watch(at=later(hours=2))

    assert proofs(bob) == {"released": "pass", "checked": "none", "silent": "wait"}
    fixes = {fix.name: fix.reverted_by for fix in queries.retest(actor=bob, key="PAY-1").fixes}
    assert fixes == {B[:7]: back[:7], anew[:7]: ""}


@pytest.mark.parametrize("kept", [True, False])
def test_a_revert_of_the_revert_of_a_fix_that_was_linked_by_hand_is_the_fix_again(payments, bob, kept):
    back, anew = C, "d" * 40
    report("Refunds", bob)
    commit(bob, B, "Round totals")
    operations.link_fix(key="PAY-1", commit=B, repository="shop/web", by=bob, at=NOW)
    [link] = queries.retest(actor=bob, key="PAY-1").fixes
    if not kept:
        operations.unlink_fix(key="PAY-1", link_id=link.id, by=bob, at=NOW)
    commit(bob, back, f"Take it back\n\nThis reverts commit {B}.", parent=B)
    commit(bob, anew, f"And again\n\nThis reverts commit {back}.", parent=back)

    operations.follow_mentions(at=later(minutes=1))

    fixes = {fix.name: fix.reverted_by for fix in queries.retest(actor=bob, key="PAY-1").fixes}
    assert fixes == ({B[:7]: back[:7], anew[:7]: ""} if kept else {})


def test_a_commit_whose_message_names_the_issue_is_not_linked_again_once_its_link_is_taken_away(fixed, bob):
    [link] = queries.retest(actor=bob, key="PAY-1").fixes
    operations.unlink_fix(key="PAY-1", link_id=link.id, by=bob, at=NOW)

    commit(bob, B, "Round totals, fixes PAY-1", parent=A)
    operations.follow_mentions(at=later(minutes=1))

    assert queries.retest(actor=bob, key="PAY-1").fixes == []


def test_a_red_check_counts_by_whatever_hash_it_was_told(payments, events, bob):
    often(payments, events)
    issues.assign_issue(key="PAY-1", to="me", by=bob, at=NOW)
    releases.report_check(name="e2e", state="failed", sha=B[:7], repository="shop/web", by=bob, at=NOW)
    commit(bob, B, "Round totals, fixes PAY-1", at=NOW)
    operations.follow_mentions(at=NOW)

    operations.watch(at=later(minutes=1))

    assert look("PAY-1", bob).stage == "Revise"
    assert "e2e" in evidence(bob).evidence["words"]


def test_a_red_check_of_a_commit_that_was_linked_by_a_short_hash_counts(payments, events, bob):
    often(payments, events)
    to_retest(bob)
    operations.link_fix(key="PAY-1", commit=B[:7], repository="shop/web", by=bob, at=NOW)
    releases.report_check(name="e2e", state="failed", sha=B[:7], repository="shop/web", by=bob, at=NOW)
    commit(bob, B, "Round totals")

    operations.watch(at=later(minutes=1))

    assert look("PAY-1", bob).stage == "Revise"


def test_an_author_whose_address_is_a_number_is_nobody(payments, events, alice, bob):
    often(payments, events)
    for sha, email in ((A, "9" * 30), (B, str(alice.user_id)), (C, "me")):
        commit(bob, sha, "fixes PAY-1", email=email)

    operations.follow_mentions(at=NOW)

    row = look("PAY-1", bob)
    assert (row.stage, row.assignee) == ("New", None)
    assert len(queries.retest(actor=bob, key="PAY-1").fixes) == 3


@pytest.mark.parametrize("meanwhile", ["linked", "unlinked"])
def test_a_verdict_on_other_links_than_there_are_now_is_not_written(payments, events, bob, monkeypatch, meanwhile):
    often(payments, events)
    to_retest(bob)
    if meanwhile == "unlinked":
        operations.link_fix(key="PAY-1", check="e2e", by=bob, at=NOW)
        releases.report_check(name="e2e", state="passed", version="web@1", by=bob, at=NOW)
    due, gather = later(days=2), operations.gather

    def gather_while_links_change(*given, **named):
        gathered = gather(*given, **named)
        if meanwhile == "linked":
            operations.link_fix(key="PAY-1", check="e2e", by=bob, at=due)
        else:
            [link] = queries.retest(actor=bob, key="PAY-1").fixes
            operations.unlink_fix(key="PAY-1", link_id=link.id, by=bob, at=due)
        return gathered

    with monkeypatch.context() as patched:
        patched.setattr(operations, "gather", gather_while_links_change)
        operations.watch(at=due)
    assert look("PAY-1", bob).stage == "Retest"
    assert queries.retest(actor=bob, key="PAY-1").verdict is None

    operations.watch(at=due)

    if meanwhile == "linked":
        assert proofs(bob)["checked"] == "wait"
    else:
        assert look("PAY-1", bob).stage == "Fixed"
        assert [proof["name"] for proof in evidence(bob).evidence["proofs"]] == ["silent"]


@pytest.mark.parametrize("nothing", [{"commit": " "}, {"commit": "a"}, {"commit": "\0"}, {"check": " "}, {}])
def test_what_names_nothing_is_not_linked(payments, bob, nothing):
    report("Refunds", bob)
    commit(bob, A, "The oldest of all")

    with pytest.raises((FixRefused, ReleaseRefused)):
        operations.link_fix(key="PAY-1", **nothing, by=bob, at=NOW)

    assert queries.retest(actor=bob, key="PAY-1").fixes == []


def refuse_for(monkeypatch, place, name, key):
    """Let a function refuse what it is asked for one issue, and do as ever for the others."""
    real = getattr(place, name)

    def refusing(*given, **named):
        if named.get("key") == key or (given and getattr(given[-1], "key", "") == key):
            raise Refusal(f"Not {key}.")
        return real(*given, **named)

    monkeypatch.setattr(place, name, refusing)


@pytest.fixture
def two(payments, events, bob):
    """PAY-1 and PAY-2, which were often met, in Bob's hands."""
    often(payments, events)
    arrive(delta(payments, 2, count=1_000, first=later(days=-14), last=NOW))
    for key in ("PAY-1", "PAY-2"):
        issues.assign_issue(key=key, to="me", by=bob, at=NOW)


def test_an_issue_that_cannot_be_judged_keeps_no_other_waiting(two, bob, monkeypatch):
    for key in ("PAY-1", "PAY-2"):
        issues.transition_issue(key=key, to="Retest", by=bob, at=NOW)
    refuse_for(monkeypatch, operations, "gather", "PAY-1")
    monkeypatch.setattr(operations, "SLICE", 1)  # of which it takes no place

    assert operations.watch(at=later(hours=1)) is False  # and the duty rests

    assert queries.retest(actor=bob, key="PAY-1").verdict is None
    assert queries.retest(actor=bob, key="PAY-2").verdict.outcome == "wait"


def test_a_slice_of_issues_is_judged_at_once(two, bob, monkeypatch):
    for key in ("PAY-1", "PAY-2"):
        issues.transition_issue(key=key, to="Retest", by=bob, at=NOW)
    monkeypatch.setattr(operations, "SLICE", 1)

    assert [operations.watch(at=NOW) for _ in range(3)] == [True, False, False]
    assert all(queries.retest(actor=bob, key=key).verdict for key in ("PAY-1", "PAY-2"))


def test_a_verdict_stands_where_its_move_is_refused(two, bob, monkeypatch):
    for key in ("PAY-1", "PAY-2"):
        issues.transition_issue(key=key, to="Retest", by=bob, at=NOW)
    refuse_for(monkeypatch, issues, "transition_issue", "PAY-1")

    operations.watch(at=later(days=2))

    assert (look("PAY-1", bob).stage, look("PAY-2", bob).stage) == ("Retest", "Fixed")
    assert queries.retest(actor=bob, key="PAY-1").verdict.outcome == "pass"
    assert audit.verify().ok


@pytest.mark.parametrize(
    ("place", "name", "linked"), [(issues, "transition_issue", [B[:7]]), (issue_queries, "issue", [])]
)
def test_a_mention_that_cannot_be_followed_keeps_no_other_waiting(two, bob, monkeypatch, place, name, linked):
    commit(bob, B, "fixes PAY-1, PAY-2")
    with monkeypatch.context() as patched:
        refuse_for(patched, place, name, "PAY-1")
        operations.follow_mentions(at=NOW)

    assert (look("PAY-1", bob).stage, look("PAY-2", bob).stage) == ("Assigned", "Retest")
    assert [fix.name for fix in queries.retest(actor=bob, key="PAY-1").fixes] == linked
    assert operations.follow_mentions(at=NOW) is False
    assert look("PAY-1", bob).stage == "Assigned"  # it was looked at, and is left to a person
    assert audit.verify().ok
