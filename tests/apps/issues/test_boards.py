"""Boards over any query: columns, lanes, pages of cards, and what changed."""

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.apps.accounts.models import Membership
from errata.apps.accounts.permissions import Forbidden
from errata.apps.issues import boards, hindsight, operations, queries
from errata.apps.issues.boards import Asked
from errata.apps.issues.models import Issue
from errata.apps.issues.types import Assignment
from errata.apps.projects import operations as projects
from errata.apps.records import write
from errata.apps.workflows import operations as workflows
from errata.core.fields import CustomField
from errata.core.workflow import Requirement, Rule, Stage, TransitionRefused, Workflow
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, report
from tests.apps.reading import rows_read
from tests.conftest import NOW
from tests.people import crowd


def board(actor, **asked):
    return boards.board(actor=actor, asked=Asked(**asked), now=NOW)


def fail(payments, times):
    """Issues by events, each a minute older than the one before."""
    arrive(*(delta(payments, number, last=later(minutes=-number)) for number in range(times)))


def piles(actor, of=None, lane=None, **asked):
    of = of or board(actor, **asked)
    found = boards.piles(actor=actor, asked=Asked(**asked), of=of, lane=lane)
    return {pile.column.id: [row.key for row in pile.cards] for pile in found}


def test_a_card_stands_in_the_column_of_its_stage(payments, bob):
    report("First", bob)
    report("Second", bob, assignee="me")

    assert {name: keys for name, keys in piles(bob).items() if keys} == {"New": ["PAY-1"], "Assigned": ["PAY-2"]}
    assert board(bob).counts == {"New": 1, "Assigned": 1}


def test_a_board_shows_what_its_query_finds_in_every_project(payments, bob, alice):
    projects.create_project(name="Shop", platform="python", key="SHOP", by=alice, at=NOW)
    report("Broken", bob)
    report("Broken too", bob, project="shop", priority="High")

    assert piles(bob)["New"] == ["SHOP-1", "PAY-1"]
    assert piles(bob, query="priority:High")["New"] == ["SHOP-1"]
    assert piles(bob, projects=[payments.id])["New"] == ["PAY-1"]


def test_a_column_goes_on_where_its_page_ended(payments, bob):
    fail(payments, 330)
    shape = board(bob)
    first = next(pile for pile in boards.piles(actor=bob, asked=Asked(), of=shape) if pile.column.id == "New")
    keys, cursor = [row.key for row in first.cards], first.next
    while cursor:
        page = boards.more(actor=bob, asked=Asked(), column_id="New", cursor=cursor, now=NOW)
        keys += [row.key for row in page.cards]
        cursor = page.next

    assert first.count == 330
    assert len(first.cards) == boards.CARDS
    assert len(keys) == len(set(keys)) == 330


@pytest.mark.parametrize("sort", ["", "priority", "count", "created", "+first_seen"])
def test_a_large_board_deals_the_same_cards_as_a_small_one(payments, bob, monkeypatch, sort):
    fail(payments, 12)
    operations.assign_issue(key="PAY-2", to="me", by=bob, at=NOW)
    small = piles(bob, sort=sort)

    monkeypatch.setattr(boards, "DEALT_MAX", 3)

    assert piles(bob, sort=sort) == small


def test_lanes_cross_the_columns(payments, bob, alice):
    report("One", bob, assignee=bob.email)
    report("Two", bob, assignee=alice.email)
    report("Three", bob)
    shape = board(bob, lanes="assignee")

    assert [(lane.name, lane.count) for lane in shape.lanes] == [("Bob Builder", 1), ("Alice Admin", 1), ("Nobody", 1)]
    assert piles(bob, of=shape, lane=shape.lanes[1], lanes="assignee")["Assigned"] == ["PAY-2"]
    dealt = boards.lane_piles(actor=bob, asked=Asked(lanes="assignee"), of=shape)
    assert [row.key for pile in dealt["none"] for row in pile.cards] == ["PAY-3"]


