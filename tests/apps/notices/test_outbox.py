"""What leaves: in which form, how often, and when."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from errata.adapters.memory.outgoing import MemoryOutgoing
from errata.apps.accounts import operations as accounts
from errata.apps.notices import operations, outbox, queries, sending
from errata.apps.notices.models import Attempt, Delivery
from errata.apps.projects import operations as projects
from errata.core.notice import payloads
from errata.core.notice.preferences import Preferences
from errata.ports.outgoing import Answer, OutgoingFailed, OutgoingRefused
from tests.apps.issues.shop import report
from tests.apps.notices.shop import SITE, deliver, hook, issue_id, later, line, say, states, tell
from tests.conftest import NOW


@pytest.fixture
def slow(payments, bob, outgoing) -> str:
    """An issue that Bob reported."""
    return report("Slow", bob)


def test_a_webhook_is_signed_over_its_id_time_and_body(alice, outgoing):
    _, secret = hook(alice)
    say(alice)
    deliver()

    (request,) = outgoing.sent
    headers = request.headers
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"] == payloads.signature(
        secret, uid=headers["webhook-id"], at_s=int(NOW.timestamp()), body=request.body
    )
    assert json.loads(request.body)["id"] == headers["webhook-id"]


def test_what_waits_when_its_project_is_archived_is_dropped_and_the_log_says_why(slow, alice, outgoing):
    hook(alice)
    tell(slow, alice)
    say(alice)
    projects.archive_project(which="payments", by=alice, at=NOW)

    deliver()

    assert mail.outbox == []
    assert len(outgoing.sent) == 1, "what is of no issue leaves"
    (dropped,) = [one for one in queries.deliveries(actor=alice) if one.state == "dropped"]
    assert (dropped.key, dropped.why) == (slow, "its project is archived")


def test_the_same_is_posted_once(alice, outgoing):
    hook(alice)
    say(alice)
    say(alice)
    deliver()

    assert len(outgoing.sent) == 1


def test_what_is_not_taken_is_tried_again_ever_more_rarely_with_the_same_id_and_body(alice, outgoing):
    hook(alice)
    say(alice)
    outgoing.answers = [Answer(status=503), OutgoingFailed("no answer"), Answer(status=200)]

    deliver()
    deliver(later(seconds=5))
    assert len(outgoing.sent) == 1
    deliver(later(seconds=10))
    deliver(later(seconds=75))

    assert len({(request.headers["webhook-id"], request.body) for request in outgoing.sent}) == 1
    assert [(one.ok, one.status) for one in Attempt.objects.order_by("id")] == [
        (False, 503), (False, None), (True, 200)
    ]  # fmt: skip
    assert states() == ["sent"]


def test_what_is_refused_for_good_is_not_tried_again_and_the_channel_says_so(alice, outgoing):
    channel, _ = hook(alice)
    for number, answer in enumerate([Answer(status=410), Answer(status=301), OutgoingRefused("private")]):
        outgoing.answers = [answer]
        say(alice, dedupe=str(number))
        deliver()

    assert states() == ["failed"] * 3
    assert queries.channel(actor=alice, channel_id=channel.id).failing_since == NOW
    say(alice, dedupe="again")
    deliver()
    assert queries.channel(actor=alice, channel_id=channel.id).failing_since is None


def test_it_gives_up_after_two_days(alice, outgoing):
    hook(alice)
    say(alice)
    outgoing.answers = [Answer(status=500)] * 50
    at = NOW
    while states() == ["waiting"]:
        deliver(at)
        at = Delivery.objects.get().due_at

    assert states() == ["failed"]
    assert timedelta(days=1.5) < at - NOW < timedelta(days=3)


def test_a_receiver_that_asks_for_time_gets_it(alice, outgoing):
    hook(alice)
    say(alice)
    outgoing.answers = [Answer(status=429, retry_after_s=90)]
    deliver()

    assert Delivery.objects.get().due_at == later(seconds=90)


def test_who_dies_between_sending_and_marking_sends_again_under_the_same_id(alice, outgoing, monkeypatch):
    hook(alice)
    say(alice)

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sending, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            deliver()
    deliver(later(minutes=1))
    assert len(outgoing.sent) == 1  # whoever has claimed it may still be at it
    deliver(NOW + outbox.LEASE)
    deliver(later(days=1))

    first, second = outgoing.sent
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert states() == ["sent"]


def test_two_senders_never_take_the_same(alice, outgoing):
    hook(alice)
    say(alice)

    assert len(outbox.claim(at=NOW)) == 1
    assert outbox.claim(at=NOW) == []
    assert states() == ["sending"]


def test_what_a_sender_that_died_had_claimed_is_sent_when_the_next_one_starts(alice, outgoing):
    hook(alice)
    say(alice)
    (claimed,) = outbox.claim(at=NOW)

    operations.release(at=later(seconds=3))
    deliver(later(seconds=3))

    assert [request.headers["webhook-id"] for request in outgoing.sent] == [str(claimed.uid)]
    assert states() == ["sent"]


def test_a_replay_says_the_same_under_the_same_id(alice, outgoing):
    hook(alice)
    say(alice)
    deliver()
    operations.resend(delivery_id=Delivery.objects.get().id, by=alice, at=later(hours=1))
    deliver(later(hours=1))

    first, second = outgoing.sent
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_all_that_failed_is_replayed_at_once(alice, outgoing):
    channel, _ = hook(alice)
    outgoing.answers = [Answer(status=410)] * 3
    for number in range(3):
        say(alice, dedupe=str(number))
    deliver()

    assert operations.resend_failed(channel_id=channel.id, by=alice, at=later(hours=1)) == 3
    deliver(later(hours=1))
    assert states() == ["sent"] * 3


def test_a_channel_holds_back_what_is_too_much_and_sends_it_as_one(alice, outgoing):
    hook(alice, hourly_max=2)
    for number in range(5):
        say(alice, dedupe=str(number), at=later(minutes=number))
        deliver(later(minutes=number))
    assert len(outgoing.sent) == 2

    deliver(later(minutes=60))

    assert len(outgoing.sent) == 3
    assert len(json.loads(outgoing.sent[-1].body)["notices"]) == 3


def test_a_channel_that_goes_while_its_message_is_on_its_way_stops_no_other(alice, outgoing):
    leaving, _ = hook(alice, name="leaving")
    hook(alice, name="staying")
    say(alice, channel="leaving", dedupe="1")
    say(alice, channel="staying", dedupe="2")
    claims = outbox.claim(at=NOW)

    operations.delete_channel(channel_id=leaving.id, by=alice, at=NOW)
    for made in claims:
        outbox.settle(made, outbox.Outcome(ok=True, answer="thanks"), at=NOW)
    connection.check_constraints()

    assert states() == ["sent"]
    assert Attempt.objects.count() == 1


def test_mail_has_text_and_html_and_belongs_to_its_issue(slow, alice):
    tell(slow, alice)
    tell(slow, alice, dedupe="2", text="<b>90 %</b> is gone.")
    deliver()

    first, second = mail.outbox
    assert first.subject == second.subject == f"[{slow}] Slow"
    assert first.extra_headers["References"] == second.extra_headers["References"]
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]
    assert first.extra_headers["Auto-Submitted"] == "auto-generated"
    assert first.to == [alice.email]
    assert first.reply_to[0].endswith("@in.shop.example")
    assert "https://errata.shop.example/issues/PAY-1/" in first.body
    assert "&lt;b&gt;90 %" in str(second.alternatives[0].content)
    assert "<b>90 %</b>" in second.body


def test_mail_that_fails_is_tried_again(slow, alice, monkeypatch):
    tell(slow, alice)

    def refuse(_):
        raise ConnectionRefusedError("nobody there")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        deliver()
    assert states() == ["waiting"]
    deliver(later(seconds=10))
    assert states() == ["sent"]


def test_who_left_is_sent_nothing(slow, alice, bob, olga):
    tell(slow, bob)
    accounts.deactivate_user(user_id=bob.own_id, by=olga, at=NOW)
    deliver()

    assert mail.outbox == []
    assert states() == ["dropped"]


def wish(actor, **wishes):
    """Say what to hear."""
    operations.set_preferences(preferences=Preferences(**wishes), by=actor, at=NOW)


def test_a_daily_digest_is_one_mail_of_all_there_is(payments, alice, bob, outgoing):
    wish(alice, digest="daily", digest_at="18:00", zone="Europe/Rome")
    for number in range(3):
        tell(report(f"Slow {number}", bob), alice, kind="commented", dedupe=str(number))
    deliver()
    assert mail.outbox == []

    deliver(datetime(2026, 11, 23, 17, tzinfo=UTC))

    (digest,) = mail.outbox
    assert digest.subject == "3 notices about 3 issues"
    assert all(f"Slow {number}" in digest.body for number in range(3))


def test_a_digest_asks_for_its_reader_once(payments, alice, bob, outgoing):
    """And not for each of the thousand things that a morning's digests tell."""
    wish(alice, digest="daily")
    for number in range(25):
        tell(report(f"Slow {number}", bob), alice, kind="commented", dedupe=str(number))

    with CaptureQueriesContext(connection) as captured:
        (made,) = outbox.claim(at=later(days=1))

    assert len(made.rows) == 25
    assert len(captured) <= 14


