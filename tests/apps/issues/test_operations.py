"""What people do to issues."""

import pytest

from errata.apps.accounts.queries import PersonNotFound
from errata.apps.audit import queries as audit
from errata.apps.issues import operations, queries
from errata.apps.issues.undoing import UndoRefused
from errata.apps.issues.vocabulary import FieldRefused
from errata.apps.projects import operations as projects
from errata.apps.records import write
from errata.core.workflow import TransitionRefused
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, kinds, look, report
from tests.conftest import NOW


def test_an_issue_reported_by_hand(payments, bob):
    key = report("Refunds are slow", bob, description="**very**", type="performance", priority="high", labels=["Money"])

    shown = queries.issue(actor=bob, key=key)
    assert (key, shown.row.source, shown.row.count) == ("PAY-1", "manual", 0)
    assert (shown.row.type, shown.row.priority, shown.row.severity) == ("Performance", "High", "Minor")
    assert (shown.description, [label.name for label in shown.row.labels]) == ("**very**", ["Money"])
    assert (shown.created_by.name, shown.watching) == ("Bob Builder", True)


def test_an_issue_reported_with_an_assignee_is_assigned(payments, bob, alice):
    key = report("Refunds", bob, assignee="alice@shop.example")

    assert (look(key, bob).stage, look(key, bob).assignee.name) == ("Assigned", "Alice Admin")


@pytest.mark.parametrize(
    "wrong",
    [{"title": " "}, {"title": "x" * 257}, {"type": "Bug"}, {"priority": "Urgent"}, {"severity": ""}, {"labels": [""]}],
)
def test_a_report_that_cannot_be_is_refused(payments, bob, wrong):
    with pytest.raises(FieldRefused):
        report(**{"title": "Refunds", "by": bob, **wrong})


def test_the_whole_way_of_an_issue(payments, bob, alice):
    arrive(delta(payments))

    operations.assign_issue(key="PAY-1", to="bob@shop.example", by=alice, at=NOW)
    assert look("PAY-1", bob).stage == "Assigned"
    operations.transition_issue(key="PAY-1", to="Retest", by=bob, at=NOW)
    with pytest.raises(TransitionRefused) as refusal:
        operations.transition_issue(key="PAY-1", to="Closed", by=alice, at=NOW)
    assert refusal.value.data["missing"] == ["reason"]
    operations.transition_issue(key="PAY-1", to="Revise", comment="Still there", by=alice, at=NOW)
    operations.transition_issue(key="PAY-1", to="retest", by=bob, at=NOW)
    with pytest.raises(TransitionRefused) as refusal:
        operations.transition_issue(key="PAY-1", to="Fixed", by=alice, at=NOW)
    assert refusal.value.data["missing"] == ["silent"]
    operations.transition_issue(key="PAY-1", to="Fixed", override="Seen on the till", by=alice, at=NOW)
    operations.transition_issue(key="pay-1", to="Closed", by=alice, at=NOW)

    row = look("PAY-1", bob)
    assert (row.stage, row.category, row.comments) == ("Closed", "closed", 1)
    assert kinds("PAY-1", bob) == [
        "created", "assignee", "stage", "stage", "commented", "stage", "stage", "stage", "stage",
    ]  # fmt: skip
    assert audit.verify().ok


def test_a_move_without_proof_says_who_answers_for_it_and_why(payments, bob, alice):
    arrive(delta(payments))
    operations.assign_issue(key="PAY-1", to="me", by=bob, at=NOW)
    operations.transition_issue(key="PAY-1", to="Retest", by=bob, at=NOW)

    operations.transition_issue(key="PAY-1", to="pass", comment="Seen on the till", by=alice, at=NOW)

    newest = queries.activity(actor=bob, key="PAY-1")[0]
    assert (newest.actor_name, newest.after["stage"]) == (alice.name, "Fixed")
    assert newest.evidence == {"override": "Seen on the till", "unproven": ["silent"]}
    entry = audit.list_entries(actor=alice).items[0]
    assert (entry.action, entry.actor_name) == ("issue.moved", alice.name)
    assert entry.after["evidence"]["override"] == "Seen on the till"


def test_what_no_event_raised_and_nothing_is_linked_to_needs_no_proof(payments, bob):
    report("Refunds", bob)
    operations.assign_issue(key="PAY-1", to="me", by=bob, at=NOW)
    operations.transition_issue(key="PAY-1", to="Retest", by=bob, at=NOW)

    operations.transition_issue(key="PAY-1", to="Fixed", by=bob, at=NOW)

    assert look("PAY-1", bob).stage == "Fixed"


