"""How apps above hear of what happens to issues."""

import pytest

from errata.apps.audit import queries as audit
from errata.apps.issues import operations, queries
from errata.apps.issues.models import Activity, Issue
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


class Follower:
    """Follows with some faults in it, and is minded as the clock minds its duties."""

    def __init__(self, *faults, looks_ahead=False, limit=4):
        self.faults = set(faults)
        self._looks_ahead, self._limit = looks_ahead, limit

    def run(self, *, turns=60):
        tries = 0
        for _ in range(turns):
            try:
                ahead = operations.ahead("test", limit=self._limit)
                ids = [one.id for one in ahead] if self._looks_ahead else None
                operations.follow("test", at=NOW, apply=self._apply, limit=self._limit, ids=ids)
                tries = 0
            except ZeroDivisionError as error:
                tries += 1
                operations.stumbled("test", tries=tries, reason=repr(error), at=NOW)

    def _apply(self, found):
        for one in found:
            if one.key in self.faults:
                raise ZeroDivisionError(one.key)
            operations.note_scores({one.issue_id: Issue.objects.get(id=one.issue_id).score + 1})


def seen():
    """How often the effect of each activity is there, by its key."""
    return {f"PAY-{number}": score for number, score in Issue.objects.values_list("number", "score")}


@pytest.mark.parametrize("looks_ahead", [False, True])
def test_an_activity_that_trips_a_follower_is_set_aside_and_all_others_have_their_effect_once(
    payments, bob, looks_ahead
):
    keys = [report(f"Issue {number}", bob) for number in range(12)]

    Follower("PAY-6", looks_ahead=looks_ahead).run()

    assert seen() == dict.fromkeys(keys, 1) | {"PAY-6": 0}
    [aside] = queries.set_aside()
    assert (aside.follower, aside.key, aside.kind) == ("test", "PAY-6", "created")
    assert "ZeroDivisionError" in aside.reason
    assert queries.count_set_aside() == {"test": 1}


def test_one_that_trips_for_a_moment_sets_nothing_aside(payments, bob):
    report("Slow", bob)
    follower = Follower("PAY-1")
    follower.run(turns=2)
    follower.faults.clear()

    follower.run()

    assert (seen(), queries.set_aside()) == ({"PAY-1": 1}, [])


@pytest.mark.parametrize("looks_ahead", [False, True])
def test_what_was_set_aside_has_its_effect_once_when_it_is_tried_again_after_a_fix(payments, bob, looks_ahead):
    keys = [report(f"Issue {number}", bob) for number in range(5)]
    follower = Follower("PAY-2", "PAY-4", looks_ahead=looks_ahead)
    follower.run()
    follower.faults.discard("PAY-2")
    late = report("Late", bob)

    assert operations.try_again(follower="test", by=bob, at=NOW) == 2
    follower.run()

    assert seen() == dict.fromkeys([*keys, late], 1) | {"PAY-4": 0}, "the other is set aside again, and nothing waits"
    assert [(one.key, one.again) for one in queries.set_aside()] == [("PAY-4", False)]
    told = audit.list_entries(actor=bob, action="follower.retried").items
    assert [(entry.target, entry.after) for entry in told] == [("test", {"activities": 2})]


def test_what_goes_with_its_project_is_not_tried_again(payments, bob):
    report("Gone", bob)
    follower = Follower("PAY-1")
    follower.run()
    operations.try_again(by=bob, at=NOW)
    Issue.objects.all().delete()
    report("Slow", bob)

    follower.run()

    assert (seen(), queries.set_aside()) == ({"PAY-2": 1}, [])


def test_notes_are_shown_and_change_nothing_that_people_see_as_a_change(payments, bob):
    key = report("Slow", bob)
    row = look(key, bob)

    operations.note_scores({row.id: 7.5})
    operations.note_clocks({row.id: operations.ClockNote(state="at_risk", since=NOW, due_at=NOW)})

    noted = look(key, bob)
    assert (noted.score, noted.clock_state, noted.due_at) == (7.5, "at_risk", NOW)
    assert noted.version == row.version
    assert noted.seq > row.seq
