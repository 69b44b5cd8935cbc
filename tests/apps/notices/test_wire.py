"""The whole way: over real sockets to real servers of this machine."""

import smtplib
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
from django.test import override_settings

from errata.adapters.http.guard import Guard
from errata.adapters.http.outgoing import GuardedHttp
from errata.adapters.memory.blobs import MemoryBlobs
from errata.adapters.memory.event_store import MemoryEventStore
from errata.adapters.memory.journal import MemoryJournals
from errata.adapters.smtp.listener import MailListener
from errata.apps.issues import queries as issues
from errata.apps.notices import operations
from errata.core.notice import payloads
from errata.ports import Ports, installed
from tests.apps.issues.shop import report
from tests.apps.notices.shop import SITE, deliver, hook, later, say, states, tell
from tests.conftest import NOW
from tests.receivers import mail_receiver, webhook_receiver
from tests.running import free_port


def world(*allow):
    return installed(
        Ports(
            journals=MemoryJournals(), events=MemoryEventStore(), blobs=MemoryBlobs(),
            outgoing=GuardedHttp(Guard(allow)),
        )
    )  # fmt: skip


def test_a_webhook_arrives_signed_after_failures(alice):
    with webhook_receiver() as receiver, world("127.0.0.1"):
        receiver.statuses = [500, 502]
        _, secret = hook(alice, address=f"{receiver.url}/errata")
        say(alice)
        for at in (NOW, later(seconds=10), later(seconds=70)):
            deliver(at)

    assert len(receiver.taken) == 3
    assert len({taken.headers["webhook-id"] for taken in receiver.taken}) == 1
    for taken in receiver.taken:
        at_s = int(taken.headers["webhook-timestamp"])
        expected = payloads.signature(secret, uid=taken.headers["webhook-id"], at_s=at_s, body=taken.body)
        assert taken.headers["webhook-signature"] == expected
    assert states() == ["sent"]


def test_without_the_operators_leave_it_is_refused_and_the_log_says_why(alice):
    with webhook_receiver() as receiver, world():
        hook(alice, address=f"{receiver.url}/errata")
        say(alice)
        deliver()

    assert receiver.taken == []
    assert states() == ["failed"]


@contextmanager
def smtp():
    """A mail server of this machine, and that mail goes to it."""
    with mail_receiver() as receiver:
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=receiver.port,
        ):  # fmt: skip
            yield receiver


def test_a_mail_that_cannot_be_written_stops_no_other_message(alice):
    with webhook_receiver() as receiver, world("127.0.0.1"), smtp() as post:
        # Encoded, it is longer than a line of a header, and Django refuses to fold it.
        hook(alice, name="list", kind="email", address=f"{'é' * 64}@example.org")
        hook(alice, address=f"{receiver.url}/errata")
        say(alice, channel="list")
        for number in range(4):
            say(alice, dedupe=f"hook {number}")
        for seconds in range(3):
            deliver(later(seconds=seconds))
            operations.release(at=later(seconds=seconds))

    assert post.mails == []
    assert states() == ["failed"] + ["sent"] * 4
    assert len(receiver.taken) == 4


@pytest.fixture
def answered(payments, bob, alice):
    """An issue of which Alice got a mail: the issue's key and the mail."""
    key = report("Slow", bob)
    with smtp() as receiver:
        tell(key, alice)
        deliver()
    (mail,) = receiver.mails
    return key, mail


def reply(mail, *, sender="alice@shop.example", text="Restarted it.", html="", **headers):
    """Answer a mail as mail programs do."""
    answer = EmailMessage()
    answer["From"], answer["To"] = f"Alice <{sender}>", mail["Reply-To"]
    answer["Subject"], answer["In-Reply-To"] = f"Re: {mail['Subject']}", mail["Message-ID"]
    answer["Message-ID"] = "<1@mail.example>"
    for name, value in headers.items():
        answer[name.replace("_", "-")] = value
    quoted = "".join(f"> {line}\n" for line in mail.get_body(("plain",)).get_content().splitlines())
    intro = "On Mon, 23 Nov 2026 at 12:00, Errata <errata@shop.example> wrote:\n"
    if html:
        answer.set_content(f"<div>{html}</div><br><div>{intro}</div><blockquote>{quoted}</blockquote>", subtype="html")
    else:
        answer.set_content(f"{text}\n\n{intro}{quoted}")
    return answer


