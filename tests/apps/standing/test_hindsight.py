"""Lists, boards and issues of a moment: what was shown then, and what can't be told of it."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.apps.issues import boards, hindsight, operations, queries
from errata.apps.issues.boards import Asked
from errata.apps.issues.changes import IssueNotFound
from errata.apps.issues.hindsight import NotThereYet
from errata.core.errors import Refusal
from errata.core.past import UntoldOfThePast
from errata.core.search import SearchError
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, report
from tests.conftest import NOW
from tests.contracts.signals import event

ASKED = [
    ("", ""), ("is:open", ""), ("is:open", "priority"), ("is:closed", "created"), ("assignee:me", "updated"),
    ("priority:High", "count"), ("stage:New", "first_seen"), ("label:a", "severity"), ("count:>1", ""),
    ("parent:none", ""),    ("moved:-3h", ""), ("-2h", ""), ("comments:>0 waiting_on:bank", ""),
    ("environment:production", ""),
    ("(is:open OR label:b) !assignee:none", "+last_seen"),
]  # fmt: skip
BOARDS = [
    Asked(),
    Asked(lanes="assignee"),
    Asked(lanes="label"),
    Asked(query="is:open", lanes="priority", sort="count"),
]
# Of the issue: what nobody kept the times of is left out.
TOLD = (
    "key", "title", "type", "stage", "category", "reason", "regressed", "priority", "severity",
    "labels", "comments", "parent", "waiting_on", "values", "count", "first_seen", "last_seen", "created_at",
    "updated_at", "stage_changed_at",
)  # fmt: skip


def told(row):
    people = {
        post: person.id if person else None for post, person in (("assignee", row.assignee), ("deputy", row.deputy))
    }
    return {name: getattr(row, name) for name in TOLD} | {"groups": set(row.groups)} | people


class History:
    """A team's random days, a step every ten minutes."""

    def __init__(self, seed, project, people, store):
        self.random, self.project, self.people, self.store = random.Random(seed), project, people, store
        self.at, self.done = NOW, 0

    @property
    def by(self):
        return self.random.choice(self.people)

    def go(self, steps):
        for _ in range(steps):
            self.at += timedelta(minutes=10)
            self.done += 1
            with suppress(Refusal):
                self.random.choice(self._ways())()

    def _ways(self):
        return [self._fail, self._fail, self._report, self._update, self._assign, self._move, self._move, self._talk,
                self._wait, self._part, self._merge, self._undo, self._describe]  # fmt: skip

    def _key(self):
        return f"PAY-{self.random.randint(1, 9)}"

    def _fail(self):
        group = self.random.randint(1, 5)
        happened = event(self.done, project=self.project.id, fingerprint=group, at=self.at, environment="production")
        self.store.put([happened], token=f"{self.done}")
        arrive(delta(self.project, group, last=self.at), at=self.at)

    def _report(self):
        report(f"Thing {self.done}", self.by, at=self.at, labels=["a"])

    def _update(self):
        choose = self.random.choice
        changes = choose([{"priority": choose(["Low", "High"])}, {"severity": "Major"}, {"title": f"T{self.done}"},
                          {"labels": choose([["a"], ["b"], [], ["a", "b"]])}, {"type": "Cost"}])  # fmt: skip
        operations.update_issue(key=self._key(), **changes, by=self.by, at=self.at)

    def _assign(self):
        to = self.random.choice([None, self.by.email])
        operations.assign_issue(key=self._key(), to=to, by=self.by, at=self.at)

    def _move(self):
        to = self.random.choice(["Assigned", "Retest", "Revise", "Closed", "New"])
        operations.transition_issue(
            key=self._key(), to=to, assignee=self.by.email, reason="won't fix", by=self.by, at=self.at
        )

    def _talk(self):
        said = operations.comment_on_issue(key=self._key(), body="Hm", by=self.by, at=self.at)
        if self.random.random() < 0.3:
            operations.delete_comment(comment_id=said.id, by=self.people[0], at=self.at)

    def _wait(self):
        operations.wait_on(key=self._key(), on=self.random.choice(["", "The bank"]), by=self.by, at=self.at)

    def _part(self):
        operations.set_parent(key=self._key(), parent=self.random.choice([None, self._key()]), by=self.by, at=self.at)

    def _merge(self):
        operations.merge_issues(into=self._key(), keys=[self._key()], by=self.by, at=self.at)

    def _undo(self):
        deeds = queries.activity(actor=self.by, key=self._key())
        mine = [deed for deed in deeds if deed.undoable and deed.kind != "merged"]
        operations.undo(activity_id=self.random.choice(mine).id if mine else 0, by=self.by, at=self.at)

    def _describe(self):
        operations.update_issue(key=self._key(), description=f"About {self.done}", by=self.by, at=self.at)


