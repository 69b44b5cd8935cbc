"""Issues get their people by themselves, once, with the reason."""

from datetime import timedelta

import pytest

from errata.apps.accounts import operations as accounts
from errata.apps.audit import queries as audit
from errata.apps.designations import following, operations, queries
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.projects import operations as projects
from errata.ports import Ports, installed
from errata.ports import current as ports
from errata.ports.event_store import StoreUnavailable
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive, kinds, look, report
from tests.people import NOW
from tests.web import shop


def deeds(key, actor, kind="assignee"):
    return [deed for deed in issue_queries.activity(actor=actor, key=key) if deed.kind == kind]


def test_a_new_issue_gets_an_owner_and_a_deputy_with_the_reason(rules, turn, payments, bob, dave):
    rules("path:shop/basket.py #money choose=least_load")
    shop.fail(payments, number=0, at=NOW)

    turn()

    row = look("PAY-1", bob)
    assert (row.assignee.email, row.deputy.email, row.stage) == (bob.email, dave.email, "Assigned")
    [deed] = deeds("PAY-1", bob)
    assert (deed.actor_kind, deed.actor_name) == ("system", "Errata")
    assert deed.reason == "path:shop/basket.py matched shop/basket.py; least load of 2"
    outcome = queries.decision(actor=bob, key="PAY-1").outcome
    assert deed.evidence["designation"]["matched"]["what"] == outcome.matched.what == "shop/basket.py"
    assert [one.why for one in outcome.declined] == ["may look, not work"]
    assert deeds("PAY-1", bob, "deputy")[0].reason == "next by the same rule, of 2"
    logged = [entry for entry in audit.list_entries(actor=_owner(bob)).items if entry.action == "issue.assigned"]
    assert "least load of 2" in logged[0].after["reason"]


def _owner(actor):
    from msgspec.structs import replace

    return replace(actor, role="owner")


def test_the_same_activities_are_acted_on_once(rules, turn, payments, bob):
    rules("* #money")
    shop.fail(payments, number=0, at=NOW)
    turn()
    before = kinds("PAY-1", bob)
    issues.assign_issue(key="PAY-1", to=None, by=bob, at=NOW)

    turn()
    operations.Designating().turn(NOW)

    assert look("PAY-1", bob).assignee is None, "who takes an assignee away means it"
    assert kinds("PAY-1", bob)[: len(before)] == before


def test_what_a_person_assigned_stays_theirs(rules, turn, payments, bob, dave):
    rules("* bob@shop.example")
    shop.fail(payments, number=0, at=NOW)
    issues.assign_issue(key="PAY-1", to=dave.email, by=dave, at=NOW)

    turn()

    assert look("PAY-1", bob).assignee.email == dave.email


def test_an_issue_written_by_hand_is_designated_too(rules, turn, payments, bob):
    rules("type:task bob@shop.example")
    key = report("Write it down", bob)

    turn()

    assert look(key, bob).assignee.email == bob.email


def test_an_issue_that_comes_back_to_nobody_gets_somebody(rules, turn, payments, bob, dave, olga):
    rules("* bob@shop.example")
    arrive(delta(payments, 1))
    issues.assign_issue(key="PAY-1", to=dave.email, by=bob, at=NOW)
    for stage in ("Retest", "Fixed"):
        issues.transition_issue(key="PAY-1", to=stage, comment="Seen to work.", by=bob, at=NOW)
    turn()
    assert look("PAY-1", bob).assignee.email == dave.email
    accounts.deactivate_user(user_id=dave.user_id, by=olga, at=NOW)
    arrive(delta(payments, 1, last=NOW + timedelta(hours=1)), at=NOW + timedelta(hours=1))

    turn(NOW + timedelta(hours=1))

    row = look("PAY-1", bob)
    assert (row.stage, row.assignee.email) == ("Revise", bob.email), "Dave has left"


def test_sent_back_to_new_it_stays_with_nobody(rules, turn, payments, bob):
    rules("* bob@shop.example")
    key = report("Slow", bob, assignee=bob.email)
    issues.transition_issue(key=key, to="return", by=bob, at=NOW)

    turn()

    assert look(key, bob).assignee is None


def test_round_robin_goes_round_over_batches_and_restarts(rules, payments, bob, dave):
    rules("* #money choose=round_robin")
    held = []
    for number in range(1, 7):
        arrive(delta(payments, number))
        operations.Designating().turn(NOW)
        held.append(look(f"PAY-{number}", bob).assignee.email)

    assert held == [bob.email, dave.email] * 3


def test_a_batch_is_shared_out_by_load(rules, turn, payments, bob, dave):
    rules("* #money choose=least_load")
    arrive(*[delta(payments, number, level="fatal" if number == 1 else "info") for number in range(1, 11)])

    turn()

    held = [look(f"PAY-{number}", bob).assignee.email for number in range(1, 11)]
    assert held[0] == bob.email
    assert held[1:] == [dave.email] * 8 + [bob.email], "eight trivial ones weigh as much as a critical one"