def comments(key, actor):
    return [(comment.author.name, comment.body) for comment in issues.comments(actor=actor, key=key)]


def test_mail_over_smtp_says_who_answers_to_what(answered):
    key, mail = answered

    assert mail["Subject"] == f"[{key}] Slow"
    assert mail["Reply-To"].endswith(f"@{SITE.reply_domain}")
    assert len(mail["Reply-To"].partition("@")[0]) <= 64
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_reply_becomes_a_comment_of_the_person_without_what_it_quotes(answered, alice):
    key, mail = answered
    operations.receive(address=mail["Reply-To"], raw=bytes(reply(mail)), at=NOW)

    assert comments(key, alice) == [("Alice Admin", "Restarted it.")]


def test_a_signature_is_no_comment(answered, alice):
    key, mail = answered
    raw = bytes(reply(mail, text="Restarted it.\n\n-- \nAlice Admin\nShop Ltd"))
    operations.receive(address=mail["Reply-To"], raw=raw, at=NOW)

    assert comments(key, alice) == [("Alice Admin", "Restarted it.")]


def test_a_reply_in_html_becomes_text(answered, alice):
    key, mail = answered
    raw = bytes(reply(mail, html="Restarted &amp; fixed it.<script>alert(1)</script>"))
    operations.receive(address=mail["Reply-To"], raw=raw, at=NOW)

    assert comments(key, alice) == [("Alice Admin", "Restarted & fixed it.")]


def test_the_same_reply_again_is_one_comment(answered, alice):
    key, mail = answered
    for _ in range(2):
        operations.receive(address=mail["Reply-To"], raw=bytes(reply(mail)), at=NOW)

    assert len(comments(key, alice)) == 1


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, "automatically"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"X_Autoreply": "yes"}, "header"),
        ({"X_Errata_Message": "1"}, "header"),
        ({"Return_Path": "<>"}, "report"),
        ({"sender": "mallory@rival.example"}, "from the address"),
        ({"sender": "mailer-daemon@shop.example"}, "program"),
        ({"text": ""}, "nothing"),
    ],
)
def test_what_nobody_wrote_or_another_did_is_no_comment(answered, alice, headers, why):
    key, mail = answered
    with pytest.raises(operations.ReplyRefused, match=why):
        operations.receive(address=mail["Reply-To"], raw=bytes(reply(mail, **headers)), at=NOW)

    assert comments(key, alice) == []


def test_two_programs_that_answer_each_other_come_to_an_end(answered, alice):
    key, mail = answered

    def again(number, at=NOW):
        raw = bytes(reply(mail, text=f"I am away {number}.")).replace(b"<1@", f"<{number}@".encode())
        operations.receive(address=mail["Reply-To"], raw=raw, at=at)

    for number in range(10):
        again(number)
    with pytest.raises(operations.ReplyRefused, match="an hour"):
        again(11)
    again(12, at=later(hours=1, minutes=1))

    assert len(comments(key, alice)) == 11


def test_an_address_that_somebody_made_up_is_not_taken(answered):
    _, mail = answered
    local, _, domain = mail["Reply-To"].partition("@")
    forged = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"

    assert operations.takes(mail["Reply-To"].upper())
    for address in (forged, f"reply+@{domain}", f"postmaster@{domain}", f"reply+%%@{domain}"):
        assert not operations.takes(address)


def test_the_listener_takes_replies_and_turns_others_away(answered):
    _, mail = answered
    taken = []

    def receive(address, raw):
        taken.append((address, raw))
        return "250 OK"

    port = free_port()
    listener = MailListener(host="127.0.0.1", port=port, check=operations.takes, receive=receive)
    listener.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(reply(mail))
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("x@example.org", ["postmaster@in.shop.example"], "Subject: spam\n\nBuy.")
    finally:
        listener.stop()

    ((address, raw),) = taken
    assert address == mail["Reply-To"]
    assert b"Restarted it." in raw