def test_what_was_read_in_the_inbox_needs_no_digest(slow, alice):
    wish(alice, digest="hourly")
    tell(slow, alice, kind="commented")
    operations.mark_read(item_ids=[line(alice).id], by=alice, at=NOW)
    deliver(later(hours=1))

    assert mail.outbox == []
    assert states() == ["dropped"]


def test_quiet_hours_hold_mail_and_what_is_urgent_passes(slow, alice):
    wish(alice, quiet_from="22:00", quiet_to="07:30", zone="Europe/Rome")
    night = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    tell(slow, alice, kind="commented", dedupe="1", at=night)
    tell(slow, alice, kind="escalated", dedupe="2", at=night)
    deliver(night)
    assert len(mail.outbox) == 1

    deliver(datetime(2026, 11, 24, 6, 29, tzinfo=UTC))
    assert len(mail.outbox) == 1
    deliver(datetime(2026, 11, 24, 6, 30, tzinfo=UTC))
    assert len(mail.outbox) == 2


def test_many_mails_about_one_issue_become_one(slow, alice):
    wish(alice, issue_hourly_max=2)
    for number in range(6):
        tell(slow, alice, kind="commented", dedupe=str(number), at=later(minutes=number))
        deliver(later(minutes=number))
    deliver(later(minutes=61))

    assert len(mail.outbox) == 3
    assert states() == ["sent"] * 6


