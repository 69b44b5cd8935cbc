"""What a person does with their inbox."""

import pytest

from errata.apps.issues import audience
from errata.apps.issues import operations as issues
from errata.apps.notices import operations, queries
from errata.apps.notices.inbox import InboxRefused
from errata.apps.notices.mailing import Unsubscribing, _signed
from errata.apps.notices.stopping import StopRefused
from errata.apps.projects import operations as projects
from tests.apps.issues.shop import report
from tests.apps.notices.shop import inbox, issue_id, later, line, listen, tell
from tests.conftest import NOW


@pytest.fixture
def slow(payments, bob, alice) -> str:
    """An issue of which Alice was told twice."""
    key = report("Slow", bob)
    tell(key, alice, dedupe="1", text="First.")
    tell(key, alice, dedupe="2", text="Second.", at=later(minutes=1))
    return key


def test_notices_are_grouped_by_issue_newest_first(slow, alice):
    assert inbox(alice) == [(slow, ["Second.", "First."])]
    assert line(alice).unread == 2
    assert queries.unread(actor=alice, now=NOW) == 1


def test_what_is_done_is_gone_until_something_happens(slow, alice):
    operations.done(item_ids=[line(alice).id], by=alice, at=NOW)
    assert inbox(alice) == []
    assert line(alice, view="done").unread == 0

    tell(slow, alice, dedupe="3", text="Third.", at=later(hours=1))

    assert line(alice).unread == 1
    assert inbox(alice, view="done") == []


def test_what_was_done_can_be_brought_back(slow, alice):
    item = line(alice).id
    operations.done(item_ids=[item], by=alice, at=NOW)
    operations.bring_back(item_ids=[item], by=alice, at=NOW)

    assert line(alice).id == item


def test_what_is_snoozed_comes_back_unread(slow, alice):
    item = line(alice).id
    operations.mark_read(item_ids=[item], by=alice, at=NOW)
    operations.snooze(item_ids=[item], until=later(hours=1), by=alice, at=NOW)

    operations.wake_snoozed(at=later(minutes=59))
    assert inbox(alice, now=later(minutes=59)) == []
    assert line(alice, now=later(minutes=59), view="snoozed").id == item
    operations.wake_snoozed(at=later(hours=1))
    assert line(alice, now=later(hours=1)).unread == 1


def test_what_is_said_meanwhile_stays_snoozed_unless_it_is_urgent(slow, alice):
    operations.snooze(item_ids=[line(alice).id], until=later(hours=1), by=alice, at=NOW)

    tell(slow, alice, kind="commented", dedupe="3", at=later(minutes=2))
    assert inbox(alice) == []
    tell(slow, alice, kind="escalated", dedupe="4", at=later(minutes=3))
    assert len(inbox(alice)) == 1


def test_a_snooze_ends_in_the_future_and_within_a_year(slow, alice):
    for until in (NOW, later(days=400)):
        with pytest.raises(InboxRefused):
            operations.snooze(item_ids=[line(alice).id], until=until, by=alice, at=NOW)


def test_mute_puts_away_and_says_so_and_can_be_taken_back(slow, alice):
    item = line(alice).id
    operations.mute(item_ids=[item], by=alice, at=NOW)

    assert line(alice, view="done").muted
    assert queries.watch(actor=alice, key=slow).mode == "none"

    operations.unmute(item_ids=[item], by=alice, at=NOW)

    assert not line(alice).muted


@pytest.mark.parametrize("before", ["every", "stage", "spike", ""])
def test_a_mute_that_is_taken_back_gives_what_was_chosen_before(slow, alice, before):
    operations.set_watch(key=slow, mode=before, by=alice, at=NOW)
    operations.mark_read(item_ids=[line(alice).id], by=alice, at=NOW)
    was = queries.watch(actor=alice, key=slow)

    for _ in range(2):  # Muting what is muted remembers what was before, not the mute.
        operations.mute(item_ids=[line(alice).id], by=alice, at=NOW)
        operations.bring_back(item_ids=[line(alice, view="done").id], by=alice, at=NOW)
    assert queries.watch(actor=alice, key=slow).mode == "none"
    operations.unmute(item_ids=[line(alice).id], by=alice, at=NOW)

    assert queries.watch(actor=alice, key=slow) == was


def test_a_mute_that_is_taken_back_subscribes_nobody(slow, alice):
    """Alice was told, but doesn't watch."""
    item = line(alice).id
    operations.mute(item_ids=[item], by=alice, at=NOW)
    operations.unmute(item_ids=[item], by=alice, at=NOW)

    watch = queries.watch(actor=alice, key=slow)
    assert (watch.mode, watch.chosen, watch.reason) == ("none", False, "")