def lists_now(actor, now):
    return {
        (query, sort): [told(row) for row in queries.list_issues(actor=actor, query=query, sort=sort, now=now).items]
        for query, sort in ASKED
    }


def lists_then(actor, as_of):
    return {
        (query, sort): [
            told(row) for row in hindsight.list_issues_as_of(actor=actor, query=query, sort=sort, as_of=as_of).items
        ]
        for query, sort in ASKED
    }


def board_of(actor, asked, now):
    """Everything a board shows: counts, lanes, and the cards in their cells."""
    shape = boards.board(actor=actor, asked=asked, now=now)
    dealt = {lane.id: boards.piles(actor=actor, asked=asked, of=shape, lane=lane) for lane in shape.lanes}
    dealt |= boards.lane_piles(actor=actor, asked=asked, of=shape)
    dealt[""] = boards.piles(actor=actor, asked=asked, of=shape)
    cells = {
        (lane, pile.column.id): (pile.count, [told(row) for row in pile.cards])
        for lane, piles in dealt.items()
        for pile in piles
    }
    return shape.counts, shape.total, [(lane.id, lane.counts) for lane in shape.lanes], cells


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_moment_looks_as_it_looked_then_whatever_came_after(payments, bob, alice, events, seed):
    history = History(seed, payments, [alice, bob], events)
    seen = []
    for _ in range(3):
        history.go(25)
        at = history.at
        seen.append((at, lists_now(bob, at), [board_of(bob, asked, at) for asked in BOARDS]))
    history.go(40)

    for at, lists, shown in seen:
        assert lists_then(bob, at) == lists
        assert [board_of(bob, Asked(**_fields(asked), as_of=at), history.at) for asked in BOARDS] == shown


def _fields(asked):
    return {"query": asked.query, "sort": asked.sort, "lanes": asked.lanes}


@pytest.mark.parametrize("seed", range(4))
def test_as_of_now_is_now(payments, bob, alice, events, seed):
    history = History(seed, payments, [alice, bob], events)
    history.go(50)

    assert lists_then(bob, history.at) == lists_now(bob, history.at)


@pytest.mark.parametrize("sort", ["", "priority", "+created", "count"])
def test_pages_follow_each_other_without_gap_or_double(payments, bob, alice, events, sort):
    history = History(3, payments, [alice, bob], events)
    history.go(60)
    at = history.at
    history.go(20)
    whole = hindsight.list_issues_as_of(actor=bob, as_of=at, sort=sort, limit=100)

    keys, cursor = [], None
    while True:
        page = hindsight.list_issues_as_of(actor=bob, as_of=at, sort=sort, limit=3, cursor=cursor)
        keys += [row.key for row in page.items]
        cursor = page.next
        if cursor is None:
            break

    assert keys == [row.key for row in whole.items]
    assert len(keys) > 6