@pytest.mark.parametrize("lanes", ["assignee", "project", "priority", "severity", "label"])
def test_the_cards_of_lanes_are_the_same_dealt_or_asked_for(payments, bob, monkeypatch, lanes):
    fail(payments, 9)
    operations.update_issue(key="PAY-1", labels=["a", "b"], priority="High", by=bob, at=NOW)
    operations.update_issue(key="PAY-2", labels=["b"], severity="Trivial", by=bob, at=NOW)
    operations.assign_issue(key="PAY-3", to="me", by=bob, at=NOW)
    shape = board(bob, lanes=lanes)
    dealt = boards.lane_piles(actor=bob, asked=Asked(lanes=lanes), of=shape)
    small = {lane: [[row.key for row in pile.cards] for pile in own] for lane, own in dealt.items()}

    monkeypatch.setattr(boards, "DEALT_MAX", 0)
    large = {lane.id: list(piles(bob, of=shape, lane=lane, lanes=lanes).values()) for lane in shape.lanes}

    assert large == small
    assert sum(shape.counts.values()) == 9


def test_lanes_that_there_are_not_are_refused():
    with pytest.raises(boards.LanesUnknown, match="assignee, project"):
        boards.checked_lanes("moon")


def test_of_changed_issues_a_board_takes_those_that_it_shows(payments, bob):
    report("Here", bob, priority="High")
    report("Not here", bob, priority="Low")

    found = boards.among(
        actor=bob, asked=Asked(query="priority:High"), keys=["PAY-1", "PAY-2", "PAY-9", "nonsense", "X-1"], now=NOW
    )

    assert [row.key for row in found] == ["PAY-1"]


def test_where_a_card_may_go_is_what_the_issue_itself_says(payments, bob):
    key = report("One", bob)
    shape = board(bob)
    row = queries.issue(actor=bob, key=key).row

    drops = boards.Drops(shape.columns, bob).of(row)

    assert {name: drop.state for name, drop in drops.items()} == {
        "Assigned": "asks",
        "Revise": "closed",
        "Retest": "closed",
        "Fixed": "closed",
        "Closed": "asks",
    }


@pytest.fixture
def guarded(payments, alice):
    """Payments with four ways out of To do, of which each asks for something else."""
    workflows.save_field(field=CustomField("points", "Points", "number"), by=alice, at=NOW)
    stages = tuple(Stage(name, "active", name) for name in ("Held", "Checked", "Ruled", "Sized"))
    rules = (
        Rule("hold", "Hold", ("To do",), "Held", guards=("holder",)),
        Rule("check", "Check", ("To do",), "Checked", guards=("other",)),
        Rule("rule", "Rule", ("To do",), "Ruled", guards=("admin",)),
        Rule("size", "Size", ("To do",), "Sized", requires=(Requirement(("field.points",), "Say how large it is."),)),
        Rule("close", "Close", ("To do", *(stage.name for stage in stages)), "Done"),
        Rule("reopen", "Reopen", ("Done",), "To do", on="recurrence"),
    )
    begin, end = Stage("To do", "new", "Waits"), Stage("Done", "closed", "Over")
    made = workflows.save_workflow(workflow=Workflow("Guarded", 1, (begin, *stages, end), rules), by=alice, at=NOW)
    operations.adopt_workflow(project="payments", which=made.slug, by=alice, at=NOW)


def test_a_card_may_go_where_who_looks_and_what_is_filled_in_let_it(guarded, bob, alice, olga):
    report("Nobody's", bob)
    report("Bob's", bob)
    report("Sized", bob, fields={"points": 0})
    with write():
        operations.Issue.objects.filter(number=2).update(assignee_id=bob.user_id)

    def ways(actor):
        drops = boards.Drops(board(actor).columns, actor)  # one for all cards, as on the page
        return {
            key: {name: drop.state for name, drop in drops.of(queries.issue(actor=actor, key=key).row).items()}
            for key in ("PAY-1", "PAY-2", "PAY-3")
        }

    seen = {actor.name: ways(actor) for actor in (bob, alice, olga)}

    nobodys = {"Held": "closed", "Checked": "open", "Ruled": "closed", "Sized": "asks", "Done": "open"}
    assert seen["Bob Builder"] == {
        "PAY-1": nobodys,
        "PAY-2": nobodys | {"Held": "open", "Checked": "closed"},
        "PAY-3": nobodys | {"Sized": "open"},
    }
    for name in ("Alice Admin", "Olga Owner"):
        ruler = nobodys | {"Ruled": "open"}
        assert seen[name] == {"PAY-1": ruler, "PAY-2": ruler, "PAY-3": ruler | {"Sized": "open"}}