def test_what_was_proven_in_an_earlier_retest_says_nothing_about_this_one(payments, bob):
    arrive(delta(payments))
    operations.assign_issue(key="PAY-1", to="me", by=bob, at=NOW)
    operations.transition_issue(key="PAY-1", to="Retest", by=bob, at=NOW)
    with write():
        operations.note_proof(look("PAY-1", bob).id, needed=["silent"], held=["silent"], at=NOW)
    operations.transition_issue(key="PAY-1", to="Revise", by=bob, at=later(hours=1))
    operations.transition_issue(key="PAY-1", to="Retest", by=bob, at=later(hours=2))

    with pytest.raises(TransitionRefused):
        operations.transition_issue(key="PAY-1", to="Fixed", by=bob, at=later(hours=3))
    with write():
        operations.note_proof(look("PAY-1", bob).id, needed=["silent"], held=["silent"], at=later(hours=3))
    operations.transition_issue(key="PAY-1", to="Fixed", by=bob, at=later(hours=3))


def test_a_refused_move_changes_nothing_and_posts_nothing(payments, bob):
    report("Refunds", bob)

    with pytest.raises(TransitionRefused):
        operations.transition_issue(key="PAY-1", to="Fixed", comment="done!", by=bob, at=NOW)

    assert (look("PAY-1", bob).stage, look("PAY-1", bob).comments) == ("New", 0)
    assert kinds("PAY-1", bob) == ["created"]


def test_a_move_to_where_it_is_changes_nothing(payments, bob):
    report("Refunds", bob)

    done = operations.transition_issue(key="PAY-1", to="New", by=bob, at=NOW)

    assert done.activities == []


def test_a_move_can_bring_its_assignee(payments, bob, alice):
    report("Refunds", bob)

    done = operations.transition_issue(key="PAY-1", to="Assigned", assignee="alice@shop.example", by=bob, at=NOW)

    assert look("PAY-1", bob).assignee.id == alice.user_id
    assert len(done.activities) == 2


def test_closing_without_a_fix_keeps_the_reason_and_reopening_clears_it(payments, bob):
    report("Refunds", bob)

    operations.transition_issue(key="PAY-1", to="Closed", reason="Won't fix", by=bob, at=NOW)
    assert look("PAY-1", bob).reason == "won't fix"
    operations.transition_issue(key="PAY-1", to="reopen", by=bob, at=NOW)
    assert (look("PAY-1", bob).reason, look("PAY-1", bob).stage) == ("", "Revise")


def test_who_loses_the_issue_leaves_it_new(payments, bob):
    report("Refunds", bob, assignee="me")

    operations.assign_issue(key="PAY-1", to=None, by=bob, at=NOW)

    assert (look("PAY-1", bob).stage, look("PAY-1", bob).assignee) == ("New", None)


def test_passing_an_issue_on_leaves_the_stage(payments, bob, alice):
    report("Refunds", bob, assignee="me")
    operations.transition_issue(key="PAY-1", to="Retest", by=bob, at=NOW)

    operations.assign_issue(key="PAY-1", to=alice.user_id, deputy="me", by=bob, at=NOW)

    row = look("PAY-1", bob)
    assert (row.stage, row.assignee.id, row.deputy.id) == ("Retest", alice.user_id, bob.user_id)


def test_an_issue_goes_to_members_alone(payments, bob, mallory, olga):
    report("Refunds", bob)

    for stranger in ("mallory@rival.example", mallory.user_id, "nobody@shop.example", "\0"):
        with pytest.raises(PersonNotFound):
            operations.assign_issue(key="PAY-1", to=stranger, by=bob, at=NOW)


def test_only_what_changes_is_told(payments, bob):
    report("Refunds", bob, labels=["a"])

    done = operations.update_issue(
        key="PAY-1", title="Refunds", priority="High", labels=["A", "b"], severity="Minor", by=bob, at=NOW
    )

    assert len(done.activities) == 2
    [labels, priority, _] = queries.activity(actor=bob, key="PAY-1")
    assert (priority.kind, priority.before, priority.after) == (
        "priority", {"priority": "Medium"}, {"priority": "High"},
    )  # fmt: skip
    assert (labels.before, labels.after) == ({"labels": ["a"]}, {"labels": ["a", "b"]})