def test_a_column_goes_on_where_it_stopped(payments, bob, events):
    for number in range(70):
        report(f"Thing {number}", bob, at=later(minutes=number))
    at = later(hours=2)
    for number in range(1, 6):
        operations.update_issue(key=f"PAY-{number}", priority="High", by=bob, at=later(hours=3))
    asked = Asked(as_of=at, sort="created")
    shape = boards.board(actor=bob, asked=asked, now=later(hours=4))
    first = next(pile for pile in boards.piles(actor=bob, asked=asked, of=shape) if pile.column.id == "New")

    rest = boards.more(actor=bob, asked=asked, column_id="New", cursor=first.next, now=later(hours=4))

    assert [row.key for row in [*first.cards, *rest.cards]] == [f"PAY-{number}" for number in range(70, 0, -1)]
    assert {row.priority for row in rest.cards} == {"Medium"}


@pytest.mark.parametrize(
    ("query", "position"),
    [("watcher:me", 0), ("is:open clock:breached", 8), ("!is:blocked", 1), ("has:due", 0), ("(score:>5 OR x)", 1),
     ("is:unhandled", 0), ("users:>3", 0)],
)  # fmt: skip
def test_what_nobody_wrote_down_is_refused_with_its_place(payments, bob, query, position):
    with pytest.raises(UntoldOfThePast) as refusal:
        hindsight.list_issues_as_of(actor=bob, as_of=NOW, query=query)

    assert (refusal.value.status, refusal.value.position) == (400, position)
    assert "can’t be told of the past" in refusal.value.message


@pytest.mark.parametrize(("query", "sort"), [("sort:score", ""), ("", "due"), ("", "-users")])
def test_an_order_nobody_wrote_down_is_refused(payments, bob, query, sort):
    with pytest.raises(SearchError, match="can’t be told of the past"):
        hindsight.list_issues_as_of(actor=bob, as_of=NOW, query=query, sort=sort)
    if not query:
        with pytest.raises(SearchError, match="can’t be told of the past"):
            boards.board(actor=bob, asked=Asked(sort=sort, as_of=NOW), now=NOW)


def test_what_retention_took_is_left_out_and_not_told_wrong(payments, bob, events):
    arrive(delta(payments, 1, count=50, first=later(days=-90), last=later(days=-1)))
    events.put([event(1, project=payments.id, fingerprint=1, at=later(days=-1))], token="t")

    page = hindsight.list_issues_as_of(actor=bob, as_of=NOW - timedelta(hours=1), query="")
    assert page.items == [], "it was made after that moment"
    arrive(delta(payments, 1, last=later(hours=1)), at=later(hours=1))
    page = hindsight.list_issues_as_of(actor=bob, as_of=later(minutes=1))

    assert page.uncounted == {page.items[0].id}
    assert hindsight.issue_as_of(actor=bob, key="PAY-1", as_of=later(minutes=1)).counted is False
    assert hindsight.list_issues_as_of(actor=bob, as_of=later(minutes=1), query="count:>1").items == []


def test_before_it_came_there_was_none_and_it_says_since_when(payments, bob, events):
    report("One", bob, at=later(hours=1))

    with pytest.raises(NotThereYet) as refusal:
        hindsight.issue_as_of(actor=bob, key="PAY-1", as_of=NOW)

    assert refusal.value.status == 404
    assert "2026-" in refusal.value.message


