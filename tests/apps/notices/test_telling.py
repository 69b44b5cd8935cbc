"""What tells people and channels of an issue."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.apps.accounts.models import Membership
from errata.apps.issues import operations as issues
from errata.apps.notices import outbox
from errata.apps.notices.models import Delivery, InboxItem, Notice
from errata.apps.records import together
from tests.apps.issues.shop import report
from tests.apps.notices.shop import inbox, listen, tell
from tests.apps.reading import rows_read
from tests.conftest import NOW
from tests.people import crowd


@pytest.fixture
def slow(payments, bob) -> str:
    """An issue that Bob reported."""
    return report("Slow", bob)


def test_everybody_told_has_it_in_the_inbox_and_in_the_outbox(slow, alice, bob):
    tell(slow, alice, bob)

    assert set(InboxItem.objects.values_list("user_id", "unread")) == {(alice.user_id, 1), (bob.user_id, 1)}
    assert Delivery.objects.count() == 2


def test_the_same_is_told_once(slow, alice):
    tell(slow, alice)
    tell(slow, alice)

    assert Notice.objects.count() == 1
    assert Delivery.objects.count() == 1
    assert InboxItem.objects.get().unread == 1


def test_other_things_about_an_issue_are_one_line_of_the_inbox(slow, alice):
    tell(slow, alice)
    tell(slow, alice, dedupe="clock:2")

    assert InboxItem.objects.get().unread == 2


def test_what_is_told_together_with_what_fails_was_not_told(slow, alice):
    with pytest.raises(ZeroDivisionError), together():
        tell(slow, alice)
        raise ZeroDivisionError

    assert not Notice.objects.exists()


def test_who_is_no_member_is_told_nothing(slow, alice, mallory):
    tell(slow, mallory)

    assert not InboxItem.objects.exists()
    assert not Delivery.objects.exists()


def test_a_kind_that_nobody_has_heard_of_is_a_rules(slow, alice):
    tell(slow, alice, kind="full_moon")

    assert Notice.objects.get().kind == "automation"


def test_telling_somebody_does_not_read_everybody(slow, alice, bob, olga, outgoing):
    crowd(olga, 100)
    listen()
    issues.assign_issue(key=slow, to=alice.email, by=bob, at=NOW)

    with CaptureQueriesContext(connection) as captured:
        tell(slow, alice, bob)
        listen()
        assert outbox.claim(at=NOW)

    assert len(inbox(alice)) == 1
    assert max(rows_read(captured, Membership)) <= 2
