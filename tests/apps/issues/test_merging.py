"""Merging and splitting move groups, and the numbers stay true."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.apps.issues import operations, queries
from errata.apps.issues.merging import MergeRefused, SplitRefused
from errata.apps.issues.models import Grouping, Issue
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, find, look, report
from tests.conftest import NOW


@pytest.fixture
def three(payments):
    arrive(
        delta(payments, 1, count=3, users=["id:1", "id:2"], first=later(hours=-3), last=later(hours=-2), release="1"),
        delta(payments, 2, count=5, users=["id:2", "id:3"], first=later(hours=-9), last=later(hours=-1), release="2"),
        delta(payments, 3, count=7, users=["id:4"], title="Third", unhandled=True),
    )


def test_a_merged_issue_has_the_numbers_of_both(three, bob):
    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)

    row = look("PAY-1", bob)
    assert (row.count, row.users, set(row.groups)) == (8, 3, {1, 2})
    assert (row.first_seen, row.last_seen, row.last_release) == (later(hours=-9), later(hours=-1), "2")
    assert find("", bob) == ["PAY-3", "PAY-1"]


def test_events_of_a_merged_group_count_into_the_other_issue(three, payments, bob):
    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)

    done = arrive(delta(payments, 2, count=10))

    assert not done.opened
    assert look("PAY-1", bob).count == 18


def test_a_merged_issue_says_where_it_went_and_takes_no_changes(three, bob):
    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)

    assert queries.issue(actor=bob, key="PAY-2").merged_into == "PAY-1"
    with pytest.raises(operations.IssueMerged) as refusal:
        operations.update_issue(key="PAY-2", title="x", by=bob, at=NOW)
    assert refusal.value.data["into"] == "PAY-1"


def test_a_merge_is_taken_back_with_what_came_meanwhile(three, payments, bob):
    done = operations.merge_issues(into="PAY-1", keys=["PAY-2", "PAY-3"], by=bob, at=NOW)
    arrive(delta(payments, 2, count=10, users=["id:9"]))

    for activity in done.activities:
        operations.undo(activity_id=activity, by=bob, at=NOW)

    assert [(look(key, bob).count, look(key, bob).users) for key in ("PAY-1", "PAY-2", "PAY-3")] == [
        (3, 2), (15, 3), (7, 1),
    ]  # fmt: skip
    assert queries.issue(actor=bob, key="PAY-2").merged_into == ""


def test_what_was_merged_before_goes_along(three, bob):
    operations.merge_issues(into="PAY-2", keys=["PAY-3"], by=bob, at=NOW)
    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)

    assert look("PAY-1", bob).count == 15
    assert queries.issue(actor=bob, key="PAY-3").merged_into == "PAY-1"


def test_watchers_go_along(three, bob, alice):
    operations.watch_issue(key="PAY-2", by=alice, at=NOW)

    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)

    assert queries.issue(actor=alice, key="PAY-1").watching


def test_an_issue_is_not_merged_with_itself_nor_across_projects(three, heist, bob, olga):
    operations.projects.create_project(name="Other", platform="python", key="OTH", by=olga, at=NOW)
    report("Elsewhere", bob, project="other")

    for keys in (["PAY-1"], [], ["OTH-1"]):
        with pytest.raises(MergeRefused):
            operations.merge_issues(into="PAY-1", keys=keys, by=bob, at=NOW)


def test_a_group_that_is_split_off_takes_its_numbers_along(three, bob):
    operations.merge_issues(into="PAY-1", keys=["PAY-3"], by=bob, at=NOW)

    done = operations.split_grouping(key="PAY-1", fingerprint=3, by=bob, at=NOW)

    assert (done.key, look("PAY-4", bob).title, look("PAY-4", bob).count) == ("PAY-4", "Third", 7)
    assert (look("PAY-1", bob).count, look("PAY-1", bob).is_unhandled) == (3, False)
    assert queries.issue_of_group(actor=bob, project_id=look("PAY-1", bob).project.id, fingerprint=3) == "PAY-4"


def test_the_only_group_and_an_unknown_one_are_not_split_off(three, bob):
    with pytest.raises(SplitRefused, match="nothing to split"):
        operations.split_grouping(key="PAY-1", fingerprint=1, by=bob, at=NOW)
    with pytest.raises(SplitRefused, match="no group"):
        operations.split_grouping(key="PAY-1", fingerprint=99, by=bob, at=NOW)


def test_a_deleted_project_goes_slice_by_slice_and_leaves_the_others_alone(three, heist, payments, bob, olga, mallory):
    operations.comment_on_issue(key="PAY-1", body="Hi", by=bob, at=NOW)
    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)
    arrive(delta(heist, 1))
    operations.projects.delete_project(which="payments", by=olga, at=NOW)

    gone = [operations.purge_deleted_projects(issues_max=2) for _ in range(4)]

    assert gone == [2, 1, 2, 0], "three issues, then the project with its key, then nothing"
    assert [row.key for row in queries.list_issues(actor=mallory, now=NOW).items] == ["PAY-1"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["merge", "split", "arrive"]), st.integers(1, 6), st.integers(1, 6)), max_size=20
    )
)
def test_whatever_is_merged_and_split_no_event_is_lost_or_counted_twice(payments, bob, moves):
    total = sum(Grouping.objects.values_list("count", flat=True))
    for what, one, other in moves:
        key, target = key_of_group(one, bob, payments), key_of_group(other, bob, payments)
        if what == "arrive" or key is None or target is None:
            arrive(delta(payments, one, count=other))
            total += other
        elif what == "merge" and key != target:
            operations.merge_issues(into=target, keys=[key], by=bob, at=NOW)
        elif what == "split" and len(look(key, bob).groups) > 1:
            operations.split_grouping(key=key, fingerprint=one, by=bob, at=NOW)

    counted = {issue.id: issue.count for issue in Issue.objects.all()}
    assert sum(counted.values()) == total == sum(Grouping.objects.values_list("count", flat=True))
    for issue in Issue.objects.all():
        assert issue.group_count == issue.groupings.count()
        assert (issue.merged_into_id is None) or issue.count == 0


def key_of_group(fingerprint, actor, project):
    return queries.issue_of_group(actor=actor, project_id=project.id, fingerprint=fingerprint)
