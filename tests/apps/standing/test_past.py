"""Issues as they were, and searches asked of them in memory."""

from datetime import timedelta

import pytest

from errata.apps.accounts import operations as accounts
from errata.apps.issues import hindsight, operations, past, queries
from errata.apps.issues.changes import IssueNotFound
from errata.apps.progress import following
from errata.apps.projects import operations as projects
from errata.core.search import DEFAULT_CATALOG, And, Not, Or, Term, parse, partition
from tests.apps.clocks.turning import settle
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
    "count:5.5", "-24h", "comments:>=1", "last_seen:-24h", "last_seen:+24h", "first_seen:-24h", "age:+2d", "refunds",
    '"100%"', "title:*query*plan*", "culprit:shop.db", "refunds OR query_plan", "is:open (refunds OR slow)",
    "!(refunds OR slow)", "created:-24h",
    "is:assigned", "is:unassigned", "is:watched", "is:regressed", "is:blocked", "is:blocking", "!is:blocked",
    "deputy:me", "has:deputy", "creator:me", "creator:none", "has:creator", "watcher:me", "!watcher:me",
    "watcher:alice@shop.example", "has:watcher", "parent:PAY-1", "parent:pay-1", "parent:none", "!parent:PAY-1",
    "has:parent", "money*back", "score:>=0", "score:>50", "users:>=0", "updated:-24h", "moved:-24h", "due:<4h",
    "has:due", "clock:breached", "has:clock", "waiting_on:bank", "has:waiting_on", '"never say why"',
    "team:money", "!team:money", "team:none", "has:team", "taken_up:-24h", "!taken_up:-24h", "has:taken_up",
    "ended:-24h", "ended:<2020-01-01", "!has:ended", "returns:0", "returns:>0", "!returns:0", "response:running",
    "response:[met, late]", "!response:met", "has:response", "responded:-24h", "resolution:met", "!has:resolution",
    "resolved:-24h", "!resolved:-24h", "has:resolved", "left.new:-24h", "!left.new:-24h", "left.assigned:>2020-01-01",
    "left.revise:-24h", "left.retest:-24h", "left.fixed:-24h", "left.closed:today", "has:left.new",
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(payments, bob, alice, olga):
    """PAY-1 and PAY-2 of events, PAY-3 by hand."""
    arrive(
        delta(payments, 1, count=100, users=["id:1", "id:2"], level="error", unhandled=True, last=later(hours=-1)),
        delta(payments, 2, count=5, level="warning", title="Slow 100% query_plan", culprit="shop.db in run",
              platform="node", first=later(days=-3), last=later(days=-2)),
    )  # fmt: skip
    report(
        "Refunds (manual)",
        bob,
        type="Cost",
        priority="High",
        severity="Critical",
        labels=["Money Matters"],
        description="The banks never say why",
        parent="PAY-1",
    )
    operations.assign_issue(key="PAY-1", to=bob.email, deputy=alice.email, by=alice, at=NOW)
    operations.link_issues(key="PAY-1", kind="blocks", other="PAY-3", by=bob, at=NOW)
    operations.wait_on(key="PAY-3", on="The bank", by=bob, at=NOW)
    operations.comment_on_issue(key="PAY-3", body="Hi", by=alice, at=NOW)
    operations.transition_issue(key="PAY-2", to="Closed", reason="won't fix", by=bob, at=NOW)
    accounts.create_team(name="Money", members=[], by=olga, at=NOW)
    projects.update_project(which="payments", team="money", by=olga, at=NOW)
    settle(NOW)
    while following.follow(NOW):
        pass


def test_the_searches_ask_every_key_and_every_state():
    keys, states = set(), set()
    for query in SEARCHES:
        for term in terms(parse(query).where):
            keys.add(term.key)
            states |= set(term.values) if term.key == "is" else set()

    known = {field.key for field in DEFAULT_CATALOG.fields.values() if field.side != "event"}

    assert (known - keys, set(DEFAULT_CATALOG.fields["is"].values) - states) == (set(), set())


def terms(node):
    match node:
        case And(nodes) | Or(nodes):
            return [term for part in nodes for term in terms(part)]
        case Not(inner):
            return terms(inner)
        case Term():
            return [node]
    return []