def test_an_issue_that_went_into_another_can_be_muted_and_its_mail_stopped(slow, bob, alice):
    token = _signed(Unsubscribing(alice.user_id, issue_id(slow)))
    item = line(alice).id
    issues.merge_issues(into=report("Slow too", bob), keys=[slow], by=bob, at=NOW)

    operations.mute(item_ids=[item], by=alice, at=NOW)
    assert line(alice, view="done").muted
    operations.unmute(item_ids=[item], by=alice, at=NOW)
    assert not line(alice).muted
    assert operations.stop(token=token, at=NOW) == slow
    assert line(alice).muted


def test_who_muted_an_issue_does_not_hear_of_it_as_part_of_another(slow, bob, alice, carol):
    into = report("Slow too", bob)
    for person in (alice, carol):
        issues.watch_issue(key=slow, by=person, at=NOW)
    listen()
    operations.mute(item_ids=[line(alice).id], by=alice, at=NOW)
    issues.merge_issues(into=into, keys=[slow], by=bob, at=later(minutes=1))
    issues.transition_issue(key=into, to="assign", assignee="me", by=bob, at=later(minutes=2))
    listen(later(minutes=3))

    assert [key for key, _ in inbox(alice)] == []
    assert into in [key for key, _ in inbox(carol)]


def test_who_watches_the_other_issue_goes_on_hearing_of_it(slow, bob, alice):
    into = report("Slow too", bob)
    issues.watch_issue(key=into, by=alice, at=NOW)
    listen()
    operations.mute(item_ids=[line(alice).id], by=alice, at=NOW)
    issues.merge_issues(into=into, keys=[slow], by=bob, at=later(minutes=1))
    listen(later(minutes=3))

    assert queries.watch(actor=alice, key=into).mode == "every"


def test_watchers_that_are_to_be_told_are_those_who_did_not_mute_it(slow, bob, alice):
    issues.watch_issue(key=slow, by=alice, at=NOW)
    (concern,) = audience.concerns([issue_id(slow)]).values()
    assert queries.named_ids(["watchers"], issue=concern) == [bob.user_id, alice.user_id]

    operations.mute(item_ids=[line(alice).id], by=alice, at=NOW)

    assert queries.named_ids(["watchers"], issue=concern) == [bob.user_id]


def test_a_link_of_an_issue_that_is_gone_stops_nothing_else(slow, alice, olga):
    token = _signed(Unsubscribing(alice.user_id, issue_id(slow)))
    projects.delete_project(which="payments", by=olga, at=NOW)

    with pytest.raises(StopRefused):
        operations.stop(token=token, at=NOW)

    assert not queries.preferences(actor=alice).mail_off
    operations.stop(token=token, at=NOW, everything=True)
    assert queries.preferences(actor=alice).mail_off


def test_reading_the_issue_reads_its_notices(slow, alice):
    operations.mark_issue_read(key=slow, by=alice, at=NOW)

    assert queries.unread(actor=alice, now=NOW) == 0
    assert len(inbox(alice)) == 1


def test_what_has_long_been_done_is_forgotten_and_what_is_not_done_never(slow, alice, bob):
    item = line(alice).id
    operations.forget_done(before=later(days=999))
    assert line(alice).id == item

    operations.done(item_ids=[item], by=alice, at=NOW)
    operations.forget_done(before=later(days=1))

    assert inbox(alice, view="done") == []


def test_nobody_touches_the_inbox_of_another(slow, alice, bob, mallory):
    item = line(alice).id

    for other in (bob, mallory):
        assert operations.done(item_ids=[item], by=other, at=NOW) == []
        assert inbox(other) == []
    assert len(inbox(alice)) == 1


def test_an_inbox_is_paged(payments, alice, bob):
    keys = [report(f"Slow {number}", bob) for number in range(5)]
    for minute, key in enumerate(keys):
        tell(key, alice, at=later(minutes=minute))

    first = queries.inbox(actor=alice, now=NOW, limit=3)
    second = queries.inbox(actor=alice, now=NOW, limit=3, after=first.next)

    assert [found.key for found in [*first.lines, *second.lines]] == keys[::-1]
    assert second.next is None


def test_a_reason_gives_a_mode_until_another_is_chosen(slow, alice, bob):
    assert queries.watch(actor=bob, key=slow).mode == "stage"
    issues.watch_issue(key=slow, by=alice, at=NOW)
    assert queries.watch(actor=alice, key=slow).mode == "every"

    operations.set_watch(key=slow, mode="spike", by=alice, at=NOW)
    assert queries.watch(actor=alice, key=slow).mode == "spike"
    operations.set_watch(key=slow, mode="", by=alice, at=NOW)
    assert not queries.watch(actor=alice, key=slow).chosen
