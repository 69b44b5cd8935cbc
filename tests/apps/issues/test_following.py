"""How apps above hear of what happens to issues."""

import pytest

from errata.apps.issues import operations
from errata.apps.issues.models import Activity
from tests.apps.issues.shop import look, report
from tests.conftest import NOW


def test_a_follower_gets_each_activity_once_and_in_order(payments, bob):
    key = report("Slow", bob)
    operations.update_issue(key=key, priority="High", by=bob, at=NOW)
    heard = []

    while operations.follow("test", at=NOW, apply=heard.extend, limit=1):
        pass

    assert [(one.key, one.kind) for one in heard] == [(key, "created"), (key, "priority")]
    assert operations.follow("test", at=NOW, apply=heard.extend) == 0


def test_a_follower_that_begins_now_hears_of_what_comes(payments, bob):
    key = report("Slow", bob)
    heard = []
    operations.follow("test", at=NOW, apply=heard.extend, from_the_beginning=False)

    operations.update_issue(key=key, priority="High", by=bob, at=NOW)
    operations.follow("test", at=NOW, apply=heard.extend, from_the_beginning=False)

    assert [one.kind for one in heard] == ["priority"]


def test_what_a_follower_did_and_its_place_stand_or_fall_together(payments, bob):
    key = report("Slow", bob)

    def apply(_):
        operations.update_issue(key=key, priority="High", by=bob, at=NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        operations.follow("test", at=NOW, apply=apply)

    assert look(key, bob).priority == "Medium"
    assert operations.follow("test", at=NOW, apply=lambda _: None) == 1


def test_what_goes_while_a_follower_looks_ahead_lets_nothing_pass_unseen(payments, bob):
    keys = [report(title, bob) for title in ("Gone", "Slow", "New")]
    ahead = operations.ahead("test", limit=2)
    assert [one.key for one in ahead] == keys[:2]
    Activity.objects.filter(id=ahead[0].id).delete()
    heard = []

    followed = operations.follow("test", at=NOW, apply=heard.extend, ids=[one.id for one in ahead])

    assert (followed, [one.key for one in heard]) == (1, keys[1:2])
    assert [one.key for one in operations.ahead("test")] == keys[2:]


def test_what_is_gone_altogether_holds_up_nobody(payments, bob):
    report("Gone", bob)
    (gone,) = operations.ahead("test")
    report("Slow", bob)
    Activity.objects.filter(id=gone.id).delete()

    assert operations.follow("test", at=NOW, apply=lambda _: None, ids=[gone.id]) == 0
    assert operations.follow("test", at=NOW, apply=lambda _: None) == 1


def test_notes_are_shown_and_change_nothing_that_people_see_as_a_change(payments, bob):
    key = report("Slow", bob)
    row = look(key, bob)

    operations.note_scores({row.id: 7.5})
    operations.note_clocks({row.id: operations.ClockNote(state="at_risk", since=NOW, due_at=NOW)})

    noted = look(key, bob)
    assert (noted.score, noted.clock_state, noted.due_at) == (7.5, "at_risk", NOW)
    assert noted.version == row.version
    assert noted.seq > row.seq
