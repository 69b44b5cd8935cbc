"""How the work goes, told from what was recorded."""

import msgspec
import pytest

from errata.apps.accounts import operations as accounts
from errata.apps.accounts.permissions import Forbidden
from errata.apps.issues import operations
from errata.apps.issues import queries as issues
from errata.apps.progress import following, queries
from errata.apps.progress.types import Filter
from errata.apps.projects import operations as projects
from tests.apps.clocks.turning import settle
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, report
from tests.conftest import NOW

SINCE = later(days=-5)
HOUR = 3_600


@pytest.fixture
def worked(payments, bob, events):
    """PAY-1: opened five days ago, taken up after an hour, retested after five, fixed after seven, closed after eight.
    PAY-2: open, taken up after two hours. PAY-3: new. PAY-4: closed as a duplicate, and back."""
    at = lambda hours: later(days=-5, hours=hours)
    report("Slow", bob, severity="Major", at=SINCE)
    operations.assign_issue(key="PAY-1", to=bob.email, by=bob, at=at(1))
    operations.transition_issue(key="PAY-1", to="Retest", by=bob, at=at(5))
    operations.transition_issue(key="PAY-1", to="Fixed", comment="Seen.", by=bob, at=at(7))
    operations.transition_issue(key="PAY-1", to="Closed", by=bob, at=at(8))
    report("Slower", bob, at=SINCE)
    operations.assign_issue(key="PAY-2", to=bob.email, by=bob, at=at(2))
    report("Slowest", bob, type="Cost", at=later(days=-2))
    report("Again", bob, at=later(days=-40))
    operations.transition_issue(key="PAY-4", to="Closed", reason="duplicate", by=bob, at=later(days=-39))
    operations.transition_issue(key="PAY-4", to="Revise", by=bob, at=later(days=-3))
    tell()


def tell():
    while following.follow(NOW):
        pass


def told(actor, **which):
    return queries.progress(actor=actor, now=NOW, which=Filter(**which))


def test_open_issues_are_counted_by_stage(worked, bob):
    found = told(bob)

    assert {count.stage: count.count for count in found.funnel} == {"New": 1, "Assigned": 1, "Revise": 1}


def test_times_are_those_of_the_issues(worked, bob):
    found = told(bob)

    assert (found.opened, found.ended) == (3, 1)
    assert found.time_to_end.p50 == 7 * HOUR
    assert (found.time_to_take_up.count, found.time_to_take_up.p50, found.time_to_take_up.p90) == (2, HOUR, 2 * HOUR)
    assert {stage.stage: stage.time.p50 for stage in found.stages} == {
        "New": HOUR, "Assigned": 4 * HOUR, "Retest": 2 * HOUR,
    }  # fmt: skip


def test_the_flow_is_what_stood_where_each_evening(worked, bob):
    flow = {(NOW.date() - day.day).days: {c: n for c, n in day.counts.items() if n} for day in told(bob).flow}

    assert flow[6] == {"closed": 1}
    assert flow[5] == {"active": 1, "closed": 2}
    assert flow[3] == {"active": 2, "closed": 1}
    assert flow[0] == {"new": 1, "active": 2, "closed": 1}


def test_ages_and_pace_are_counted_by_day(worked, bob):
    found = told(bob)

    assert {(age.since, age.until): age.count for age in found.ages if age.count} == {(1, 3): 1, (3, 7): 1, (30, 90): 1}
    assert {(NOW.date() - day.day).days: (day.opened, day.ended) for day in found.throughput if day.opened} == {
        5: (2, 1), 2: (1, 0),
    }  # fmt: skip


def test_a_filter_leaves_the_others_out(worked, bob, olga):
    assert told(bob, type="Cost").opened == 1
    assert told(bob, severity="Major").ended == 1
    assert told(bob, project="payments").opened == 3
    accounts.create_team(name="Money", members=[], by=olga, at=NOW)
    assert told(bob, team="money").opened == 0


def test_parts_add_up_to_the_whole(worked, bob, olga):
    projects.create_project(name="Web", platform="node", by=olga, at=NOW)
    report("Elsewhere", bob, project="web", at=later(hours=-1))
    tell()

    whole = told(bob)
    for by in queries.PARTS:
        parts = queries.parts(actor=bob, now=NOW, which=Filter(), by=by)
        assert sum(part.opened for part in parts) == whole.opened
        assert sum(part.ended for part in parts) == whole.ended
        assert sum(part.open for part in parts) == sum(count.count for count in whole.funnel)


def test_the_busiest_parts_are_as_they_are_among_all(worked, bob, olga):
    for name in ("Web", "Search"):
        projects.create_project(name=name, platform="node", by=olga, at=NOW)
    report("Elsewhere", bob, project="web", at=later(hours=-1))
    report("Far away", bob, project="search", at=later(days=-50))
    operations.transition_issue(key="SEA-1", to="Closed", reason="no longer relevant", by=bob, at=later(days=-1))
    tell()

    for by in queries.PARTS:
        parts = queries.parts(actor=bob, now=NOW, which=Filter(), by=by)
        for most in (1, 2, len(parts)):
            found = queries.parts(actor=bob, now=NOW, which=Filter(), by=by, most=most)
            assert found == parts[:most], (by, most)