@pytest.mark.parametrize("query", SEARCHES)
def test_a_search_in_memory_finds_what_the_records_find(shop, bob, events, query):
    where = parse(query).where
    asked = partition(where) if where is not None else None
    rows = queries.list_issues(actor=bob, now=NOW).items

    answers = past.finds(asked, [past.Then(row, NOW) for row in rows], actor=bob, catalog=DEFAULT_CATALOG)
    found = {row.key for row, answer in zip(rows, answers, strict=True) if answer}

    assert found == set(find(query, bob))


def test_a_description_is_searched_as_it_was(shop, payments, bob, events):
    operations.update_issue(key="PAY-3", description="Nothing at all", by=bob, at=later(hours=1))

    found = [
        [row.key for row in hindsight.list_issues_as_of(actor=bob, as_of=moment, query='"never say why"').items]
        for moment in (later(minutes=30), later(hours=2))
    ]

    assert found == [["PAY-3"], []]


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

    assert [told(hindsight.issue_as_of(actor=bob, key=key, as_of=moment).row) for moment in just_before] == seen


def told(row):
    """What of a row is the issue's, and not the time of its last change."""
    return (
        row.title, row.stage, row.category, row.reason, row.priority, row.severity, row.type, row.comments,
        row.assignee and row.assignee.id, row.deputy and row.deputy.id, [label.name for label in row.labels],
    )  # fmt: skip


def test_what_an_issue_was_a_part_of_is_told_and_searched(shop, bob, events):
    operations.set_parent(key="PAY-3", parent=None, by=bob, at=later(hours=1))
    then = later(minutes=30)

    was = hindsight.issue_as_of(actor=bob, key="PAY-3", as_of=then).row
    found = hindsight.list_issues_as_of(actor=bob, as_of=then, query="parent:PAY-1").items

    assert (was.parent, [row.key for row in found], look("PAY-3", bob).parent) == ("PAY-1", ["PAY-3"], "")


def test_a_list_as_of_then_is_the_list_that_was_shown_then(shop, payments, bob, alice, events):
    asked = ["", "is:open", "assignee:me", "stage:New", "priority:>=Medium", "is:closed"]
    seen = {query: find(query, bob, now=NOW) for query in asked}
    moment = later(minutes=1)
    report("Later", bob, at=later(hours=1))
    operations.transition_issue(key="PAY-2", to="Revise", by=bob, at=later(hours=1))
    operations.assign_issue(key="PAY-1", to=alice.email, by=bob, at=later(hours=2))

    then = {
        query: [row.key for row in hindsight.list_issues_as_of(actor=bob, as_of=moment, query=query).items]
        for query in asked
    }

    assert then == seen


def test_a_merged_issue_was_there_before(shop, payments, bob, events):
    arrive(delta(payments, 7))
    operations.merge_issues(into="PAY-1", keys=["PAY-4"], by=bob, at=later(hours=1))

    before = hindsight.list_issues_as_of(actor=bob, as_of=later(minutes=1))
    after = hindsight.list_issues_as_of(actor=bob, as_of=later(hours=2))

    assert "PAY-4" in {row.key for row in before.items}
    assert "PAY-4" not in {row.key for row in after.items}


def test_events_after_the_moment_do_not_count(shop, payments, bob, events):
    events.put(
        [event(1, project=payments.id, fingerprint=1, at=later(hours=-2)),
         event(2, project=payments.id, fingerprint=1, at=later(hours=3))],
        token="t",
    )  # fmt: skip
    arrive(delta(payments, 1, last=later(hours=3)))

    assert hindsight.issue_as_of(actor=bob, key="PAY-1", as_of=NOW).row.count == 1


def test_before_it_was_there_it_is_not_found(shop, bob, mallory):
    with pytest.raises(IssueNotFound):
        hindsight.issue_as_of(actor=bob, key="PAY-3", as_of=later(days=-9))
    with pytest.raises(IssueNotFound):
        hindsight.issue_as_of(actor=mallory, key="PAY-3", as_of=NOW)
