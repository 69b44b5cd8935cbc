"""Rules at work, and what they would have done."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.apps.accounts.permissions import Forbidden
from errata.apps.automations import live, operations, queries
from errata.apps.automations.models import Run
from errata.apps.automations.operations import AutomationRefused, NothingToUndo, RunNotFound
from errata.apps.automations.views import AutomationNotFound
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as reads
from errata.apps.issues.models import Issue
from errata.apps.notices import queries as notices
from errata.apps.workflows import operations as workflows
from errata.core.automation import RuleRefused
from errata.core.errors import Refusal
from errata.core.fields import CustomField
from errata.core.sla import ClockPolicy, Target
from tests.apps.clocks.turning import running, settle
from tests.apps.facts import delta, later
from tests.apps.issues.shop import arrive, kinds, look, report
from tests.apps.notices.shop import hook
from tests.apps.reading import rows_read
from tests.conftest import NOW
from tests.contracts.signals import event

pytestmark = pytest.mark.usefixtures("events")
START = later(hours=-12)


def rule(text, by, *, name="Ours", mode="on", at=START, **others):
    return operations.create_automation(name=name, text=text, by=by, at=at, mode=mode, **others)


def work(at=NOW, *, clocks=False):
    if clocks:
        settle(at)
    while operations.follow(at):
        pass
    operations.look(at)


def runs(name, actor):
    return [(run.key, run.outcome) for run in queries.list_runs(actor=actor, which=name)][::-1]


def test_what_a_rule_says_is_done_once_and_in_its_name(payments, olga, bob, alice):
    rule(
        "when created\nif severity:Critical\nthen assign bob@shop.example\nthen label urgent\nthen priority High", olga
    )
    report("Down", alice, severity="Critical", at=START)
    report("Slow", alice, at=START)

    work()
    work()

    row = look("PAY-1", bob)
    assert (row.assignee.email, row.priority, [label.name for label in row.labels]) == (bob.email, "High", ["urgent"])
    assert look("PAY-2", bob).assignee is None
    assert runs("Ours", bob) == [("PAY-1", "did")]
    assert kinds("PAY-1", bob).count("assignee") == 1
    assert issues_by_rule("PAY-1", bob) == {"Rule “Ours”"}


def issues_by_rule(key, actor):
    return {one.actor_name for one in reads.activity(actor=actor, key=key) if one.actor_kind == "system"}


def test_a_dry_rule_tells_and_does_nothing(payments, olga, alice):
    rule("when created\nthen label urgent", olga, mode="dry")
    report("Down", alice, at=START)

    work()

    assert runs("Ours", olga) == [("PAY-1", "dry")]
    assert look("PAY-1", olga).labels == []


def test_a_rule_that_is_off_or_not_yet_there_does_nothing(payments, olga, alice):
    report("Before", alice, at=later(hours=-13))
    rule("when created\nthen label urgent", olga)
    rule("when created\nthen label other", olga, name="Off", mode="off")

    work()

    assert (runs("Ours", olga), runs("Off", olga)) == ([], [])


def test_an_issue_is_asked_as_it_was_when_it_happened(payments, olga, bob, alice):
    """The rule comes late; what the issue has become meanwhile is no matter."""
    rule("when stage Retest\nif priority:High\nthen label checked", olga)
    report("Down", alice, priority="High", at=START)
    issues.assign_issue(key="PAY-1", to=bob.email, by=alice, at=START)
    issues.transition_issue(key="PAY-1", to="Retest", by=bob, at=START)
    issues.update_issue(key="PAY-1", priority="Low", by=bob, at=START)

    work()

    assert runs("Ours", olga) == [("PAY-1", "did")]


@pytest.mark.parametrize(
    "asked",
    [
        "is:blocked",
        "parent:PAY-1",
        "has:parent",
        "creator:alice@shop.example",
        "watcher:bob@shop.example",
        '"by night"',
    ],
)
def test_a_rule_asks_what_lists_do_not_show(payments, olga, bob, alice, asked):
    rule(f"when field priority\nif {asked}\nthen label caught", olga)
    report("Above", bob, at=START)
    report("Down", alice, parent="PAY-1", description="Only by night", at=START)
    issues.watch_issue(key="PAY-2", by=bob, at=START)
    issues.link_issues(key="PAY-1", kind="blocks", other="PAY-2", by=bob, at=START)
    for key in ("PAY-1", "PAY-2"):
        issues.update_issue(key=key, priority="High", by=olga, at=START)

    work()

    assert ("PAY-2", "did") in runs("Ours", olga)
    assert len(runs("Ours", olga)) == (2 if asked.startswith("watcher") else 1)


def test_rules_do_not_answer_each_other(payments, olga, alice):
    rule("when field priority\nthen severity Critical", olga, name="One")
    rule("when field severity\nthen priority High", olga, name="Two")
    report("Down", alice, at=START)
    issues.update_issue(key="PAY-1", priority="Low", by=alice, at=START)

    for _ in range(3):
        work()

    assert (runs("One", olga), runs("Two", olga)) == ([("PAY-1", "did")], [])


def test_limits_hold_and_are_told(payments, olga, alice):
    rule("when created\nthen label urgent\nlimit 2 an hour", olga)
    for number in range(4):
        report(f"Down {number}", alice, at=START + timedelta(minutes=number))

    work()

    assert [outcome for _, outcome in runs("Ours", olga)] == ["did", "did", "limited", "limited"]


def test_what_cannot_be_done_is_told_and_the_rest_is_done(payments, olga, alice):
    rule("when created\nthen assign nobody@shop.example\nthen label urgent", olga)
    report("Down", alice, at=START)

    work()

    [run] = queries.list_runs(actor=olga, which="Ours")
    assert "Nobody in the organisation" in run.did[0]["refused"]
    assert [label.name for label in look("PAY-1", olga).labels] == ["urgent"]


def test_a_number_that_nobody_has_is_told_and_stops_nothing(payments, olga, alice):
    rule("when created\nthen assign 99999999999999999999\nthen label urgent", olga)
    report("Down", alice, at=START)

    work()

    [run] = queries.list_runs(actor=olga, which="Ours")
    assert "Nobody in the organisation" in run.did[0]["refused"]
    assert [label.name for label in look("PAY-1", olga).labels] == ["urgent"]


def test_a_rule_tells_a_channel_and_says_when_there_is_nobody(payments, olga, alice):
    hook(alice, name="#alerts", kind="slack")
    rule("when created\nthen notify channel:#alerts", olga)
    rule("when created\nthen notify deputy channel:gone", olga, name="Nobody")
    report("Down", alice, at=START)

    work()
    work()

    [posted] = notices.deliveries(actor=alice)
    assert (posted.channel, posted.key, posted.text) == ("#alerts", "PAY-1", "Ours: Down")
    assert (runs("Ours", olga), runs("Nobody", olga)) == ([("PAY-1", "did")], [("PAY-1", "failed")])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("then priority Urgent", "Low, Medium, High"),
        ("then stage Nowhere", "Retest"),
        ("then notify bob", "names nobody to tell"),
        ("when stage Nowhere", "Retest"),
    ],
)
def test_what_is_nothing_here_is_refused_before_it_fails_every_time(payments, olga, line, says):
    text = f"{line}\nthen label x" if line.startswith("when") else f"when created\n{line}"
    with pytest.raises(RuleRefused, match=says):
        rule(text, olga)


def test_a_run_is_undone(payments, olga, bob, alice):
    rule("when created\nthen assign bob@shop.example\nthen label urgent", olga)
    report("Down", alice, at=START)
    work()
    [run] = queries.list_runs(actor=olga, which="Ours")

    operations.undo_run(run_id=run.id, by=olga, at=NOW)

    row = look("PAY-1", olga)
    assert (row.assignee, row.labels, row.stage) == (None, [], "New")
    assert queries.list_runs(actor=olga, which="Ours")[0].undone_at == NOW


def test_what_a_rule_said_is_taken_back_too_and_once(payments, olga, bob, alice):
    rule("when created\nthen comment Look here\nthen notify assignee", olga)
    rule("when created\nthen notify alice@shop.example", olga, name="Tells")
    report("Down", alice, at=START)
    work()
    [run], [told] = (queries.list_runs(actor=olga, which=name) for name in ("Ours", "Tells"))

    assert operations.undo_run(run_id=run.id, by=bob, at=NOW) == 1

    [comment] = reads.comments(actor=olga, key="PAY-1")
    assert comment.deleted
    for number in (run.id, told.id):
        with pytest.raises(NothingToUndo):
            operations.undo_run(run_id=number, by=olga, at=NOW)
    assert queries.list_runs(actor=olga, which="Tells")[0].undone_at is None


def burst(payments, events, minutes, *, fingerprint=1, environment="production"):
    """An event in each of these minutes after START."""
    for number, minute in enumerate(minutes):
        at = START + timedelta(minutes=minute, seconds=number % 50)
        made = event(
            10_000 * fingerprint + 10 * minute + number % 10,
            project=payments.id,
            fingerprint=fingerprint,
            at=at,
            environment=environment,
            user=f"id:{number}",
        )
        events.put([made], token=f"{fingerprint}-{number}-{minute}")
        arrive(delta(payments, fingerprint, last=at, users=[f"id:{number}"]), at=at)


def test_events_that_come_fast_fire_a_rule_once_in_their_time(payments, olga, events):
    rule("when events 5 in 10m\nif environment:production\nthen priority High", olga)
    burst(payments, events, [1, 2, 3, 3, 4, 5, 6, 60, 61])
    burst(payments, events, [1] * 9, fingerprint=2, environment="staging")

    work()
    work()

    assert runs("Ours", olga) == [("PAY-1", "did")]
    assert look("PAY-1", olga).priority == "High"


def test_many_people_fire_a_rule_once(payments, olga, events):
    rule("when users 4\nthen label widespread", olga)
    burst(payments, events, [1, 2, 3])
    work(later(hours=-6))
    assert runs("Ours", olga) == []
    burst(payments, events, [400, 401])
    work(later(hours=-5))
    assert runs("Ours", olga) == []

    burst(payments, events, range(500, 506))
    work()
    work()

    assert runs("Ours", olga) == [("PAY-1", "did")]


def test_a_clock_that_comes_to_a_mark_fires_a_rule_once(payments, olga, bob, agreed):
    agreed(ClockPolicy(targets=(Target(response_min=200, resolution_min=100),)))
    rule("when clock resolution 75\nthen priority High", olga, name="Late")
    rule("when clock breached\nthen label late", olga, name="Over")
    key = running("Slow", bob, at=START, priority="Low")

    for minute in (74, 75, 76, 60, 99):
        work(START + timedelta(minutes=minute), clocks=True)
    assert (runs("Late", olga), runs("Over", olga)) == ([(key, "did")], [])
    for hours in (2, 5, 9):
        work(START + timedelta(hours=hours), clocks=True)

    assert look(key, olga).priority == "High"
    assert (runs("Late", olga), runs("Over", olga)) == ([(key, "did")], [(key, "did"), (key, "did")])
    marks = [tuple(one.after.values()) for one in reads.activity(actor=olga, key=key) if one.kind == "clock"]
    assert len(marks) == len(set(marks)) == 8


def test_what_a_new_policy_makes_late_fires_no_rule(payments, olga, bob, agreed):
    agreed(ClockPolicy(targets=(Target(resolution_min=1000),)))
    rule("when clock\nthen label late", olga)
    running("Slow", bob, at=START)

    agreed(ClockPolicy(targets=(Target(resolution_min=10),)))
    work(START + timedelta(minutes=30), clocks=True)

    assert runs("Ours", olga) == []


def test_any_field_that_changes_fires_a_rule_and_a_custom_one_by_its_name(payments, olga, bob):
    workflows.save_field(field=CustomField("customer", "Customer", "text"), by=olga, at=START)
    rule("when field field.customer\nthen label told", olga, name="Customer")
    rule("when field waiting_on\nthen label waits", olga, name="Waits")
    rule("when field\nthen severity Critical", olga, name="Any")
    report("Down", bob, at=START)
    issues.update_issue(key="PAY-1", fields={"customer": "Acme"}, by=bob, at=START)
    issues.wait_on(key="PAY-1", on="Acme", by=bob, at=START)

    work()

    assert [len(runs(name, olga)) for name in ("Customer", "Waits", "Any")] == [1, 1, 2]
    with pytest.raises(RuleRefused, match=r"field\.customer"):
        rule("when field field.nothing\nthen label x", olga, name="Nothing")


def test_a_backtest_says_when_so_many_people_had_met_it(payments, olga, bob, events):
    burst(payments, events, range(100, 106))
    issues.update_issue(key="PAY-1", priority="High", by=bob, at=START + timedelta(minutes=200))

    told = queries.backtest(actor=olga, text="when users 4\nthen label a", now=NOW)

    [example] = told.examples
    assert (example.at, example.acted_on, told.partial) == (START + timedelta(minutes=103), True, "")


def test_a_backtest_says_what_nobody_keeps_by_time(payments, olga):
    asked = queries.backtest(actor=olga, text="when created\nif clock:breached is:blocked\nthen label a", now=NOW)

    assert asked.partial.startswith("clock, is:blocked: nobody keeps")


TEXTS = [
    "when created\nif severity:>=Major\nthen label a",
    "when created\nthen label a\nlimit 3 an hour",
    "when stage Retest\nif priority:High\nthen label a",
    "when field priority\nif is:unassigned\nthen label a\nlimit once in 2h an issue",
    "when assigned\nif type:Task label:x\nthen label a",
    "when commented\nif comments:>=2\nthen label a",
    "when events 3 in 15m\nthen label a",
    "when events 2 in 5m\nif is:open priority:>=Medium\nthen label a\nlimit 4 an hour",
    "when users 3\nthen label a\nlimit 1 an hour",
    "when users 2\nif is:unassigned\nthen label a",
    "when clock\nif is:unassigned\nthen label a\nlimit 3 an hour",
    "when clock resolution breached\nthen label a",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_backtest_says_what_the_rule_did_live(payments, olga, bob, alice, events, agreed, text, seed):
    urgent, other = Target(priority="High", resolution_min=60), Target(response_min=60, resolution_min=240)
    agreed(ClockPolicy(targets=(urgent, other)))
    clocks = "clock" in text  # Other rules need none, and they take most of the time.
    work(START, clocks=clocks)
    rule(text, olga, mode="dry")
    chance = random.Random(seed)
    for step in range(70):
        at = START + timedelta(minutes=step * 9 + chance.randrange(8), seconds=chance.randrange(60))
        happen(chance, payments, events, bob, alice, at, step)
        if chance.random() < 0.4:
            work(at + timedelta(seconds=chance.randrange(1, 60)), clocks=clocks)
    work(clocks=clocks)

    told = queries.backtest(actor=olga, text=text, now=NOW + timedelta(seconds=1), days=1)

    did = [run for run in queries.list_runs(actor=olga, which="Ours", limit=500) if run.outcome == "dry"]
    limited = [run for run in queries.list_runs(actor=olga, which="Ours", limit=500) if run.outcome == "limited"]
    assert (told.firings, told.limited) == (len(did), len(limited))
    assert [(one.key, one.at) for one in told.examples] == [(run.key, run.at) for run in did[:20]]


def happen(chance, payments, events, bob, alice, at, step):
    """Something that people or programs do."""
    keys = [f"PAY-{number}" for number in range(1, 6)]
    kind = chance.choice(["report", "change", "label", "assign", "move", "comment", "event", "event", "event"])
    try:
        match kind:
            case "report":
                report(f"No. {step}", alice, severity=chance.choice(["Minor", "Major", "Critical"]), at=at)
            case "change":
                issues.update_issue(key=chance.choice(keys), priority=chance.choice(["Low", "High"]), by=bob, at=at)
            case "label":
                issues.update_issue(key=chance.choice(keys), labels=chance.choice([["x"], []]), by=bob, at=at)
            case "assign":
                issues.assign_issue(key=chance.choice(keys), to=chance.choice([bob.email, None]), by=alice, at=at)
            case "move":
                issues.transition_issue(
                    key=chance.choice(keys), to=chance.choice(["Retest", "Assigned"]), by=bob, at=at
                )
            case "comment":
                issues.comment_on_issue(key=chance.choice(keys), body="Hm", by=bob, at=at)
            case "event":
                fingerprint = chance.randrange(1, 3)
                user = f"id:{chance.randrange(5)}"
                made = event(10_000 + step, project=payments.id, fingerprint=fingerprint, at=at, user=user)
                events.put([made], token=f"s{step}")
                arrive(delta(payments, fingerprint, last=at), at=at)
    except Refusal:
        pass


@pytest.mark.parametrize("when", ["created", "events 1 in 1m"])
def test_a_backtest_asks_the_records_as_often_for_many_firings_as_for_few(payments, olga, bob, alice, events, when):
    text = f"when {when}\nif is:open !label:late !watcher:alice@shop.example assignee:none\nthen label a"
    queries.backtest(actor=olga, text=text, now=NOW)  # From then on the words of the organisation are remembered.
    asked, fired = [], []
    for round_of in range(2):
        for number in range(1, 4):
            fingerprint = 10 * round_of + number
            burst(payments, events, range(20 * round_of, 20 * (round_of + 1), 2), fingerprint=fingerprint)
            issues.update_issue(key=f"PAY-{3 * round_of + number}", labels=["late"], by=bob, at=NOW)
        with CaptureQueriesContext(connection) as captured:
            told = queries.backtest(actor=olga, text=text, now=NOW, days=1)
        asked.append(len(captured))
        fired.append(told.firings + told.limited)

    assert fired[1] == 2 * fired[0] > 0
    assert asked[1] == asked[0]


def test_a_rule_rests_after_its_last_firing_alone(payments, olga, events):
    """However many there were, and whether they acted or not."""
    rule("when events 2 in 10m\nthen label a\nlimit 1 an hour", olga)
    burst(payments, events, [0, 1, 12, 13])
    work(START + timedelta(minutes=14))
    burst(payments, events, [20, 21])
    work(START + timedelta(minutes=22))
    burst(payments, events, [24, 25])
    work(START + timedelta(minutes=26))

    fired = [run.at - START for run in queries.list_runs(actor=olga, which="Ours")][::-1]
    assert fired == [timedelta(minutes=minutes) for minutes in (1, 13, 23)]


def test_a_look_reads_no_more_of_a_long_log_than_of_a_short_one(payments, olga, events):
    rule("when events 2 in 10m\nthen label a", olga)
    burst(payments, events, [0, 1, 20])
    work(START + timedelta(minutes=19))
    run = Run.objects.get()
    at = START + timedelta(minutes=12)
    again = {"automation_id": run.automation_id, "issue_id": run.issue_id, "at": at, "outcome": "limited"}
    Run.objects.bulk_create(Run(cause=f"again {number}", **again) for number in range(300))

    with CaptureQueriesContext(connection) as captured:
        operations.look(START + timedelta(minutes=21))

    assert max(rows_read(captured, Run)) == 1


def test_a_backtest_tells_who_acted_and_changes_nothing(payments, olga, bob, alice):
    report("Down", alice, at=START)
    report("Slow", alice, at=START)
    issues.assign_issue(key="PAY-1", to=bob.email, by=bob, at=START + timedelta(hours=1))

    told = queries.backtest(actor=olga, text="when created\nthen label urgent", now=NOW, days=7)

    assert (told.firings, told.issues, told.acted_on) == (2, 2, 1)
    assert not Run.objects.exists()
    assert look("PAY-1", olga).labels == []


def test_rules_are_changed_switched_and_deleted(payments, olga):
    made = rule("when created\nthen label urgent", olga, mode="dry")
    operations.update_automation(which="Ours", text="when regressed\nthen label back", by=olga, at=NOW)
    operations.set_mode(which=str(made.id), mode="on", by=olga, at=NOW)

    [shown] = queries.list_automations(actor=olga, now=NOW)
    assert (shown.text, shown.mode) == ("when regressed\nthen label back", "on")
    operations.delete_automation(which="ours", by=olga, at=NOW)
    assert queries.list_automations(actor=olga, now=NOW) == []


def test_what_cannot_be_a_rule_is_refused(payments, olga, bob):
    rule("when created\nthen label urgent", olga)
    with pytest.raises(AutomationRefused):
        rule("when created\nthen label urgent", olga, name="OURS")
    with pytest.raises(AutomationRefused):
        rule("when created\nthen label urgent", olga, name=" ")
    with pytest.raises(RuleRefused):
        rule("then", olga, name="Other")
    with pytest.raises(Forbidden):
        rule("when created\nthen label urgent", bob, name="Bob's")


def test_others_rules_are_nobodys_business(payments, olga, mallory, heist, alice):
    rule("when created\nthen label urgent", olga)
    rule("when created\nthen label stolen", mallory)
    report("Down", alice, at=START)
    work()

    assert runs("Ours", mallory) == []
    assert [label.name for label in look("PAY-1", olga).labels] == ["urgent"]
    [run] = queries.list_runs(actor=olga, which="Ours")
    with pytest.raises(RunNotFound):
        operations.undo_run(run_id=run.id, by=mallory, at=NOW)
    operations.delete_automation(which="Ours", by=mallory, at=NOW)
    with pytest.raises(AutomationNotFound):
        queries.automation(actor=mallory, which="Ours")
    assert queries.automation(actor=olga, which="Ours").mode == "on"


def test_runs_that_did_nothing_are_forgotten_and_fire_nothing_again(payments, olga, alice, events):
    rule("when created\nthen label a\nlimit 1 an hour", olga, name="Held back")
    rule("when created\nthen label b", olga, name="Dry", mode="dry")
    rule("when users 2\nthen label c", olga, name="Many", mode="dry")
    rule("when events 2 in 10m\nthen label d", olga, name="Fast", mode="dry")
    report("Down", alice, at=START)
    report("Slow", alice, at=START)
    burst(payments, events, [0, 1, 2])
    work(START + timedelta(minutes=5))
    names = ("Held back", "Dry", "Many", "Fast")
    before = [[outcome for _, outcome in runs(name, olga)] for name in names]
    assert before == [["did", "limited", "limited"], ["dry", "dry", "dry"], ["dry"], ["dry"]]

    assert not operations.forget_idle_runs(before=START)
    assert [[outcome for _, outcome in runs(name, olga)] for name in names] == before
    operations.forget_idle_runs(before=START + timedelta(hours=1))
    work(START + timedelta(days=2))

    assert [[outcome for _, outcome in runs(name, olga)] for name in names] == [["did"], [], ["dry"], []]


def test_runs_are_forgotten_in_slices(payments, olga, alice):
    made = rule("when created\nthen label a", olga, mode="dry")
    report("Down", alice, at=START)
    one = {"automation_id": made.id, "issue_id": look("PAY-1", olga).id, "at": START, "outcome": "dry"}
    Run.objects.bulk_create(Run(cause=f"a{number}", **one) for number in range(501))

    assert operations.forget_idle_runs(before=NOW)
    assert not operations.forget_idle_runs(before=NOW)
    assert not Run.objects.exists()


def test_a_rule_with_the_name_of_one_that_is_gone_tells_for_itself(payments, olga, alice, events):
    told = []
    for users, minutes in ((2, range(3)), (4, range(20, 24))):
        rule(f"when users {users}\nthen notify alice@shop.example", olga, name="Many")
        burst(payments, events, minutes)
        operations.look(START + timedelta(minutes=max(minutes) + 1))
        told.append([notice.kind for line in inbox_of(alice) for notice in line.notices])
        operations.delete_automation(which="Many", by=olga, at=NOW)

    assert told == [["automation"], ["automation", "automation"]]


def inbox_of(actor):
    return notices.inbox(actor=actor, now=NOW).lines


def test_a_rule_misses_nothing_though_a_project_goes_meanwhile(payments, olga, alice, monkeypatch):
    """What was looked at is gone before the transaction: what came after it is looked at next."""
    rule("when created\nthen label a", olga)
    report("Gone", alice, at=START)
    decide = live._decide

    def while_deciding(followed):
        decided = decide(followed)
        if any(one.key == "PAY-1" for one in followed):
            report("Slow", alice, at=START)
            Issue.objects.filter(number=1).delete()
        return decided

    monkeypatch.setattr(live, "_decide", while_deciding)
    work()
    work()

    assert [label.name for label in look("PAY-2", olga).labels] == ["a"]
