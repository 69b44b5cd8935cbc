"""My work, and what is due when."""

from datetime import timedelta

from errata.apps.issues import agenda, operations
from errata.apps.issues.operations import ClockNote
from errata.apps.records import write
from tests.apps.issues.shop import look, report
from tests.conftest import NOW


def due(key, actor, at, state="running"):
    with write():
        operations.note_clocks({look(key, actor).id: ClockNote(state=state, since=NOW, due_at=at)})


def work(actor, now=NOW):
    return agenda.my_work(actor=actor, now=now)


def keys(rows):
    return [row.key for row in rows]


def test_what_i_hold_stands_by_its_due_date_and_then_by_its_priority(payments, bob):
    for title, priority in (("One", "Low"), ("Two", "High"), ("Three", "Low"), ("Four", "Low")):
        report(title, bob, assignee="me", priority=priority)
    due("PAY-3", bob, NOW + timedelta(hours=9))
    due("PAY-4", bob, NOW + timedelta(hours=3))

    assert keys(work(bob).held) == ["PAY-4", "PAY-3", "PAY-2", "PAY-1"]


def test_a_fix_to_check_waits_for_who_reported_it_and_is_no_longer_held(payments, bob, alice):
    report("One", alice, assignee=bob.email)
    operations.transition_issue(key="PAY-1", to="Retest", by=bob, at=NOW)

    assert keys(work(alice).to_retest) == ["PAY-1"]
    assert keys(work(bob).to_retest) == ["PAY-1"]
    assert work(bob).held == []


def test_who_is_named_is_waited_for_until_they_do_something(payments, bob, alice):
    report("One", bob)
    operations.comment_on_issue(key="PAY-1", body="@alice, what do you think?", by=bob, at=NOW)
    assert keys(work(alice).mentioned) == ["PAY-1"]
    assert work(bob).mentioned == []

    operations.comment_on_issue(key="PAY-1", body="Yes.", by=alice, at=NOW + timedelta(minutes=1))
    assert work(alice).mentioned == []

    operations.comment_on_issue(key="PAY-1", body="@alice really?", by=bob, at=NOW + timedelta(minutes=2))
    assert keys(work(alice, NOW + timedelta(minutes=3)).mentioned) == ["PAY-1"]


def test_a_deputy_sees_what_they_stand_in_for(payments, bob, alice):
    report("One", bob, assignee=bob.email)
    operations.set_deputy(key="PAY-1", to=alice.email, by=bob, at=NOW)

    assert keys(work(alice).deputised) == ["PAY-1"]
    assert not work(alice).empty


def test_nothing_waits_for_who_has_nothing(payments, bob, mallory):
    report("One", bob, assignee=bob.email)

    assert work(mallory).empty


def test_the_calendar_has_what_is_due_in_its_time(payments, bob, mallory):
    for number, hours in enumerate((-30, 5, 50), start=1):
        report(f"{number}", bob)
        due(f"PAY-{number}", bob, NOW + timedelta(hours=hours))

    rows, total = agenda.due_between(actor=bob, since=NOW, until=NOW + timedelta(days=1), now=NOW)

    assert (keys(rows), total) == (["PAY-2"], 1)
    assert agenda.overdue(actor=bob, before=NOW, now=NOW) == 1
    assert agenda.due_between(actor=mallory, since=NOW, until=NOW + timedelta(days=1), now=NOW) == ([], 0)
