"""Scores: kept by a follower and by rounds, explained part by part, tried before they are saved."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.accounts import operations as accounts
from errata.apps.designations import scores, standings
from errata.apps.designations.measures import measures_of, recent_counts
from errata.apps.issues import operations as issues
from errata.apps.issues import queries
from errata.apps.issues.measuring import measured
from errata.apps.projects import operations as projects
from errata.apps.templates import operations as templates
from errata.apps.templates.types import Scope
from errata.core.ranking import RankingRefused
from errata.ports import Ports, current, installed
from errata.ports.event_store import StoreUnavailable
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive, find, look, report
from tests.conftest import NOW
from tests.web import shop

PROJECT = Scope("project", "payments")


@pytest.fixture
def ranked(payments, olga, events):
    """Payments, ranked by what a test says."""

    def by(expression, scope=PROJECT):
        templates.change_template(scope=scope, ranking=expression, by=olga, at=NOW)

    return by


def follow(at=NOW):
    while scores.follow_scores(at):
        pass


def test_a_new_issue_is_ranked_as_soon_as_it_is_heard_of(ranked, payments, bob):
    ranked("users + severity * 30")
    arrive(delta(payments, 1, users=["u1", "u2"]))
    follow()

    assert look("PAY-1", bob).score == 22


def test_what_people_change_is_ranked_anew(ranked, bob):
    ranked('priority * 10 + label("vip") * 100 + client_value')
    key = report("Slow", bob)
    issues.update_issue(key=key, priority="High", labels=["VIP", "client-value:8"], by=bob, at=NOW)
    follow()

    assert look(key, bob).score == 118


def test_lists_are_sorted_and_searched_by_score(ranked, payments, bob):
    ranked("users")
    arrive(*(delta(payments, number, users=[f"u{one}" for one in range(number)]) for number in (1, 3, 2)))
    follow()

    assert find("sort:score", bob) == ["PAY-2", "PAY-3", "PAY-1"]
    assert find("score:>=2 sort:+score", bob) == ["PAY-3", "PAY-2"]
    assert find("", bob, sort="score", limit=1) == ["PAY-2"]


def test_pages_of_a_list_by_score_go_on_where_they_ended(ranked, payments, bob):
    ranked("users * 0.1")
    arrive(*(delta(payments, number, users=[f"u{one}" for one in range(number)]) for number in (1, 2, 3, 4)))
    follow()
    seen, cursor = [], None
    while True:
        page = issues_page(bob, cursor)
        seen += [row.key for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["PAY-4", "PAY-3", "PAY-2", "PAY-1"]


def issues_page(actor, cursor):
    return queries.list_issues(actor=actor, now=NOW, sort="score", cursor=cursor, limit=1)


def test_a_comment_costs_no_ranking(ranked, bob):
    ranked("users")
    key = report("Slow", bob)
    follow()
    issues.note_scores({look(key, bob).id: 99.0})
    issues.comment_on_issue(key=key, body="Still", by=bob, at=NOW)
    follow()

    assert look(key, bob).score == 99


def test_a_score_that_stays_is_not_written(ranked, bob):
    ranked("priority")
    key = report("Slow", bob)
    follow()
    seq = look(key, bob).seq
    rounds = scores.Rounds()

    rounds.slice(NOW)

    assert look(key, bob).seq == seq


def test_rounds_rank_every_open_issue_in_slices(ranked, payments, bob, monkeypatch):
    monkeypatch.setattr(scores, "SLICE_ISSUES", 2)
    ranked("age_days")
    arrive(*(delta(payments, number) for number in range(5)))
    issues.transition_issue(key="PAY-5", to="dismiss", reason="won't fix", by=bob, at=NOW)
    later, rounds, slices = NOW + timedelta(days=3), scores.Rounds(), 1
    while rounds.slice(later):
        slices += 1

    assert slices == 3
    assert [look(f"PAY-{number}", bob).score for number in range(1, 6)] == [3, 3, 3, 3, 0]


def test_a_round_begins_when_it_is_due_or_when_a_template_changed(ranked, payments, bob):
    ranked("1")
    arrive(delta(payments, 1))
    rounds = scores.Rounds()
    rounds.slice(NOW)
    ranked("2")
    rounds.slice(NOW)
    assert look("PAY-1", bob).score == 2

    issues.note_scores({look("PAY-1", bob).id: 9.0})
    rounds.slice(NOW + timedelta(seconds=scores.ROUND_S - 1))
    assert look("PAY-1", bob).score == 9
    rounds.slice(NOW + timedelta(seconds=scores.ROUND_S))
    assert look("PAY-1", bob).score == 2


@pytest.mark.parametrize("size", [3, 40])
def test_a_slice_costs_the_same_queries_whatever_its_size(ranked, payments, size):
    ranked("users + rate")
    arrive(*(delta(payments, number, users=["u"]) for number in range(size)))
    rounds = scores.Rounds()

    with CaptureQueriesContext(connection) as captured:
        rounds.slice(NOW)

    assert len(captured) <= 14, "\n".join(query["sql"] for query in captured.captured_queries)


def test_rate_and_trend_count_the_last_day_and_the_one_before(payments, events, olga):
    times = [NOW - timedelta(hours=hours) for hours in (1, 2, 3, 5, 30, 31, 60)]
    shop.fail(payments, number=0, at=NOW, times=times)
    row = measured(actor=olga, key="PAY-1")

    assert recent_counts([row], at=NOW) == {row.id: (4, 2)}
    measures = measures_of(row, {row.id: (4, 2)}, at=NOW)
    assert (measures.rate, measures.trend) == (0.17, 1.67)


def test_the_clock_is_a_share_of_its_time(payments, bob, events):
    key = report("Slow", bob)
    note = issues.ClockNote(state="at_risk", since=NOW - timedelta(hours=3), due_at=NOW + timedelta(hours=1))
    issues.note_clocks({look(key, bob).id: note})

    measures = measures_of(measured(actor=bob, key=key), {}, at=NOW)

    assert (measures.clock, measures.at_risk, measures.breached) == (0.75, 1, 0)


class SilentStore(MemoryEventStore):
    def sparklines(self, *_, **__):
        raise StoreUnavailable


def test_while_the_event_store_is_away_scores_stay_and_explanations_say_so(ranked, payments, olga, bob):
    ranked("rate * 100 + users")
    shop.fail(payments, number=0, at=NOW)
    arrive(delta(projects.create_project(name="Other", platform="python", by=olga, at=NOW), 1, users=["u1"]))
    with installed(Ports(journals=current().journals, events=SilentStore(), blobs=current().blobs)):
        follow()
        assert look("PAY-1", bob).score == 0
        assert "event store" in standings.standing(actor=bob, key="PAY-1", at=NOW).partial
        ranked("users * 3", Scope("project", "other"))
        assert not scores.Rounds().slice(NOW)
        assert (look("PAY-1", bob).score, look("OTH-1", bob).score) == (0, 3), "who doesn't ask it is ranked"


def test_an_expression_that_no_version_reads_any_more_stops_nobody(ranked, payments, bob, monkeypatch):
    arrive(delta(payments, 1))
    monkeypatch.setattr(scores, "template_of", lambda _: type("Template", (), {"ranking": "severity & old"}))

    scores.Rounds().slice(NOW)

    assert look("PAY-1", bob).score > 0


def test_a_standing_has_the_parts_the_place_and_whose_basis_it_is(ranked, payments, bob):
    ranked("users * 2 + severity")
    arrive(*(delta(payments, number, users=[f"u{one}" for one in range(number)]) for number in (1, 2, 3)))
    follow()

    found = standings.standing(actor=bob, key="PAY-2", at=NOW)

    assert [(part.text, part.value) for part in found.summands] == [("users * 2", 4), ("severity", 0.67)]
    assert (found.score, found.noted, found.above, found.open) == (4.67, 4.67, 1, 3)
    assert (found.source.origin, found.source.number, found.source.by_name) == ("project", 1, "Olga Owner")


def test_a_trial_shows_what_moves_and_writes_nothing(ranked, payments, bob):
    ranked("users")
    arrive(
        *(delta(payments, number, users=[f"u{one}" for one in range(number)], count=9 - number) for number in (1, 2, 3))
    )
    follow()

    trial = standings.try_ranking(actor=bob, scope=PROJECT, expression="count", at=NOW)

    assert [(each.key, each.before, each.after) for each in trial.up] == [("PAY-1", 3, 1)]
    assert [(each.key, each.before, each.after) for each in trial.down] == [("PAY-3", 1, 3)]
    assert (trial.issues, trial.moved, trial.projects, trial.cut) == (3, 2, 1, False)
    assert [each.key for each in trial.top] == ["PAY-1", "PAY-2", "PAY-3"]
    assert look("PAY-1", bob).score == 1
    with pytest.raises(RankingRefused):
        standings.try_ranking(actor=bob, scope=PROJECT, expression="count *", at=NOW)


def test_a_trial_looks_at_the_projects_it_would_hold_for(ranked, payments, olga, alice):
    accounts.create_team(name="Money", by=alice, at=NOW)
    projects.update_project(which="payments", team="money", by=alice, at=NOW)
    projects.create_project(name="Other", platform="python", by=alice, at=NOW)
    projects.create_project(name="Third", platform="python", by=alice, at=NOW)
    report("One", olga)
    report("Two", olga, project="other")
    ranked("users", Scope("project", "third"))
    report("Three", olga, project="third")

    def keys(scope):
        trial = standings.try_ranking(actor=olga, scope=scope, expression="age_days", at=NOW)
        return sorted(each.key for each in trial.top)

    assert keys(Scope()) == ["OTH-1", "PAY-1"]
    assert keys(Scope("team", "money")) == ["PAY-1"]
    assert keys(Scope("project", "third")) == ["THI-1"]
    ranked("users", Scope("team", "money"))
    assert keys(Scope()) == ["OTH-1"]


def test_another_organisation_sees_no_standing_and_tries_nothing_here(ranked, payments, bob, mallory):
    report("Ours", bob)

    with pytest.raises(issues.IssueNotFound):
        standings.standing(actor=mallory, key="PAY-1", at=NOW)
    assert standings.try_ranking(actor=mallory, scope=Scope(), expression="users", at=NOW).issues == 0
