"""Sending what is due: each message in the form its channel takes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

import msgspec

from errata import ports
from errata.apps.notices import mailing
from errata.apps.notices.mailing import Site
from errata.apps.notices.outbox import BATCH_MAX, Claim, Outcome, claim, settle
from errata.apps.notices.sealing import SealBroken
from errata.apps.notices.ways import address_of
from errata.core.notice import message, payloads, timing
from errata.core.notice.channels import Address
from errata.core.notice.message import Note, Parcel
from errata.ports.outgoing import Outbound, OutgoingFailed, OutgoingRefused

# Receivers are slow in different ways: four wait at once, and nobody else for them.
_AT_ONCE = 4

Post = Callable[[], Outcome]


def deliver_due(*, at: datetime, site: Site) -> bool:
    """Send what is due. Return whether there is more."""
    claims = claim(at=at)
    if not claims:
        return False
    # Everything that needs the records is read here, in one thread; the others only wait for the network.
    posts = [(made, _post(made, at=at, site=site)) for made in claims]
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="send") as pool:
        under_way = {pool.submit(post): made for made, post in posts}
        for done in as_completed(under_way):
            settle(under_way[done], done.result(), at=at)
    return len(claims) >= BATCH_MAX


def _post(made: Claim, *, at: datetime, site: Site) -> Post:
    channel = made.channel
    parcel = _parcel(made, site)
    if channel is None:
        letter = mailing.to_person(parcel, rows=made.rows, site=site)
        return lambda: _mail(letter)
    try:
        address = address_of(channel)
    except SealBroken as error:
        refused = Outcome(ok=False, answer=error.message, final=True)
        return lambda: refused
    worded = _worded(parcel, channel.words)
    if channel.kind == "email":
        # A mail has a place of its own for the key, unless somebody has chosen the words.
        said = worded if any(channel.words.values()) else parcel
        letter = mailing.to_list(said, addresses=address.addresses, rows=made.rows, site=site)
        return lambda: _mail(letter)
    if channel.kind == "apprise":
        return lambda: _relay(worded, address)
    # A webhook is for programs: it gets the facts, whatever words people have chosen.
    form = parcel if channel.kind == "webhook" else worded
    request = _request(channel.kind, form, address, at=at)
    return lambda: _request_sent(request)


def _parcel(made: Claim, site: Site) -> Parcel:
    notes = [_note(row.facts, site) for row in made.rows]
    written_s = int(min(row.created_at for row in made.rows).timestamp())
    return Parcel(uid=str(made.uid), notes=notes, at_s=written_s, settings_url=f"{site.url}/account/notifications/")


def _note(facts: dict[str, str], site: Site) -> Note:
    known = {name: facts[name] for name in Note.__struct_fields__ if name in facts}
    url = f"{site.url}/issues/{facts['key']}/" if facts.get("key") else site.url
    return Note(**{"kind": "", "title": "", "text": "", **known, "url": url})


def _worded(parcel: Parcel, words: dict[str, str]) -> Parcel:
    notes = [
        message.worded(note, title_words=words.get("title", ""), text_words=words.get("text", ""))
        for note in parcel.notes
    ]
    return msgspec.structs.replace(parcel, notes=notes)


def _request(kind: str, parcel: Parcel, address: Address, *, at: datetime) -> Outbound:
    body = msgspec.json.encode(payloads.FORMS[kind](parcel))
    headers = {}
    if kind == "webhook":
        at_s = int(at.timestamp())
        headers = {
            "webhook-id": parcel.uid,
            "webhook-timestamp": str(at_s),
            "webhook-signature": payloads.signature(address.secret, uid=parcel.uid, at_s=at_s, body=body),
        }
    return Outbound(url=address.url, body=body, headers=headers)


def _request_sent(request: Outbound) -> Outcome:
    try:
        answer = ports.current().outgoing.send(request)
    except OutgoingRefused as error:
        return Outcome(ok=False, answer=str(error), final=True)
    except OutgoingFailed as error:
        return Outcome(ok=False, answer=str(error))
    return Outcome(
        ok=timing.is_taken(answer.status),
        answer=answer.body,
        status=answer.status,
        final=timing.is_final(answer.status),
        retry_after_s=answer.retry_after_s,
    )


def _relay(parcel: Parcel, address: Address) -> Outcome:
    try:
        ports.current().relays.send(url=address.url, title=parcel.heading, text=payloads.plain(parcel))
    except OutgoingRefused as error:
        return Outcome(ok=False, answer=str(error), final=True)
    except OutgoingFailed as error:
        return Outcome(ok=False, answer=str(error))
    return Outcome(ok=True, answer="taken")


def _mail(letter: mailing.Letter) -> Outcome:
    try:
        letter.send()
    except SMTPRecipientsRefused as error:
        answers: Sequence[tuple[int, bytes]] = list(error.recipients.values())
        code, said = answers[0] if answers else (550, b"refused")
        return Outcome(ok=False, answer=said.decode("utf-8", "replace"), status=code, final=code >= 500)
    except SMTPResponseException as error:
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return Outcome(
            ok=False, answer=str(text), status=error.smtp_code, final=error.smtp_code in (550, 552, 553, 554)
        )
    except ValueError as error:  # an address that no mail can be sent to
        return Outcome(ok=False, answer=str(error), final=True)
    except (SMTPException, OSError) as error:
        return Outcome(ok=False, answer=f"The mail server can't be reached: {error}")
    return Outcome(ok=True, answer="taken by the mail server")
