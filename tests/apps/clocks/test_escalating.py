"""What happens as a clock runs out: each step once, in order, whatever the machine's clock does."""

from datetime import timedelta

import pytest

from errata.apps.accounts.permissions import Forbidden
from errata.apps.clocks import operations, queries
from errata.apps.clocks.models import Chain, Clock
from errata.apps.issues import operations as issues
from errata.apps.notices import queries as notices
from errata.core.sla import ClockPolicy, EscalationStep, Target
from tests.apps.clocks.turning import HOUR, running, settle, taken
from tests.apps.issues.shop import kinds, look
from tests.apps.notices.shop import hook
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def policy(*steps, **others):
    return ClockPolicy(targets=(Target(resolution_min=100),), escalation=steps, **others)


def test_each_step_is_taken_once_at_its_time(payments, bob, agreed):
    agreed(policy(EscalationStep(75, "notify", ("assignee",)), EscalationStep(100, "notify", ("assignee", "watchers"))))
    key = running("Slow", bob, assignee=bob.email)

    settle(NOW + 74 * MINUTE)
    assert taken() == []
    settle(NOW + 75 * MINUTE)
    settle(NOW + 76 * MINUTE)
    assert taken() == [("resolution", 75, "notify", ("Bob Builder",))]
    settle(NOW + 100 * MINUTE)
    settle(NOW + 300 * MINUTE)

    assert [step[1] for step in taken()] == [75, 100]
    assert kinds(key, bob).count("escalated") == 2


def test_a_jump_forward_takes_all_steps_in_order_and_a_jump_back_none_again(payments, bob, agreed):
    agreed(policy(*(EscalationStep(percent, "notify", ("assignee",)) for percent in (90, 50, 100, 75))))
    running("Slow", bob, assignee=bob.email)

    settle(NOW + 30 * 24 * HOUR)
    assert [step[1] for step in taken()] == [50, 75, 90, 100]
    for at in (NOW, NOW + 60 * MINUTE, NOW - 24 * HOUR, NOW + 80 * MINUTE, NOW + 40 * 24 * HOUR):
        settle(at)

    assert len(taken()) == 4


def test_a_restart_between_reading_and_writing_takes_it_once(payments, bob, agreed, monkeypatch):
    agreed(policy(EscalationStep(75, "notify", ("assignee",))))
    running("Slow", bob, assignee=bob.email)

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("errata.apps.clocks.keeping.save", dies)
        with pytest.raises(KeyboardInterrupt):
            operations.notice(at=NOW + 80 * MINUTE)
    assert taken() == []

    settle(NOW + 80 * MINUTE)
    assert len(taken()) == 1


def test_the_deputy_takes_over_and_who_held_it_stands_by(payments, bob, alice, agreed):
    agreed(policy(EscalationStep(90, "deputise")))
    key = running("Slow", bob, assignee=bob.email)
    issues.set_deputy(key=key, to=alice.email, by=bob, at=NOW)

    settle(NOW + 90 * MINUTE)

    row = look(key, bob)
    assert (row.assignee.email, row.deputy.email) == (alice.email, bob.email)
    assert taken() == [("resolution", 90, "deputise", ("Alice Admin", "Bob Builder"))]


def test_without_a_deputy_the_step_says_so_and_the_next_is_taken(payments, bob, agreed):
    agreed(policy(EscalationStep(90, "deputise"), EscalationStep(100, "notify", ("assignee", "on_duty"))))
    key = running("Slow", bob, assignee=bob.email)

    settle(NOW + 100 * MINUTE)

    told = queries.issue_clocks(actor=bob, key=key, now=NOW + 100 * MINUTE).escalations
    assert [step.outcome for step in told] == ["Told Bob Builder", "It has no deputy to hand over to"]


def test_the_priority_is_raised_as_far_as_it_goes(payments, bob, agreed):
    agreed(policy(EscalationStep(50, "raise_priority"), EscalationStep(75, "raise_priority")))
    key = running("Slow", bob)

    settle(NOW + 50 * MINUTE)
    assert look(key, bob).priority == "High"
    settle(NOW + 90 * MINUTE)

    told = queries.issue_clocks(actor=bob, key=key, now=NOW + 100 * MINUTE).escalations
    assert told[0].outcome == "Its priority is High already"