def test_a_project_that_is_put_away_and_then_removed_is_told_of_no_more(worked, bob, olga):
    alone = told(bob)
    projects.create_project(name="Web", platform="node", by=olga, at=NOW)
    report("Elsewhere", bob, project="web", at=later(hours=-1))
    operations.assign_issue(key="WEB-1", to=bob.email, by=bob, at=NOW)
    tell()
    assert told(bob) != alone

    projects.archive_project(which="web", by=olga, at=NOW)
    assert told(bob) == alone
    projects.delete_project(which="web", by=olga, at=NOW)
    assert told(bob) == alone
    while operations.purge_deleted_projects():
        pass
    assert told(bob) == alone


def test_what_events_raise_and_bring_back_is_told(payments, bob, events):
    arrive(delta(payments, 1, last=later(hours=-3)), at=later(hours=-3))
    operations.transition_issue(key="PAY-1", to="Closed", reason="no longer relevant", by=bob, at=later(hours=-2))
    arrive(delta(payments, 1, last=later(hours=-1)), at=later(hours=-1))
    tell()

    found = told(bob)

    assert (found.opened, found.ended, found.returned) == (1, 0, 1)
    assert [count.stage for count in found.funnel] == ["Revise"]


def test_a_merged_issue_is_told_of_as_the_one_it_went_into(payments, bob, events):
    arrive(delta(payments, 1), delta(payments, 2))
    merged = operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)
    tell()
    assert told(bob).opened == 1

    operations.undo(activity_id=merged.activities[-1], by=bob, at=NOW)
    tell()
    assert told(bob).opened == 2


def test_an_issue_that_is_taken_out_of_another_has_its_own_past_again(worked, bob):
    before = told(bob, days=90)
    merged = operations.merge_issues(into="PAY-2", keys=["PAY-1"], by=bob, at=NOW)
    tell()
    assert told(bob, days=90).ended == before.ended - 1

    operations.undo(activity_id=merged.activities[-1], by=bob, at=NOW)
    tell()

    assert told(bob, days=90) == before


def test_what_begins_by_a_split_tells_what_it_is_and_where_it_stands(payments, bob, events):
    arrive(delta(payments, 1), delta(payments, 2))
    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=NOW)
    operations.update_issue(key="PAY-1", severity="Trivial", by=bob, at=NOW)
    split = operations.split_grouping(key="PAY-1", fingerprint=2, by=bob, at=NOW)
    tell()

    [begun] = [one for one in issues.activity(actor=bob, key=split.key) if one.kind == "split_from"]
    assert (begun.after["stage"], begun.after["category"], begun.after["severity"]) == ("New", "new", "Trivial")
    assert told(bob, severity="Trivial").opened == 2


def test_an_issue_that_stays_twice_counts_once_with_all_of_its_time(worked, bob):
    for hours, stage in ((20, "Revise"), (26, "Retest"), (27, "Fixed")):
        operations.transition_issue(
            key="PAY-1", to=stage, comment="Again.", assignee=bob.email, by=bob, at=later(days=-5, hours=hours)
        )
    tell()

    stages = {stage.stage: stage.time for stage in told(bob).stages}

    assert (stages["Retest"].count, stages["Retest"].p50) == (1, 3 * HOUR)
    assert (stages["Revise"].count, stages["Revise"].p50) == (1, 6 * HOUR)


def test_numbers_go_by_what_an_issue_is_now(worked, bob):
    operations.update_issue(key="PAY-1", type="Cost", by=bob, at=NOW)
    tell()

    assert told(bob, type="Cost").ended == 1
    assert {stage.stage: stage.time.count for stage in told(bob, type="Cost").stages} == {
        "New": 1, "Assigned": 1, "Retest": 1,
    }  # fmt: skip


def test_promises_are_told_as_they_were_kept(worked, bob):
    settle(NOW)

    found = told(bob, days=90)
    parts = queries.parts(actor=bob, now=NOW, which=Filter(days=90), by="severity")

    assert found.resolution.met + found.resolution.missed == 1
    assert found.response.met + found.response.missed + found.response.breached > 1
    assert sum(part.resolution.met + part.resolution.missed for part in parts) == 1
    assert sum(part.resolution.breached for part in parts) == found.resolution.breached


def test_others_numbers_are_nobodys_business(worked, mallory, heist):
    found = told(mallory)

    assert (found.opened, found.ended, found.funnel) == (0, 0, [])


def test_it_is_for_those_who_may_see_issues(worked, bob):
    with pytest.raises(Forbidden):
        told(msgspec.structs.replace(bob, scopes=frozenset({"org:read"})))


def test_it_costs_the_same_however_many_issues(worked, bob, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        told(bob)
    with django_assert_max_num_queries(16):
        queries.parts(actor=bob, now=NOW, which=Filter(), by="type")