def test_a_change_based_on_an_older_version_is_refused_with_the_newer_one(payments, bob, alice):
    report("Refunds", bob)
    seen = look("PAY-1", bob).version
    operations.update_issue(key="PAY-1", title="Refunds are slow", version=seen, by=alice, at=NOW)

    with pytest.raises(operations.ChangedMeanwhile) as refusal:
        operations.update_issue(key="PAY-1", title="Slow refunds", version=seen, by=bob, at=NOW)

    assert refusal.value.data["version"] == seen + 1


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"description": "Other"},
        {"type": "Cost"},
        {"priority": "High"},
        {"severity": "Critical"},
        {"labels": ["x", "y"]},
    ],
)
def test_every_field_can_be_taken_back(payments, bob, change):
    report("Refunds", bob, labels=["a"], description="So")
    before = queries.issue(actor=bob, key="PAY-1")
    done = operations.update_issue(key="PAY-1", by=bob, at=NOW, **change)

    operations.undo(activity_id=done.activities[0], by=bob, at=later(seconds=5))

    after = queries.issue(actor=bob, key="PAY-1")
    field = next(iter(change))
    assert [getattr(before, field, None) or getattr(before.row, field)] == [
        getattr(after, field, None) or getattr(after.row, field)
    ]
    [newest, *_] = queries.activity(actor=bob, key="PAY-1")
    assert (newest.kind, newest.reason) == (field, "Taken back.")


def test_an_assignment_is_taken_back_with_the_move_it_made(payments, bob, alice):
    report("Refunds", bob)
    done = operations.assign_issue(key="PAY-1", to=alice.user_id, by=bob, at=NOW)

    for activity in reversed(done.activities):
        operations.undo(activity_id=activity, by=bob, at=NOW)

    assert (look("PAY-1", bob).stage, look("PAY-1", bob).assignee) == ("New", None)


def test_a_move_is_taken_back_with_its_reason(payments, bob):
    report("Refunds", bob)
    done = operations.transition_issue(key="PAY-1", to="Closed", reason="duplicate", by=bob, at=NOW)

    operations.undo(activity_id=done.activities[-1], by=bob, at=NOW)

    row = look("PAY-1", bob)
    assert (row.stage, row.category, row.reason) == ("New", "new", "")
    assert queries.count_open(actor=bob) == {payments.id: 1}


def test_nothing_is_taken_back_twice_or_over_a_later_change(payments, bob):
    report("Refunds", bob)
    first = operations.update_issue(key="PAY-1", title="A", by=bob, at=NOW).activities[0]
    second = operations.update_issue(key="PAY-1", title="B", by=bob, at=NOW).activities[0]

    with pytest.raises(UndoRefused, match="changed again"):
        operations.undo(activity_id=first, by=bob, at=NOW)
    operations.undo(activity_id=second, by=bob, at=NOW)
    with pytest.raises(UndoRefused, match="already"):
        operations.undo(activity_id=second, by=bob, at=NOW)
    with pytest.raises(UndoRefused):
        operations.undo(activity_id=10**9, by=bob, at=NOW)


@pytest.mark.parametrize("key", ["PAY-99", "PAY", "-1", "", "PAY-1-", "PAY-" + "9" * 30, "ＰＡＹ-１", "\0-1", "NOPE-1"])
def test_a_key_nobody_has_is_not_found(payments, bob, key):
    report("Refunds", bob)

    with pytest.raises(operations.IssueNotFound):
        queries.issue(actor=bob, key=key)
    with pytest.raises(operations.IssueNotFound):
        operations.update_issue(key=key, title="x", by=bob, at=NOW)


def test_several_are_found_by_their_keys_whatever_their_letters_and_those_nobody_has_left_out(payments, bob, olga):
    projects.create_project(name="Web", platform="node", by=olga, at=NOW)
    for project in ("payments", "web", "payments"):
        report("Slow", bob, project=project)
    wanted = ["web-1", " PAY-2", "PAY-9", "WEB-2", "PAY", "NOPE-1", "PAY-" + "9" * 30, "PAY-2", "pay-1"]

    assert [row.key for row in queries.issues_by_keys(actor=bob, keys=wanted)] == ["WEB-1", "PAY-2", "PAY-1"]


def test_a_text_from_a_form_has_the_lines_of_any_other_and_sent_again_it_changes_nothing(payments, bob):
    key = report("Slow", bob, description="One\r\ntwo\r\n")

    again = operations.update_issue(key=key, description="One\ntwo", by=bob, at=NOW)

    assert queries.issue(actor=bob, key=key).description == "One\ntwo"
    assert again.activities == []


def test_numbers_are_given_once_by_hand_and_by_events(payments, bob):
    report("One", bob)
    arrive(delta(payments, 1), delta(payments, 2))
    report("Four", bob)

    assert [look(f"PAY-{n}", bob).source for n in (1, 2, 3, 4)] == ["manual", "event", "event", "manual"]