def test_a_channel_of_ones_own_is_told_what_one_wishes(slow, alice, bob, outgoing: MemoryOutgoing):
    own, _ = operations.create_channel(
        name="phone", kind="discord", address="https://discord.com/api/webhooks/1/x", mine=True, by=alice, at=NOW
    )
    wish(alice, places={"commented": (f"channel:{own.id}",)})
    tell(slow, alice, kind="commented")
    deliver()

    assert [json.loads(request.body)["embeds"][0]["title"] for request in outgoing.sent] == ["PAY-1 Slow"]
    assert mail.outbox == []
    assert queries.inbox(actor=alice, now=NOW).lines == []


def test_a_wish_for_the_channel_of_another_is_not_kept(slow, alice, bob, outgoing):
    own, _ = operations.create_channel(
        name="phone", kind="discord", address="https://discord.com/api/webhooks/1/x", mine=True, by=alice, at=NOW
    )
    wish(bob, places={"commented": ("inbox", f"channel:{own.id}")})

    assert queries.preferences(actor=bob).places == {"commented": ("inbox",)}


def test_the_log_is_cut_after_a_while(alice, outgoing):
    hook(alice)
    say(alice)
    deliver()
    operations.forget(before=later(days=1))

    assert states() == []


def test_sending_names_nothing_that_is_secret(alice, outgoing):
    hook(alice)
    say(alice)
    deliver()

    text = repr(queries.deliveries(actor=alice)) + repr(queries.channels(actor=alice))
    assert "hooks.example/x" not in text
    assert "whsec_" not in text
    assert SITE.url not in text


def test_a_mail_lists_mail_is_in_the_words_of_its_channel(slow, alice):
    """On its subject, as text and as HTML; without words of its own it is as ever."""
    made, _ = hook(alice, name="list", kind="email", address="ops@shop.example")
    about = {"organization_id": alice.organization_id, "channel": "list", "issue_id": issue_id(slow), "title": ""}
    operations.post(**about, text="It moved.", dedupe="1", at=NOW)
    deliver()
    operations.update_channel(
        channel_id=made.id, title_words="Attention: {title}", text_words="{key} needs you: {text}", by=alice, at=NOW
    )
    operations.post(**about, text="It moved on.", dedupe="2", at=NOW)
    deliver()

    first, second = mail.outbox
    assert (first.subject, "It moved." in first.body) == (f"[{slow}] Slow", True)
    assert second.subject == "Attention: Slow"
    for text in (second.body, second.alternatives[0].content):
        assert "Attention: Slow" in text
        assert f"{slow} needs you: It moved on." in text
