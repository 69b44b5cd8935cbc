"""How probably a clock runs out is learnt from how a project's issues went, and so is what could be promised."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.apps.clocks import operations, queries
from errata.apps.clocks.models import Learnt
from errata.apps.clocks.queries import ClockFilter
from errata.apps.issues import operations as issues
from errata.apps.projects import operations as projects
from errata.apps.projects.queries import ProjectNotFound
from errata.core.sla import ClockPolicy, Target
from tests.apps.clocks.turning import DAY, HOUR, running, settle
from tests.apps.issues.shop import report
from tests.conftest import NOW

LATER = NOW + 10 * DAY


@pytest.fixture
def promised(agreed):
    """A day to resolve, nothing else."""
    agreed(ClockPolicy(targets=(Target(resolution_min=24 * 60),)))


def resolve(count, by, *, after, **others):
    """Issues that were closed some time after they came."""
    keys = [report(f"{after} {number}", by, at=NOW, **others) for number in range(count)]
    settle(NOW)
    for key in keys:
        issues.transition_issue(key=key, to="Closed", reason="duplicate", by=by, at=NOW + after)
    settle(LATER)


def learn(at=LATER):
    while operations.learn_due(at=at):
        pass


def risk(key, actor, *, at, kind=None):
    items = queries.list_clocks(actor=actor, now=at, chosen=ClockFilter(kind=kind)).items
    return next(item.probability for item in items if item.issue.key == key)


def test_under_thirty_resolved_issues_nothing_is_foretold(promised, payments, bob):
    resolve(29, bob, after=HOUR)
    learn()
    key = running("New", bob, at=LATER)

    told = risk(key, bob, at=LATER)

    assert told.value is None
    assert told.reasons == ("Not enough data: it takes thirty resolved issues",)
    assert queries.list_advice(actor=bob, which="payments") == []


def test_a_kind_of_issue_that_takes_long_is_at_more_risk_and_says_so(promised, payments, bob):
    resolve(40, bob, after=2 * HOUR, type="UI/UX")
    resolve(40, bob, after=40 * HOUR, type="Security")
    learn()
    quick, slow = (running(kind, bob, at=LATER, type=kind) for kind in ("UI/UX", "Security"))

    low, high = (risk(key, bob, at=LATER + HOUR) for key in (quick, slow))

    assert low.value < 0.3 < 0.7 < high.value
    assert any(reason.startswith("UI/UX: resolved") for reason in low.reasons)
    assert any(reason.startswith("Security: takes") for reason in high.reasons)
    assert high.reasons[-1] == "Learnt from 80 resolved issues"
    assert len(high.reasons) <= 4


def test_only_the_time_to_resolve_is_foretold(agreed, payments, bob):
    agreed(ClockPolicy(targets=(Target(response_min=60, resolution_min=24 * 60),)))
    resolve(30, bob, after=HOUR)
    learn()
    key = running("New", bob, at=LATER)

    assert risk(key, bob, at=LATER, kind="response").reasons == ("Only the time to resolve is foretold",)
    assert risk(key, bob, at=LATER, kind="resolution").value is not None


def test_a_forecast_is_the_sum_of_what_the_list_says_of_each(promised, payments, bob):
    resolve(40, bob, after=2 * HOUR, type="UI/UX")
    resolve(40, bob, after=40 * HOUR, type="Security")
    learn()
    for number in range(6):
        running(f"New {number}", bob, at=LATER, type="UI/UX" if number % 2 else "Security")

    at = LATER + HOUR
    found = queries.forecast(actor=bob, now=at)

    listed = queries.list_clocks(actor=bob, now=at, chosen=ClockFilter(kind="resolution")).items
    assert found.expected == pytest.approx(sum(item.probability.value for item in listed))
    assert (found.covered, found.beyond, found.untold) == (6, 0, 0)
    assert 2 < found.expected < 4
    assert queries.forecast(actor=bob, now=at, chosen=ClockFilter(assignee="none", kind="response")).covered == 6
    assert queries.forecast(actor=bob, now=LATER + 2 * DAY).covered == 0, "what is late is no forecast"


def test_a_forecast_covers_the_clocks_due_first_and_counts_the_others(promised, payments, alice, bob, monkeypatch):
    projects.create_project(name="Web", platform="python", by=alice, at=NOW)
    resolve(40, bob, after=2 * HOUR)
    learn()
    for number in range(5):
        running(f"New {number}", bob, at=LATER + number * HOUR)
    running("Elsewhere", bob, at=LATER, project="web")
    costs = []
    for most in (3, 1):
        monkeypatch.setattr(queries, "FORECAST_MAX", most)
        with CaptureQueriesContext(connection) as captured:
            found = queries.forecast(actor=bob, now=LATER + 5 * HOUR)
        costs.append(len(captured))
        assert (found.covered, found.beyond, found.untold) == (most, 5 - most, 1)

    assert costs[0] == costs[1] <= 14


def test_without_enough_history_nothing_is_forecast(promised, payments, bob, mallory):
    resolve(29, bob, after=HOUR)
    learn()
    running("New", bob, at=LATER)

    found = queries.forecast(actor=bob, now=LATER)

    assert (found.expected, found.covered, found.untold) == (None, 0, 1)
    assert queries.forecast(actor=mallory, now=LATER).untold == 0


def test_it_is_learnt_anew_after_a_day(promised, payments, bob):
    resolve(30, bob, after=HOUR)
    learn()
    resolve(30, bob, after=2 * HOUR)

    learn(LATER + 23 * HOUR)
    assert Learnt.objects.get().issues == 30
    learn(LATER + 25 * HOUR)
    assert Learnt.objects.get().issues == 60


def test_what_could_be_promised_is_told_by_priority_and_severity(promised, payments, bob):
    resolve(30, bob, after=2 * HOUR, priority="High", severity="Critical")
    resolve(30, bob, after=40 * HOUR, priority="Low", severity="Minor")
    learn()

    urgent, calm = queries.list_advice(actor=bob, which="payments")

    assert (urgent.priority, urgent.severity, urgent.advice.verdict) == ("High", "Critical", "generous")
    assert (urgent.advice.p80, urgent.advice.kept, urgent.advice.promised) == (120, 1.0, 1440)
    assert (calm.priority, calm.severity, calm.advice.verdict) == ("Low", "Minor", "impossible")
    assert (calm.advice.p80, calm.advice.kept) == (2400, 0.0)


def test_a_merged_issue_teaches_nothing(promised, payments, bob):
    into, *merged = (report(f"Copy {number}", bob, at=NOW) for number in range(40))
    resolve(30, bob, after=HOUR)
    issues.merge_issues(into=into, keys=merged, by=bob, at=NOW + HOUR)
    settle(LATER)

    learn()

    assert Learnt.objects.get().issues == 30


def test_another_tenant_learns_nothing_of_it(promised, payments, bob, mallory):
    resolve(30, bob, after=HOUR)
    learn()

    with pytest.raises(ProjectNotFound):
        queries.list_advice(actor=mallory, which="payments")


def test_learning_walks_through_the_projects_once(promised, payments, alice, bob):
    projects.create_project(name="Web", platform="python", by=alice, at=NOW)
    for project in ("payments", "web"):
        resolve(30, bob, after=HOUR, project=project)

    turns = [operations.learn_due(at=LATER + timedelta(minutes=number)) for number in range(3)]

    assert turns == [True, True, False]
    assert set(Learnt.objects.values_list("project__slug", flat=True)) == {"payments", "web"}