def test_the_team_of_the_project_takes_what_no_rule_is_about(rules, turn, payments, money, bob, olga):
    rules("path:nowhere/* olga@shop.example")
    projects.update_project(which=payments.id, team=money.slug, by=olga, at=NOW)
    shop.fail(payments, number=0, at=NOW)

    turn()

    assert look("PAY-1", bob).assignee.email == bob.email
    assert deeds("PAY-1", bob)[0].reason == "no rule matched, and the team owns the project; least load of 2"


def test_without_a_rule_for_it_an_issue_has_nobody_and_a_reason(rules, turn, payments, bob):
    rules("path:nowhere/* bob@shop.example")
    shop.fail(payments, number=0, at=NOW)

    turn()

    assert look("PAY-1", bob).assignee is None
    assert queries.decision(actor=bob, key="PAY-1").outcome.reason == "none of 1 rules is about it"
    assert issue_queries.count_unassigned(actor=bob) == {payments.id: 1}


def test_switched_off_nobody_is_designated(rules, turn, payments, bob, olga):
    rules("* bob@shop.example")
    operations.set_ownership(which="payments", enabled=False, by=olga, at=NOW)
    arrive(delta(payments, 1))

    turn()

    assert look("PAY-1", bob).assignee is None


def test_who_is_away_is_stood_in_for(rules, turn, payments, bob, dave):
    rules("* bob@shop.example")
    day = timedelta(days=1)
    operations.add_absence(who="me", since=NOW - day, until=NOW + day, stand_in=dave.email, by=bob, at=NOW)
    arrive(delta(payments, 1))

    turn()

    assert look("PAY-1", bob).assignee.email == dave.email
    assert deeds("PAY-1", bob)[0].reason.endswith("stands in for Bob Builder, who is away")


def test_a_codeowners_file_decides_by_its_last_line(rules, turn, payments, bob, dave, olga):
    rules("")
    file = "* bob@shop.example\n/shop/ @drivers\n"
    operations.set_ownership(which="payments", codeowners=file, owners={"@drivers": dave.email}, by=olga, at=NOW)
    shop.fail(payments, number=0, at=NOW)

    turn()

    assert look("PAY-1", bob).assignee.email == dave.email


@pytest.mark.parametrize("away_s", [1, 60])
def test_while_the_event_store_is_away_it_waits_and_then_goes_by_the_records(rules, payments, events, bob, away_s):
    rules("module:shop.basket bob@shop.example")
    shop.fail(payments, number=0, at=NOW)
    designating = operations.Designating()
    with silent():
        assert designating.turn(NOW) is False
        assert look("PAY-1", bob).assignee is None
        designating.turn(NOW + timedelta(seconds=away_s))
    if away_s < following.PATIENCE.total_seconds():
        assert look("PAY-1", bob).assignee is None
        designating.turn(NOW + timedelta(seconds=away_s + 2))
    assert look("PAY-1", bob).assignee.email == bob.email


def test_what_got_nobody_for_want_of_its_event_is_looked_at_again(rules, payments, events, bob):
    rules("tags.region:eu-central bob@shop.example")
    shop.fail(payments, number=0, at=NOW)
    designating = operations.Designating()
    with silent():
        designating.turn(NOW)
        designating.turn(NOW + following.PATIENCE)
        assert queries.decision(actor=bob, key="PAY-1").outcome.complete is False
        with pytest.raises(StoreUnavailable):
            operations.revisit(NOW)

    operations.revisit(NOW)

    assert look("PAY-1", bob).assignee.email == bob.email
    assert operations.revisit(NOW) is False


class silent:  # noqa: N801 (reads as a statement)
    """The event store's process is down."""

    def __enter__(self):
        now = ports()

        class Silent(type(now.events)):
            def _silent(self, *args, **kwargs):
                raise StoreUnavailable

            event = events = read = _silent

        self.ports = installed(Ports(journals=now.journals, events=Silent(), blobs=now.blobs))
        self.ports.__enter__()

    def __exit__(self, *error):
        self.ports.__exit__(*error)


def test_another_organisations_people_get_nothing(rules, turn, payments, heist, mallory, bob):
    rules("* mallory@rival.example\n* bob@shop.example")
    arrive(delta(payments, 1), delta(heist, 1))

    turn()

    assert look("PAY-1", bob).assignee.email == bob.email
    assert look("PAY-1", mallory).assignee is None


def test_a_crash_before_the_end_leaves_no_trace_and_the_next_turn_does_it(rules, turn, payments, bob, monkeypatch):
    rules("* bob@shop.example")
    arrive(delta(payments, 1), delta(payments, 2))
    whole = following.deciding.apply

    def breaks(decided, **others):
        assert whole(decided, **others)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(following.deciding, "apply", breaks)
        with pytest.raises(ZeroDivisionError):
            turn()
    assert [look(key, bob).assignee for key in ("PAY-1", "PAY-2")] == [None, None]

    turn()

    assert [len(deeds(key, bob)) for key in ("PAY-1", "PAY-2")] == [1, 1]


def test_more_than_a_slice_is_done_in_one_turn(rules, turn, payments, bob):
    rules("* #money choose=round_robin")
    arrive(*[delta(payments, number) for number in range(1, 61)])

    assert turn() is False

    assert issue_queries.count_unassigned(actor=bob) == {}
