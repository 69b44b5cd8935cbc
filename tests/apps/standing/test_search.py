"""What a search finds."""

import pytest

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.accounts import operations as accounts
from errata.apps.issues import hindsight, operations, queries
from errata.apps.issues.cursors import CursorRefused, SortUnknown
from errata.apps.issues.search import SearchUnanswered
from errata.core.search import SearchError
from errata.ports.event_store import StoreUnavailable
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, find, report
from tests.conftest import NOW
from tests.contracts.signals import event


@pytest.fixture(scope="module")
def shop(payments, bob, alice):
    """PAY-1 and PAY-2 of events, PAY-3 by hand."""
    arrive(
        delta(payments, 1, count=100, users=["id:1", "id:2"], level="error", unhandled=True, last=later(hours=-1)),
        delta(
            payments, 2, count=5, level="warning", title="Slow 100% query_plan", culprit="shop.db in run",
            platform="node", first=later(days=-3), last=later(days=-2),
        ),
    )  # fmt: skip
    report(
        "Refunds (manual)",
        bob,
        type="Cost",
        priority="High",
        severity="Critical",
        labels=["Money Matters"],
        at=later(hours=-2),
    )
    operations.assign_issue(key="PAY-1", to=bob.email, by=alice, at=NOW)
    operations.comment_on_issue(key="PAY-3", body="Hi", by=alice, at=NOW)
    operations.transition_issue(key="PAY-2", to="Closed", reason="won't fix", by=bob, at=NOW)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("", "1 3 2"),
        ("is:open", "1 3"),
        ("is:unresolved", "1 3"),
        ("is:closed", "2"),
        ("!is:closed", "1 3"),
        ("is:new", "3"),
        ("is:mine", "1"),
        ("assignee:me", "1"),
        ("assignee:none", "3 2"),
        ("!assignee:me", "3 2"),
        ("assignee:bob@shop.example", "1"),
        ('assignee:"bob builder"', "1"),
        ("assignee:nobody@shop.example", ""),
        ("creator:me", "3"),
        ("is:watched", "1 3"),
        ("watcher:alice@shop.example", "3"),
        ("is:unhandled", "1"),
        ("is:handled", "2"),
        ("is:regressed", ""),
        ("stage:Assigned", "1"),
        ("stage:[New, Closed]", "3 2"),
        ("category:active", "1"),
        ("type:Cost", "3"),
        ("priority:High", "3"),
        ("priority:>=Medium", "1 3"),
        ("severity:<Major", "2"),
        ("level:error", "1"),
        ("level:>=warning", "1 2"),
        ("platform:node", "2"),
        ("platform:no*", "2"),
        ("project:payments", "1 3 2"),
        ("project:PAY", "1 3 2"),
        ("project:other", ""),
        ('label:"money matters"', "3"),
        ("label:money*", "3"),
        ("has:label", "3"),
        ("!has:label", "1 2"),
        ("has:assignee", "1"),
        ("has:comments", "3"),
        ("key:PAY-2", "2"),
        ("key:pay-*", "1 3 2"),
        ("pay-2", "2"),
        ("count:>10", "1"),
        ("count:100", "1"),
        ("count:5.5", ""),
        ("-24h", "1 3"),
        ("+24h", "2"),
        ("assignee:*", "1"),
        ("users:2", "1"),
        ("comments:>=1", "3"),
        ("last_seen:-24h", "1 3"),
        ("last_seen:+24h", "2"),
        ("age:+2d", "2"),
        ("first_seen:>=today", "1 3"),
        ("refunds", "3"),
        ('"100%"', "2"),
        ("query_plan", "2"),
        ("queryxplan", ""),
        ("title:*query*plan*", "2"),
        ("culprit:shop.db", "2"),
        ("refunds OR query_plan", "3 2"),
        ("is:open (refunds OR slow)", "3"),
        ("!(refunds OR slow)", "1"),
        ("is:open sort:+last_seen", "3 1"),
        ("sort:count", "1 2 3"),
        ("sort:priority", "3 1 2"),
        ("\0refunds", "3"),
    ],
)
def test_a_search_finds(shop, bob, query, keys):
    assert find(query, bob) == [f"PAY-{number}" for number in keys.split()]


def test_a_search_by_team(shop, bob, alice):
    accounts.create_team(name="Money", members=[bob.user_id], by=alice, at=NOW)

    assert find("assignee:#money", alice) == ["PAY-1"]
    assert find("assignee:#none-such", alice) == []


