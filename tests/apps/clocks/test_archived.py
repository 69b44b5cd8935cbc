"""An archived project is put away: nobody is told of its issues, and all goes on once it is back."""

from datetime import timedelta

import pytest

from errata.apps.clocks import keeping, operations, queries
from errata.apps.clocks.models import Chain, Clock
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.notices import operations as notices
from errata.apps.notices import queries as inboxes
from errata.apps.projects import operations as projects
from errata.core.sla import ClockPolicy, EscalationStep, Target
from tests.apps.clocks.turning import running, settle, taken
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)
STEPS = (EscalationStep(50, "notify", ("assignee",)), EscalationStep(90, "notify", ("assignee",)))


@pytest.fixture
def promised(payments, bob, agreed):
    """PAY-1, held by Bob, who is told at 50 and at 90 of its 100 minutes."""
    agreed(ClockPolicy(targets=(Target(resolution_min=100),), escalation=STEPS))
    return running("Slow", bob, assignee=bob.email)


def archive(by, *, at):
    projects.archive_project(which="payments", by=by, at=at)
    settle(at)


def restore(by, *, at):
    projects.restore_project(which="payments", by=by, at=at)
    settle(at)


def told(actor, *, at):
    return inboxes.unread(actor=actor, now=at)


def test_no_clock_of_it_takes_a_step(promised, alice):
    archive(alice, at=NOW + 10 * MINUTE)

    settle(NOW + 200 * MINUTE)

    assert taken() == []
    assert not Clock.objects.filter(next_at__lte=NOW + 200 * MINUTE).exists(), "none is looked at every second"


def test_its_clocks_and_escalations_are_on_no_list(promised, alice, bob):
    settle(NOW + 60 * MINUTE)
    assert len(queries.list_escalations(actor=bob)) == 1

    archive(alice, at=NOW + 61 * MINUTE)

    assert queries.list_clocks(actor=bob, now=NOW + 61 * MINUTE).items == []
    assert queries.list_escalations(actor=bob) == []
    assert queries.count_recounting(actor=bob) == 0


def test_back_in_use_its_clocks_go_on_and_nobody_is_told_of_what_passed_meanwhile(promised, alice, bob):
    archive(alice, at=NOW + 10 * MINUTE)
    settle(NOW + 60 * MINUTE)

    restore(alice, at=NOW + 70 * MINUTE)
    assert taken() == []
    assert Clock.objects.get(kind="resolution").state == "at_risk"
    settle(NOW + 90 * MINUTE)

    assert [step[1] for step in taken()] == [90]


def test_a_project_that_is_back_before_anybody_looked_goes_on_too(promised, alice):
    recounting = keeping.Recounting()
    recounting.turn(NOW)
    projects.archive_project(which="payments", by=alice, at=NOW + 50 * MINUTE)
    operations.notice(at=NOW + 50 * MINUTE)
    projects.restore_project(which="payments", by=alice, at=NOW + 50 * MINUTE)

    while recounting.turn(NOW + 51 * MINUTE):
        pass
    operations.notice(at=NOW + 90 * MINUTE)

    assert [step[1] for step in taken()] == [90]


def test_a_chain_waits_and_goes_on(payments, alice, bob, agreed):
    chain = EscalationStep(50, "chain", to=("assignee", "watchers"), every_min=10)
    agreed(ClockPolicy(targets=(Target(resolution_min=100),), escalation=(chain,)))
    running("Slow", bob, assignee=bob.email)
    settle(NOW + 50 * MINUTE)
    assert Chain.objects.get().link == 1

    archive(alice, at=NOW + 55 * MINUTE)
    settle(NOW + 80 * MINUTE)
    assert Chain.objects.get().link == 1
    restore(alice, at=NOW + 85 * MINUTE)

    assert Chain.objects.get().link == 2


def test_nobody_is_told_of_what_happens_in_it(promised, alice, bob):
    notices.listen(at=NOW)
    before = told(bob, at=NOW)
    archive(alice, at=NOW)

    issues.comment_on_issue(key="PAY-1", body=f"@{bob.email} look", by=alice, at=NOW)
    notices.listen(at=NOW)
    assert told(bob, at=NOW) == before
    restore(alice, at=NOW)
    issues.comment_on_issue(key="PAY-1", body=f"@{bob.email} look again", by=alice, at=NOW)
    notices.listen(at=NOW)

    assert told(bob, at=NOW) == before + 1


def test_a_retest_of_it_rests(promised, alice, bob):
    issues.transition_issue(key="PAY-1", to="Retest", by=bob, at=NOW)
    assert [one.key for one in issue_queries.verifying()] == ["PAY-1"]

    archive(alice, at=NOW)

    assert issue_queries.verifying() == []
