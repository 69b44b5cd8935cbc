"""What was promised and kept stays so, whatever is renamed, deleted, edited or automated around it."""

from datetime import timedelta

import msgspec
import pytest

from errata.apps.automations import operations as automations
from errata.apps.calendars import operations as calendars
from errata.apps.clocks import keeping, operations, queries
from errata.apps.clocks.models import Clock
from errata.apps.issues import operations as issues
from errata.apps.templates import operations as templates
from errata.apps.templates.types import Scope
from errata.core.sla import ClockPolicy, EscalationStep, Target, parse_week
from errata.core.workflow import DEFAULT
from tests.apps.clocks.turning import DAY, HOUR, read, running, settle, taken
from tests.apps.issues.shop import look
from tests.apps.workflows.test_workflows import renamed
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)
BOTH = ClockPolicy(
    targets=(Target(response_min=60, resolution_min=100),), escalation=(EscalationStep(100, "deputise"),)
)


def office():
    return calendars.draft_definition(zone="Europe/Berlin", week=parse_week(["Mon-Fri 09:00-17:00"]), at=NOW)


def test_a_closed_stage_that_is_renamed_still_ended_its_issues(payments, bob, alice):
    key = running("Slow", bob)
    issues.transition_issue(key=key, to="Closed", reason="duplicate", by=bob, at=NOW + HOUR)
    settle(NOW + HOUR)
    later = NOW + 60 * DAY
    mine = msgspec.structs.replace(renamed(DEFAULT, Closed="Archived"), name="Mine")

    issues.publish_workflow(
        which="", workflow=mine, by=alice, at=later, renamed={"Closed": "Archived"}, projects={"payments": {}}
    )
    settle(later)

    clock = Clock.objects.get(kind="resolution")
    assert (clock.state, clock.stopped_at) == ("met", NOW + HOUR)


def test_a_title_changed_while_clocks_are_recounted_leaves_none_behind(payments, bob, agreed, monkeypatch):
    agreed(ClockPolicy(targets=(Target(resolution_min=100),)))
    key = running("Slow", bob)
    agreed(ClockPolicy(targets=(Target(resolution_min=10),)))
    true = keeping.read

    def reading(ids, *, at):
        found = true(ids, at=at)
        monkeypatch.setattr(keeping, "read", true)
        issues.update_issue(key=key, title="Slower", by=bob, at=at)
        return found

    monkeypatch.setattr(keeping, "read", reading)
    settle(NOW + MINUTE)

    assert Clock.objects.get(kind="resolution").target_s == 600


def test_steps_of_one_go_see_what_those_before_them_did(payments, bob, alice, agreed):
    steps = (EscalationStep(100, "deputise"), EscalationStep(100, "notify", ("assignee",)))
    agreed(ClockPolicy(targets=(Target(resolution_min=100),), escalation=steps))
    key = running("Slow", bob, assignee=bob.email)
    issues.set_deputy(key=key, to=alice.email, by=bob, at=NOW)

    settle(NOW + 100 * MINUTE)

    assert look(key, bob).assignee.email == alice.email
    assert taken()[-1][3] == ("Alice Admin",)


def test_a_priority_is_raised_as_often_as_was_agreed_after_a_stop(payments, bob, agreed):
    steps = (EscalationStep(50, "raise_priority"), EscalationStep(75, "raise_priority"))
    agreed(ClockPolicy(targets=(Target(resolution_min=100),), escalation=steps))
    key = running("Slow", bob, priority="Low")

    settle(NOW + 90 * MINUTE)

    assert look(key, bob).priority == "High"


def test_an_issue_is_handed_over_once_a_run_and_not_back(payments, bob, alice, agreed):
    agreed(BOTH)
    key = running("Slow", bob, assignee=bob.email)
    issues.set_deputy(key=key, to=alice.email, by=bob, at=NOW)

    settle(NOW + 60 * MINUTE)
    settle(NOW + 100 * MINUTE)

    assert look(key, bob).assignee.email == alice.email


def test_what_is_assigned_by_hand_after_a_hand_over_may_be_handed_over_again(payments, bob, alice, olga, agreed):
    agreed(BOTH)
    key = running("Slow", bob, assignee=bob.email)
    issues.set_deputy(key=key, to=alice.email, by=bob, at=NOW)
    settle(NOW + 60 * MINUTE)

    issues.assign_issue(key=key, to=bob.email, deputy=olga.email, by=bob, at=NOW + 70 * MINUTE)
    settle(NOW + 100 * MINUTE)

    assert look(key, bob).assignee.email == olga.email


def test_what_a_rule_does_is_not_the_teams_first_word(payments, olga, bob, events, agreed):
    agreed(ClockPolicy(targets=(Target(response_min=60),)))
    text = "when created\nthen assign bob@shop.example"
    automations.create_automation(name="Ours", text=text, by=olga, at=NOW, mode="on")
    key = running("Slow", bob)

    while automations.follow(NOW + MINUTE):
        pass
    settle(NOW + 2 * MINUTE)

    assert look(key, bob).assignee.email == bob.email
    assert read(key, bob, at=NOW + 5 * MINUTE)["response"].is_live


def test_a_chain_gives_each_their_time_after_a_stop(payments, bob, alice, olga, agreed):
    step = EscalationStep(50, "chain", (bob.email, alice.email, olga.email), every_min=15)
    agreed(ClockPolicy(targets=(Target(resolution_min=100),), escalation=(step,)))
    running("Slow", bob)
    operations.notice(at=NOW + 50 * MINUTE)

    settle(NOW + 110 * MINUTE)

    assert [told for _, _, _, told in taken() if told] == [("Bob Builder",)]


def test_a_new_calendar_that_is_not_the_default_moves_nothing(payments, bob, alice):
    running("Slow", bob)

    preview = queries.preview_calendar(actor=alice, slug="", name="Office", definition=office(), now=NOW)

    assert (preview.moved, preview.flips) == (0, [])


def test_a_calendar_that_is_to_be_the_default_no_longer_is_previewed_so(payments, bob, alice):
    running("Slow", bob)
    calendars.create_calendar(name="Office", definition=office(), is_default=True, by=alice, at=NOW)
    settle(NOW)
    same = {"actor": alice, "slug": "office", "name": "Office", "definition": office(), "now": NOW}

    assert queries.preview_calendar(**same).moved == 0
    assert queries.preview_calendar(**same, is_default=False).moved > 0


def test_a_calendar_is_kept_while_a_template_names_it_or_did(payments, alice):
    calendars.create_calendar(name="Office", definition=office(), by=alice, at=NOW)
    calendars.create_calendar(name="Night", definition=office(), by=alice, at=NOW)
    for number, name in enumerate(("office", "")):
        said = {"maximum_time": {"calendar": name, "targets": [{"resolution_min": 480}]}}
        templates.replace_template(scope=Scope("project", "payments"), document=said, by=alice, at=NOW + number * HOUR)

    with pytest.raises(calendars.CalendarRefused, match="payments goes by it, or did"):
        operations.delete_calendar(slug="office", by=alice, at=NOW + 2 * HOUR)
    operations.delete_calendar(slug="night", by=alice, at=NOW + 2 * HOUR)
