"""Issues as they were, and searches asked of them in memory."""

from datetime import timedelta

import pytest

from errata.apps.issues import operations, past, queries
from errata.apps.issues.changes import IssueNotFound
from errata.core.search import Asker, matches, parse, partition
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, find, look, report
from tests.conftest import NOW
from tests.contracts.signals import event

SEARCHES = [
    "", "is:open", "is:closed", "!is:closed", "is:new", "is:mine", "assignee:me", "assignee:none", "!assignee:me",
    "assignee:bob@shop.example", 'assignee:"bob builder"', "is:unhandled", "is:handled", "stage:Assigned",
    "stage:[New, Closed]", "category:active", "type:Cost", "priority:High", "priority:>=Medium", "severity:<Major",
    "level:error", "level:>=warning", "platform:no*", "project:payments", "project:PAY", "label:money*", "has:label",
    "!has:label", "has:assignee", "has:comments", "key:PAY-2", "pay-2", "count:>10", "count:100", "users:2",
    "comments:>=1", "last_seen:-24h", "last_seen:+24h", "age:+2d", "refunds", '"100%"', "title:*query*plan*",
    "culprit:shop.db", "refunds OR query_plan", "is:open (refunds OR slow)", "!(refunds OR slow)", "created:-24h",
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(payments, bob, alice):
    """PAY-1 and PAY-2 of events, PAY-3 by hand."""
    arrive(
        delta(payments, 1, count=100, users=["id:1", "id:2"], level="error", unhandled=True, last=later(hours=-1)),
        delta(payments, 2, count=5, level="warning", title="Slow 100% query_plan", culprit="shop.db in run",
              platform="node", first=later(days=-3), last=later(days=-2)),
    )  # fmt: skip
    report("Refunds (manual)", bob, type="Cost", priority="High", severity="Critical", labels=["Money Matters"])
    operations.assign_issue(key="PAY-1", to=bob.email, by=alice, at=NOW)
    operations.comment_on_issue(key="PAY-3", body="Hi", by=alice, at=NOW)
    operations.transition_issue(key="PAY-2", to="Closed", reason="won't fix", by=bob, at=NOW)


@pytest.mark.parametrize("query", SEARCHES)
def test_a_search_in_memory_finds_what_the_records_find(shop, bob, query):
    people = {"me": [bob.user_id], "bob@shop.example": [bob.user_id], "bob builder": [bob.user_id]}
    asker = Asker(now=NOW, me=bob.user_id, who=lambda name: people[name.casefold()], events=lambda _: False)
    where = parse(query).where
    rows = queries.list_issues(actor=bob, now=NOW).items

    found = {row.key for row in rows if where is None or matches(partition(where), past.subject_of(row), asker)}

    assert found == set(find(query, bob))


def test_an_issue_as_of_then_equals_what_was_read_then(shop, payments, bob, alice, events):
    key = report("Slow", bob, labels=["a"])
    seen, moments = [], [later(hours=hours) for hours in range(1, 7)]
    changes = [
        lambda at: operations.update_issue(key=key, priority="High", labels=["b", "c"], by=bob, at=at),
        lambda at: operations.assign_issue(key=key, to=alice.email, deputy=bob.email, by=bob, at=at),
        lambda at: operations.comment_on_issue(key=key, body="Hm", by=alice, at=at),
        lambda at: operations.transition_issue(key=key, to="Retest", by=alice, at=at),
        lambda at: operations.update_issue(key=key, title="Slower", type="Cost", severity="Major", by=bob, at=at),
        lambda at: operations.transition_issue(key=key, to="Closed", reason="duplicate", by=bob, at=at),
    ]  # fmt: skip
    for change, moment in zip(changes, moments, strict=True):
        seen.append(told(look(key, bob)))
        change(moment)

    just_before = [moment - timedelta(seconds=1) for moment in moments]

    assert [told(past.issue_as_of(actor=bob, key=key, as_of=moment)) for moment in just_before] == seen


def told(row):
    """What of a row is the issue's, and not the time of its last change."""
    return (
        row.title, row.stage, row.category, row.reason, row.priority, row.severity, row.type, row.comments,
        row.assignee and row.assignee.id, row.deputy and row.deputy.id, [label.name for label in row.labels],
    )  # fmt: skip


def test_a_list_as_of_then_is_the_list_that_was_shown_then(shop, payments, bob, alice, events):
    asked = ["", "is:open", "assignee:me", "stage:New", "priority:>=Medium", "is:closed"]
    seen = {query: find(query, bob, now=NOW) for query in asked}
    moment = later(minutes=1)
    report("Later", bob, at=later(hours=1))
    operations.transition_issue(key="PAY-2", to="Revise", by=bob, at=later(hours=1))
    operations.assign_issue(key="PAY-1", to=alice.email, by=bob, at=later(hours=2))

    then = {
        query: [row.key for row in past.list_issues_as_of(actor=bob, as_of=moment, query=query).items]
        for query in asked
    }

    assert then == seen


def test_a_merged_issue_was_there_before(shop, payments, bob, events):
    arrive(delta(payments, 7))
    operations.merge_issues(into="PAY-1", keys=["PAY-4"], by=bob, at=later(hours=1))

    before = past.list_issues_as_of(actor=bob, as_of=later(minutes=1))
    after = past.list_issues_as_of(actor=bob, as_of=later(hours=2))

    assert "PAY-4" in {row.key for row in before.items}
    assert "PAY-4" not in {row.key for row in after.items}


def test_events_after_the_moment_do_not_count(shop, payments, bob, events):
    events.put(
        [event(1, project=payments.id, fingerprint=1, at=later(hours=-2)),
         event(2, project=payments.id, fingerprint=1, at=later(hours=3))],
        token="t",
    )  # fmt: skip
    arrive(delta(payments, 1, last=later(hours=3)))

    assert past.issue_as_of(actor=bob, key="PAY-1", as_of=NOW).count == 1


def test_before_it_was_there_it_is_not_found(shop, bob, mallory):
    with pytest.raises(IssueNotFound):
        past.issue_as_of(actor=bob, key="PAY-3", as_of=later(days=-9))
    with pytest.raises(IssueNotFound):
        past.issue_as_of(actor=mallory, key="PAY-3", as_of=NOW)


def test_every_state_an_issue_was_in_is_told_in_order(shop, bob):
    states = past.states_before(actor=bob, row=look("PAY-2", bob))

    assert [(kind, row.stage) for _, kind, row in states] == [("created", "New"), ("stage", "Closed")]