@pytest.fixture
def stored(shop, payments, events):
    events.put(
        [
            event(
                1, project=payments.id, fingerprint=1, release="1.0", environment="production", tags=[("plan", "gold")]
            ),
            event(2, project=payments.id, fingerprint=1, release="2.0", environment="staging"),
            event(3, project=payments.id, fingerprint=2, release="2.0", environment="production"),
        ],
        token="t",
    )


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("release:1.0", "1"),
        ("release:2.0", "1 2"),
        ("release:2.0 environment:production", "2"),
        ("release:1.0 OR refunds", "1 3"),
        ("release:2.0 is:open", "1"),
        ("plan:gold", "1"),
        ("has:plan", "1"),
        ("release:3.0", ""),
    ],
)
def test_a_search_asks_the_event_store(stored, bob, query, keys):
    assert find(query, bob) == [f"PAY-{number}" for number in keys.split()]


class Silent(MemoryEventStore):
    def fingerprints(self, scope, *, limit):
        raise StoreUnavailable


def test_without_the_event_store_the_rest_is_answered_and_the_gap_said(shop, bob, monkeypatch, events):
    monkeypatch.setattr(events, "fingerprints", Silent().fingerprints)

    page = queries.list_issues(actor=bob, query="release:1.0 is:open", now=NOW)

    assert [row.key for row in page.items] == ["PAY-1", "PAY-3"]
    assert "event store" in page.partial


def test_what_must_be_whole_is_refused_without_the_event_store(shop, bob, monkeypatch, events):
    monkeypatch.setattr(events, "fingerprints", Silent().fingerprints)
    asked = {"actor": bob, "query": "release:1.0 is:open", "whole": True}

    with pytest.raises(SearchUnanswered):
        queries.list_issues(**asked, now=NOW)
    with pytest.raises(SearchUnanswered):
        hindsight.list_issues_as_of(**asked, as_of=NOW)
    with pytest.raises(SearchUnanswered):
        queries.list_keys(actor=bob, query="release:1.0 is:open", now=NOW)
    assert queries.list_keys(actor=bob, query="is:open", now=NOW) == ["PAY-1", "PAY-3"]


@pytest.mark.parametrize("query", ["is:", "level:loud", "(", "count:many", '"'])
def test_what_cannot_be_read_is_refused_with_its_place(shop, bob, query):
    with pytest.raises(SearchError) as refusal:
        find(query, bob)

    assert refusal.value.position >= 0


def test_counts_of_views_are_those_of_their_lists(stored, bob):
    wanted = ["", "is:open", "assignee:me", "label:money*", "refunds", "watcher:me", "is:", "release:1.0"]

    counts = queries.count_views(actor=bob, queries=wanted, now=NOW)

    assert counts == {query: len(find(query, bob)) for query in wanted[:-2]}


@pytest.mark.parametrize(
    "sort", ["last_seen", "first_seen", "count", "users", "priority", "severity", "created", "updated"]
)
@pytest.mark.parametrize("sign", ["", "+"])
def test_pages_follow_each_other_without_gap_or_repeat(shop, payments, bob, sort, sign):
    others = range(100, 108)
    arrive(*(delta(payments, n, count=n % 3 + 1, last=later(hours=n % 4), users=[f"id:{n % 2}"]) for n in others))
    whole = find("", bob, sort=f"{sign}{sort}")

    keys, cursor = [], None
    for _ in range(9):
        page = queries.list_issues(actor=bob, now=NOW, sort=f"{sign}{sort}", cursor=cursor, limit=2)
        keys += [row.key for row in page.items]
        cursor = page.next
        if cursor is None:
            break

    assert keys == whole
    assert len(set(keys)) == 11


@pytest.mark.parametrize("cursor", ["x", "AAAA", "kwAA", "\0", "é", "0" * 5000])
def test_a_made_up_cursor_is_refused(shop, bob, cursor):
    with pytest.raises(CursorRefused):
        queries.list_issues(actor=bob, now=NOW, cursor=cursor)


def test_a_cursor_of_another_order_is_refused(shop, bob):
    cursor = queries.list_issues(actor=bob, now=NOW, limit=1).next

    with pytest.raises(CursorRefused):
        queries.list_issues(actor=bob, now=NOW, sort="count", cursor=cursor)
    with pytest.raises(SortUnknown):
        queries.list_issues(actor=bob, now=NOW, sort="colour")


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("assi", "assignee:"),
        ("assignee:bo", "bob@shop.example"),
        ("label:mon", '"Money Matters"'),
        ("project:pay", "payments"),
        ("stage:re", "Revise"),
        ("pl", "plan:"),
        ("release:shop", "shop@1.2.0"),
        ("release:", "shop@1.2.0"),
    ],
)
def test_completions_know_the_language_and_the_installation(stored, bob, text, suggested):
    found = queries.completions(actor=bob, text=text, position=len(text), now=NOW)

    assert suggested in [completion.text for completion in found]
