"""What messages say, and the forms they take."""

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.notice import payloads, replies
from errata.core.notice.channels import Address, ChannelRefused, checked_address, hint
from errata.core.notice.message import Note, Parcel, WordsRefused, checked_words, filled, worded

texts = st.text(max_size=600)
notes = st.builds(
    Note,
    kind=st.just("stage"),
    title=texts,
    text=texts,
    reason=texts,
    key=st.sampled_from(("PAY-1", "")),
    project=texts,
    severity=st.sampled_from(("Critical", "Trivial", "")),
    url=st.just("https://errata.example/issues/PAY-1/"),
)
parcels = st.builds(
    Parcel, uid=st.just("7"), notes=st.lists(notes, min_size=1, max_size=60), at_s=st.integers(0, 2**31)
)
KEY = b"k" * 32


@given(parcels)
def test_every_form_is_json_within_the_limits_of_its_service(parcel):
    slack, discord, teams = payloads.slack(parcel), payloads.discord(parcel), payloads.teams(parcel)

    assert len(slack["blocks"]) <= 50
    assert all(len(block["text"]["text"]) <= 3_000 for block in slack["blocks"] if block["type"] == "section")
    assert len(discord["embeds"]) <= 10
    assert all(len(embed["title"]) <= 256 for embed in discord["embeds"])
    assert sum(len(embed["title"]) + len(embed["description"]) for embed in discord["embeds"]) <= 6_000
    assert len(json.dumps(payloads.webhook(parcel))) > 0
    assert json.loads(json.dumps(teams))["attachments"][0]["content"]["type"] == "AdaptiveCard"
    assert payloads.plain(parcel) is not None


@given(parcels)
def test_a_repeat_has_the_same_bytes(parcel):
    assert json.dumps(payloads.webhook(parcel)) == json.dumps(payloads.webhook(parcel))


def test_what_an_error_says_is_no_markup_of_the_chat():
    parcel = Parcel(
        uid="1", notes=[Note(kind="", title="<!channel> <http://evil|x>", text="[x](http://evil) *b*")], at_s=0
    )

    assert "<!channel>" not in json.dumps(payloads.slack(parcel))
    assert payloads.discord(parcel)["allowed_mentions"] == {"parse": []}
    assert r"\[x\](http://evil) \*b\*" in payloads.teams(parcel)["attachments"][0]["content"]["body"][1]["text"]


def test_a_signature_is_what_the_standard_says():
    secret = "whsec_" + base64.b64encode(KEY).decode()

    signed = payloads.signature(secret, uid="msg_1", at_s=1_700_000_000, body=b"{}")

    expected = hmac.new(KEY, b"msg_1.1700000000.{}", hashlib.sha256).digest()
    assert signed == "v1," + base64.b64encode(expected).decode()


@given(texts)
def test_values_are_text_whatever_is_in_them(value):
    note = Note(kind="stage", title=value, text="{title}", key="PAY-1")

    assert filled("{text}", note) == "{title}"
    assert filled("{key}: {title}", note) == f"PAY-1: {value}".strip()


def test_words_are_checked_for_their_placeholders():
    assert checked_words("{key} in {stage}", field="title") == "{key} in {stage}"
    for wrong in ("{nothing}", "{}", "{key} {actor_id}"):
        with pytest.raises(WordsRefused):
            checked_words(wrong, field="title")
    assert filled("{key.__class__} {0}", Note(kind="", title="", text="", key="X")) == "{key.__class__} {0}"


def test_a_note_in_a_channels_words_says_them_alone():
    note = worded(
        Note(kind="stage", title="Slow", text="It moved.", key="PAY-1"), title_words="", text_words="! {text}"
    )

    assert (note.title, note.text, note.key) == ("PAY-1 Slow", "! It moved.", "")


def test_a_parcel_says_how_many_issues_it_is_about_in_whatever_words():
    notes = [
        Note(kind="stage", title="", text="", key=f"PAY-{number}", url=f"/issues/PAY-{number}/") for number in (1, 1, 2)
    ]
    own = [worded(note, title_words="{title}", text_words="") for note in notes]

    for said in (notes, own):
        assert Parcel(uid="", notes=said, at_s=0).heading == "3 notices about 2 issues"
        assert Parcel(uid="", notes=said[:2], at_s=0).heading == "2 notices about one issue"


@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_an_address_for_replies_opens_to_what_it_was_made_of(user_id, issue_id):
    to = replies.Answerable(user_id, issue_id)
    address = replies.address(to, domain="in.example", key=KEY)

    assert len(address.partition("@")[0]) <= 64
    assert replies.opened(address, key=KEY) == to
    assert replies.opened(address.upper(), key=KEY) == to
    assert replies.opened(address, key=b"another" * 5) is None


@given(st.integers(0, 51), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_an_address_with_another_letter_opens_to_nothing(place, letter):
    address = replies.address(replies.Answerable(7, 9), domain="in.example", key=KEY)
    token = address.removeprefix("reply+")
    forged = f"reply+{token[:place]}{letter}{token[place + 1 :]}"

    assert forged == address or replies.opened(forged, key=KEY) is None


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none(text):
    assert replies.opened(text, key=KEY) is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("slack", "hooks.slack.com/x"), ("webhook", "ftp://example.org"), ("email", "nobody"), ("email", ""),
        ("apprise", "ntfy"), ("fax", "https://example.org"), ("teams", "https://" + "x" * 3_000), ("webhook", "https://["),
        # What no mail library would send to.
        ("email", "foo:bar@example.org"), ("email", '"x@example.org'), ("email", "a(b@example.org"),
        ("email", "a[b@example.org"), ("email", "a\\b@example.org"), ("email", "x" * 65 + "@example.org"),
        ("email", f"x@{'a' * 64}.org"), ("email", f"x@example.{'a' * 64}"), ("email", "x@example..org"),
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_refused(kind, text):
    with pytest.raises(ChannelRefused):
        checked_address(kind, text)


def test_a_hint_tells_channels_apart_and_gives_nothing_away():
    assert hint("slack", Address(url="https://hooks.slack.com/services/T0/B0/secret")) == "https://hooks.slack.com…"
    assert hint("apprise", Address(url="tgram://123456:token/chat")) == "tgram://…"
    assert hint("webhook", Address(url="https://user@example.org/?key=1")) == "https://example.org…"