def test_what_was_said_is_told_in_the_words_of_the_time(payments, bob, alice, events):
    report("One", bob, description="Old")
    first = operations.comment_on_issue(key="PAY-1", body="First", by=bob, at=later(hours=1))
    second = operations.comment_on_issue(key="PAY-1", body="Second", by=bob, at=later(hours=1))
    operations.edit_comment(comment_id=first.id, body="Better", by=bob, at=later(hours=2))
    operations.edit_comment(comment_id=first.id, body="Best", by=bob, at=later(hours=3))
    operations.delete_comment(comment_id=second.id, by=bob, at=later(hours=3))
    changed = operations.update_issue(key="PAY-1", description="New", by=bob, at=later(hours=2))
    operations.undo(activity_id=changed.activities[0], by=bob, at=later(hours=4))

    def said(hours):
        at = later(hours=hours)
        bodies = [comment.body for comment in hindsight.comments_as_of(actor=bob, key="PAY-1", as_of=at)]
        return bodies, hindsight.issue_as_of(actor=bob, key="PAY-1", as_of=at).description

    assert said(0.5) == ([], "Old")
    assert said(1.5) == (["First", "*This comment was deleted since.*"], "Old")
    assert said(2.5) == (["Better", "*This comment was deleted since.*"], "New")
    assert said(3.5) == (["Best", ""], "New")
    deeds = hindsight.activity_as_of(actor=bob, key="PAY-1", as_of=later(hours=2.5))
    assert [deed.undone_at for deed in deeds] == [None] * len(deeds)
    assert {deed.kind for deed in deeds} == {"created", "commented", "comment_edited", "description"}


def test_a_merged_issue_had_its_own_events_then(payments, bob, events):
    for group, minutes in ((1, 1), (2, 2), (2, 3)):
        at = later(minutes=minutes)
        events.put([event(minutes, project=payments.id, fingerprint=group, at=at)], token=f"{minutes}")
        arrive(delta(payments, group, last=at), at=at)
    operations.merge_issues(into="PAY-1", keys=["PAY-2"], by=bob, at=later(hours=1))

    then = {row.key: row.count for row in hindsight.list_issues_as_of(actor=bob, as_of=later(minutes=30)).items}
    after = {row.key: row.count for row in hindsight.list_issues_as_of(actor=bob, as_of=later(hours=2)).items}

    assert (then, after) == ({"PAY-1": 1, "PAY-2": 2}, {"PAY-1": 3})


READS = {
    "list": lambda a, at: hindsight.list_issues_as_of(actor=a, as_of=at).items,
    "search": lambda a, at: hindsight.search_as_of(actor=a, query="", projects=None, as_of=at).others,
    "issue": lambda a, at: hindsight.issue_as_of(actor=a, key="PAY-1", as_of=at),
    "activity": lambda a, at: hindsight.activity_as_of(actor=a, key="PAY-1", as_of=at),
    "comments": lambda a, at: hindsight.comments_as_of(actor=a, key="PAY-1", as_of=at),
    "board": lambda a, at: boards.board(actor=a, asked=Asked(as_of=at), now=at).total,
}


@pytest.mark.parametrize("name", READS)
def test_another_organisation_has_no_past_here(payments, bob, mallory, events, name):
    report("One", bob)
    operations.comment_on_issue(key="PAY-1", body="Ours", by=bob, at=NOW)
    operations.update_issue(key="PAY-1", priority="High", by=bob, at=later(hours=1))
    at = later(minutes=1)

    assert READS[name](bob, at)
    with suppress(IssueNotFound):
        assert not READS[name](mallory, at)


@pytest.mark.parametrize("size", [3, 60])
def test_looking_back_costs_the_same_questions_whatever_its_size(payments, bob, alice, events, size):
    for number in range(size):
        at = later(minutes=number)
        events.put([event(number, project=payments.id, fingerprint=number, at=at)], token=f"{number}")
        arrive(delta(payments, number, last=at), at=at)
    at = later(days=1)
    for number in range(1, size):
        operations.update_issue(key=f"PAY-{number}", labels=["a"], by=bob, at=later(days=2))
        operations.assign_issue(key=f"PAY-{number}", to="me", deputy=alice.user_id, by=bob, at=later(days=2))
    arrive(*(delta(payments, number, last=later(days=2)) for number in range(size)), at=later(days=2))
    hindsight.list_issues_as_of(actor=bob, as_of=at, query="is:open assignee:bob@shop.example")

    with CaptureQueriesContext(connection) as captured:
        hindsight.list_issues_as_of(actor=bob, as_of=at, query="is:open !assignee:bob@shop.example")

    assert len(captured) <= 18, "\n".join(query["sql"] for query in captured.captured_queries)