def test_a_chain_goes_on_until_somebody_acknowledges(payments, bob, alice, olga, agreed):
    people = (bob.email, alice.email, olga.email)
    agreed(policy(EscalationStep(50, "chain", people, every_min=5)))
    key = running("Slow", bob)

    settle(NOW + 50 * MINUTE)
    settle(NOW + 54 * MINUTE)
    assert [step[3] for step in taken()] == [(), ("Bob Builder",)]
    settle(NOW + 55 * MINUTE)
    assert taken()[-1][3] == ("Alice Admin",)
    operations.acknowledge(key=key, by=alice, at=NOW + 56 * MINUTE)
    settle(NOW + 90 * MINUTE)

    assert len(taken()) == 3
    assert Chain.objects.get().ended == "Alice Admin acknowledged"
    assert [kind for kind in kinds(key, bob) if kind != "clock"][-1] == "acknowledged"


def test_a_chain_that_nobody_answers_ends_and_one_whose_clock_stops_too(payments, bob, alice, agreed):
    agreed(policy(EscalationStep(50, "chain", (bob.email, alice.email))))
    unheard, closed = running("A", bob), running("B", bob)
    settle(NOW + 51 * MINUTE)

    issues.transition_issue(key=closed, to="Closed", reason="duplicate", by=bob, at=NOW + 52 * MINUTE)
    settle(NOW + 3 * HOUR)

    ended = dict(Chain.objects.values_list("issue_id", "ended"))
    assert ended == {look(unheard, bob).id: "Nobody acknowledged", look(closed, bob).id: "The clock has stopped"}
    assert len(taken()) == 2 + 2 + 1


def test_acknowledging_is_a_response_and_a_viewer_may_not(payments, bob, carol, agreed):
    agreed(ClockPolicy(targets=(Target(response_min=60),)))
    key = running("Slow", bob)

    with pytest.raises(Forbidden):
        operations.acknowledge(key=key, by=carol, at=NOW + MINUTE)
    operations.acknowledge(key=key, by=bob, at=NOW + MINUTE)
    settle(NOW + MINUTE)

    assert Clock.objects.get().state == "met"


def test_a_longer_promise_is_escalated_anew_when_it_runs_out(payments, bob, agreed):
    targets = (Target(priority="High", resolution_min=10), Target(resolution_min=100))
    agreed(ClockPolicy(targets=targets, escalation=(EscalationStep(100, "notify", ("assignee",)),)))
    key = running("Slow", bob, assignee=bob.email, priority="High")
    settle(NOW + 10 * MINUTE)

    issues.update_issue(key=key, priority="Low", by=bob, at=NOW + 11 * MINUTE)
    settle(NOW + 11 * MINUTE)
    settle(NOW + 100 * MINUTE)

    assert len(taken()) == 2


def test_a_paused_clock_escalates_nothing(payments, bob, agreed):
    agreed(policy(EscalationStep(50, "notify", ("assignee",))))
    key = running("Slow", bob, assignee=bob.email)
    issues.wait_on(key=key, on="the bank", by=bob, at=NOW + 10 * MINUTE)

    settle(NOW + 10 * MINUTE)
    settle(NOW + 10 * HOUR)
    assert taken() == []

    issues.wait_on(key=key, on="", by=bob, at=NOW + 10 * HOUR)
    settle(NOW + 10 * HOUR + 39 * MINUTE)
    assert taken() == []
    settle(NOW + 10 * HOUR + 40 * MINUTE)
    assert len(taken()) == 1


def test_old_issues_wake_nobody_when_clocks_begin(payments, bob, agreed):
    from tests.apps.issues.shop import report

    agreed(policy(EscalationStep(50, "notify", ("assignee",)), EscalationStep(100, "notify", ("assignee",))))
    key = report("Old", bob, assignee=bob.email)

    settle(NOW + 60 * MINUTE)
    assert (look(key, bob).clock_state, taken()) == ("at_risk", [])
    settle(NOW + 100 * MINUTE)

    assert [step[1] for step in taken()] == [100]


def test_a_step_tells_a_channel_and_says_so(payments, bob, alice, agreed):
    hook(alice, name="On call", kind="slack")
    agreed(policy(EscalationStep(75, "notify", ("assignee", 'channel:"On call"', "channel:gone"))))
    key = running("Slow", bob, assignee=bob.email)

    settle(NOW + 75 * MINUTE)
    settle(NOW + 76 * MINUTE)

    assert taken() == [("resolution", 75, "notify", ("Bob Builder", "On call"))]
    [posted] = [one for one in notices.deliveries(actor=alice) if one.channel == "On call"]
    assert (posted.key, posted.kind, posted.text) == (key, "escalated", f"The resolution time of {key} is at 75 %.")