def test_what_a_board_says_of_a_drop_is_what_happens(guarded, bob, alice):
    for number, actor in enumerate((bob, alice), 1):
        key = report("One", bob, fields={"points": number})
        drops = boards.Drops(board(actor).columns, actor).of(queries.issue(actor=actor, key=key).row)
        for column in ("Ruled", "Sized", "Held"):
            one = report("Another", bob, fields={"points": number})
            if drops[column].state == "open":
                operations.transition_issue(key=one, to=drops[column].to, by=actor, at=NOW)
            else:
                with pytest.raises(TransitionRefused):
                    operations.transition_issue(key=one, to=column, by=actor, at=NOW)


def test_a_stage_that_no_workflow_has_any_more_stands_with_its_category(payments, bob):
    report("One", bob)
    report("Two", bob)
    operations.Issue.objects.filter(number=1).update(stage="Triaged")

    assert sorted(piles(bob)["New"]) == ["PAY-1", "PAY-2"]
    assert board(bob).counts == {"New": 2}


def test_another_organisation_has_a_board_of_its_own(payments, bob, mallory):
    report("Secret", bob)

    assert board(mallory).total == 0
    assert boards.among(actor=mallory, asked=Asked(), keys=["PAY-1"], now=NOW) == []


def test_a_viewer_may_look(payments, bob, carol):
    report("One", bob)

    assert board(carol).total == 1


def test_a_token_that_may_not_read_issues_sees_no_board(payments, bob):
    narrow = msgspec.structs.replace(bob, kind="token", scopes=frozenset({"org:read"}))
    with pytest.raises(Forbidden):
        board(narrow)


@pytest.mark.parametrize("size", [3, 340])
def test_a_board_costs_few_queries_whatever_its_size(payments, bob, size):
    arrive(*(delta(payments, number) for number in range(size)))
    for number in (1, 2, 3):
        operations.assign_issue(key=f"PAY-{number}", to="me", by=bob, at=NOW)
    with CaptureQueriesContext(connection) as captured:
        shape = board(bob)
        boards.piles(actor=bob, asked=Asked(), of=shape)

    # Who sees what (4 + 4), the processes and whether they are still so (3), the counts, a column each, and the rows
    # with their labels and groups.
    assert len(captured) <= 12 + len(shape.counts) + 3, "\n".join(query["sql"] for query in captured.captured_queries)


def test_somebody_has_a_lane_however_many_people_there_are(payments, bob, olga):
    last = crowd(olga, 501)[-1]
    key = report("Slow", bob)
    operations.assign_issues([Assignment(Issue.objects.get().id, last)], by=bob, at=NOW)
    operations.assign_issues([Assignment(Issue.objects.get().id, bob.user_id)], by=bob, at=later(minutes=1))

    then = hindsight.issue_as_of(actor=bob, key=key, as_of=NOW).row
    assert (then.assignee.id, then.assignee.role) == (last, "member")
    operations.assign_issues([Assignment(Issue.objects.get().id, last)], by=bob, at=later(minutes=2))
    with CaptureQueriesContext(connection) as captured:
        assert "0500 of the crowd" in [lane.name for lane in board(bob, lanes="assignee").lanes]
    assert max(rows_read(captured, Membership)) == 1


def test_giving_issues_out_does_not_read_everybody(payments, bob, alice, olga):
    crowd(olga, 100)
    report("Slow", bob)
    given = Assignment(Issue.objects.get().id, alice.user_id, deputy=bob.user_id)

    with CaptureQueriesContext(connection) as captured:
        operations.assign_issues([given], by=bob, at=NOW)

    assert queries.issue(actor=bob, key="PAY-1").row.assignee.id == alice.user_id
    assert max(rows_read(captured, Membership)) == 2
