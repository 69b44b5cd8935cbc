"""What becomes of a body: which signals, and which answer."""

import base64
import json
import zlib
from datetime import timedelta
from urllib.parse import quote_plus

import pytest
import zstandard

from errata.core import limits
from errata.core.event import decode
from errata.core.grouping import group
from errata.ingest.compress import Compressor
from tests.ingest.clients import (
    AUTH,
    EVENT,
    EVENT_ID,
    KEY,
    LIMITED,
    NOW_MS,
    QUERY,
    SHOP,
    Client,
    KnownDictionaries,
    envelope,
    event_envelope,
    item,
    opened,
    zipped,
)

GZIP = {**AUTH, "content-encoding": "gzip"}


def only(client: Client):
    (signal,) = client.arrived()
    return signal


# ------------------------------------------------------------------------------------------------------------- events


def test_an_event_becomes_a_signal_with_its_facts_and_its_body(client):
    answer = client.send(zipped(event_envelope()), headers=GZIP)

    signal = only(client)
    assert (answer.status, answer.json) == (200, {"id": EVENT_ID})
    assert (signal.kind, signal.project_id, signal.key_id, signal.event_id) == ("event", 1, 11, EVENT_ID)
    assert (signal.received_ms, signal.timestamp_ms) == (NOW_MS, NOW_MS)
    assert signal.facts.title == "ValueError: empty basket"
    assert signal.facts.fingerprint == group(decode(json.dumps(EVENT).encode()))
    assert json.loads(opened(signal)) == EVENT
    assert signal.body_bytes == len(json.dumps(EVENT))


def test_secrets_are_gone_before_anything_is_kept(client):
    client.send(event_envelope(extra={"password": "hunter2"}, message="x"))

    assert b"hunter2" not in opened(only(client))
    assert b"[Filtered]" in opened(only(client))


def test_the_envelopes_event_id_wins_over_the_payloads(client):
    other = "00000000-1111-4222-8333-444444444444"
    answer = client.send(envelope(item("event", EVENT), event_id=other))

    assert answer.json == {"id": other.replace("-", "")}
    assert only(client).event_id == other.replace("-", "")


@pytest.mark.parametrize("event_id", [None, "", "nonsense", 17, "0" * 32, ["x"]])
def test_an_event_without_a_readable_id_is_given_one(client, event_id):
    answer = client.send(envelope(item("event", {**EVENT, "event_id": event_id})))

    assert answer.json == {"id": f"{1:032x}"}
    assert only(client).event_id == f"{1:032x}"


def test_a_clients_skewed_clock_is_corrected_by_when_it_says_it_sent(client):
    ago = client.now - timedelta(hours=3)
    body = envelope(
        item("event", {**EVENT, "timestamp": (ago - timedelta(minutes=5)).isoformat()}),
        event_id=EVENT_ID,
        sent_at=ago.isoformat(),
    )
    client.send(body)

    assert only(client).timestamp_ms == NOW_MS - 5 * 60_000


@pytest.mark.parametrize("timestamp", ["1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", 1e300, -1, "yesterday", None])
def test_an_incredible_time_becomes_the_time_of_receipt(client, timestamp):
    client.send(event_envelope(timestamp=timestamp))

    assert only(client).timestamp_ms == NOW_MS


def test_the_browsers_address_is_the_connections_unless_addresses_are_removed(client):
    body = event_envelope(platform="javascript")
    client.send(body)
    client.send(body, path="/api/4/envelope/", headers={"x-sentry-auth": f"Sentry sentry_key={SHOP}"})

    assert [signal.facts.user_ip for signal in client.arrived()] == ["203.0.113.9", ""]


def test_a_dictionary_is_used_once_it_is_prepared():
    compressor = Compressor(KnownDictionaries())
    body = json.dumps(EVENT).encode()

    plain = compressor.compress(body, dictionary=7)
    compressor.prepare()
    better = compressor.compress(body, dictionary=7)

    dictionary = zstandard.ZstdCompressionDict(KnownDictionaries().get(7))
    assert (plain.dictionary, better.dictionary) == (0, 7)
    assert zstandard.decompress(plain.body) == body
    assert zstandard.ZstdDecompressor(dict_data=dictionary).decompress(better.body) == body
    assert len(better.body) < len(plain.body)


def test_a_dictionary_that_is_missing_is_done_without():
    compressor = Compressor(KnownDictionaries())
    compressor.compress(b"x", dictionary=8)
    compressor.prepare()

    assert compressor.compress(b"x", dictionary=8).dictionary == 0


def test_more_dictionaries_than_are_kept_are_prepared_anew():
    class Many:
        def get(self, number: int) -> bytes:
            return b"dictionary %d " % number * 20

    compressor = Compressor(Many())
    for number in range(1, 70):
        compressor.compress(b"x", dictionary=number)
        compressor.prepare()

    assert compressor.compress(b"x", dictionary=69).dictionary == 69
    assert compressor.compress(b"x", dictionary=1).dictionary == 0
    compressor.prepare()
    assert compressor.compress(b"x", dictionary=1).dictionary == 1


def test_an_event_of_type_transaction_is_a_transaction(client):
    client.send(event_envelope(type="transaction", timestamp=NOW_MS / 1000 - 2))

    signal = only(client)
    assert (signal.kind, signal.event_id, signal.facts, signal.timestamp_ms) == (
        "transaction",
        EVENT_ID,
        None,
        NOW_MS - 2_000,
    )


# -------------------------------------------------------------------------------------------------------------- store


def test_the_store_endpoint_takes_one_event(client):
    answer = client.send(json.dumps(EVENT).encode(), path="/api/1/store/")

    assert (answer.status, answer.json) == (200, {"id": EVENT_ID})
    assert only(client).facts.title == "ValueError: empty basket"


def test_the_store_endpoint_takes_an_envelope_that_says_so(client):
    headers = {**AUTH, "content-type": "application/x-sentry-envelope"}

    assert client.send(event_envelope(), path="/api/1/store/", headers=headers).status == 200
    assert only(client).kind == "event"


@pytest.mark.parametrize("plain", [True, False])
def test_an_event_in_the_query_is_answered_with_a_pixel(client, plain):
    raw = json.dumps({**EVENT, "message": "ÿþ" * 20}).encode()
    value = raw.decode() if plain else base64.b64encode(zlib.compress(raw)).decode()
    query = f"{QUERY}&sentry_data={quote_plus(value)}"
    answer = client.send(method="GET", path="/api/1/store/", query=query, headers={})

    assert (answer.status, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.body.startswith(b"GIF89a")
    assert only(client).event_id == EVENT_ID


def test_base64_in_a_query_whose_plus_signs_were_not_escaped_is_read(client):
    for number in range(20):  # One of them has a plus sign.
        value = base64.b64encode(zlib.compress(json.dumps({**EVENT, "extra": {"n": number}}).encode())).decode()
        answer = client.send(method="GET", path="/api/1/store/", query=f"{QUERY}&sentry_data={value}", headers={})
        assert answer.status == 200


@pytest.mark.parametrize(
    "query", [QUERY, f"{QUERY}&sentry_data=", f"{QUERY}&sentry_data=%00%ff", f"{QUERY}&sentry_data=abc"]
)
def test_a_query_without_a_readable_event_is_400(client, query):
    assert client.send(method="GET", path="/api/1/store/", query=query, headers={}).status == 400


# -------------------------------------------------------------------------------------------------------- other items


@pytest.mark.parametrize(
    ("type_", "payload", "kind"),
    [
        ("transaction", {"type": "transaction", "event_id": EVENT_ID, "timestamp": NOW_MS / 1000}, "transaction"),
        ("session", {"sid": "1", "status": "ok"}, "session"),
        ("sessions", {"aggregates": []}, "session"),
        ("check_in", {"check_in_id": "c", "monitor_slug": "nightly", "status": "ok"}, "check_in"),
        ("log", {"items": [{"body": "a"}, {"body": "b"}]}, "log"),
        ("span", {"items": [{"name": "a"}]}, "span"),
        ("trace_metric", {"items": [{"name": "a"}]}, "metric"),
        ("statsd", b"cart.total@none:12|c", "metric"),
        ("feedback", {"event_id": EVENT_ID, "contexts": {"feedback": {"message": "hi"}}}, "feedback"),
        ("user_report", {"event_id": EVENT_ID, "comments": "hi"}, "feedback"),
        ("attachment", b"\x00\xff not json", "attachment"),
        ("profile", {"version": "1"}, "profile"),
        ("profile_chunk", {"version": "2"}, "profile"),
        ("replay_event", {"type": "replay_event"}, "replay"),
        ("replay_recording", b'{"segment_id":0}\n\x78\x9c', "replay"),
        ("client_report", {"discarded_events": []}, "client_report"),
    ],
)
def test_what_later_work_will_use_is_kept_whole(client, type_, payload, kind):
    answer = client.send(envelope(item(type_, payload), event_id=EVENT_ID))

    signal = only(client)
    assert answer.status == 200
    assert signal.kind == kind
    assert opened(signal) == (payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    assert signal.facts is None


def test_an_unknown_item_is_swallowed_and_counted(client):
    answer = client.send(envelope(item("hologram", b"\x00" * 5_000), item("event", EVENT), event_id=EVENT_ID))

    unknown, event = client.arrived()
    assert (answer.status, event.kind) == (200, "event")
    assert (unknown.kind, unknown.name, unknown.body, unknown.body_bytes) == ("unknown", "hologram", b"", 5_000)


@pytest.mark.parametrize("type_", ["", "é\u0000x", "x" * 10_000, 17, None, ["event"], {"a": 1}])
def test_an_item_type_may_be_anything(client, type_):
    header = json.dumps({"type": type_, "length": 2}).encode()

    assert client.send(envelope(header + b"\n{}\n")).status == 200
    assert only(client).kind == "unknown"


def test_a_container_says_how_many_things_it_holds(client):
    client.send(envelope(item("log", {"items": [{}] * 3}), item("log", {"items": [{}]}, item_count=7)))

    assert [signal.quantity for signal in client.arrived()] == [3, 7]


@pytest.mark.parametrize("count", [-1, 0, True, "9", 10**30, None, 1.5])
def test_a_container_that_says_nonsense_counts_as_something_sane(client, count):
    client.send(envelope(item("log", {"items": [{}]}, item_count=count)))

    assert 1 <= only(client).quantity <= 1_000_000


def test_a_check_in_is_named_by_its_monitor_and_shares_no_id(client):
    client.send(envelope(item("check_in", {"monitor_slug": "nightly"}), event_id=EVENT_ID))

    assert (only(client).name, only(client).event_id) == ("nightly", "")


@pytest.mark.parametrize("first", ["attachment", "event"])
def test_an_attachment_belongs_to_its_event_wherever_it_stands(client, first):
    items = [item("event", EVENT), item("attachment", b"log", filename="app.log", content_type="text/plain")]
    client.send(envelope(*(items if first == "event" else reversed(items))))

    (attachment,) = [signal for signal in client.arrived() if signal.kind == "attachment"]
    assert (attachment.event_id, attachment.name, attachment.content_type) == (EVENT_ID, "app.log", "text/plain")


@pytest.mark.parametrize("name", ["\ud800", "a\u0000b", "x" * 5_000, 17, None])
def test_a_file_name_is_a_text_that_any_store_can_hold(client, name):
    client.send(envelope(item("attachment", b"x", filename=name)))

    only(client).name.encode()
    assert "\0" not in only(client).name
    assert len(only(client).name) <= 200


def test_a_large_attachment_goes_to_the_blob_store(client):
    import os

    body = os.urandom(3 * 2**20)
    answer = client.send(envelope(item("attachment", body, filename="core"), item("event", EVENT), event_id=EVENT_ID))

    attachment = next(signal for signal in client.arrived() if signal.kind == "attachment")
    assert answer.status == 200
    assert (attachment.body, attachment.body_bytes) == (b"", len(body))
    assert zstandard.decompress(client.blobs.get(attachment.blob)) == body


def test_an_empty_attachment_is_kept(client):
    client.send(envelope(item("attachment", b"", filename="empty"), event_id=EVENT_ID))

    assert (only(client).name, only(client).body_bytes) == ("empty", 0)


def test_an_envelope_without_items_is_fine(client):
    assert (client.send(b"{}\n").status, client.arrived()) == (200, [])


# ---------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "body", [b"", b"\n\n", b"nonsense", b"[]", b"{", b"\xff\xfe\x00", b'{"a":1', b"{}\nnonsense\n{}", b"null\n{}"]
)
def test_a_body_that_is_no_envelope_is_400(client, body):
    answer = client.send(body)

    assert answer.status == 400
    assert answer.json["detail"]
    assert client.arrived() == []
    assert [entry["outcome"] for entry in client.dropped()] == ["invalid"]


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{", b"{]}", b'"x"', b"\xff\xff", b'{"a":}'])
def test_a_store_body_that_is_no_event_is_400(client, body):
    assert client.send(body, path="/api/1/store/").status == 400
    assert client.arrived() == []


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"nul", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"{} {}", b'{"a":1}x']
)
def test_an_envelope_whose_event_is_broken_is_400_with_the_cause(client, payload):
    answer = client.send(envelope(item("event", payload), event_id=EVENT_ID))

    assert answer.status == 400
    assert answer.json["causes"]
    assert [(e["category"], e["outcome"], e["quantity"]) for e in client.dropped()] == [("error", "invalid", 1)]


def test_one_broken_item_costs_only_itself(client):
    body = envelope(item("transaction", b"{broken"), item("event", EVENT), item("log", b"\xff"), event_id=EVENT_ID)

    assert client.send(body).status == 200
    assert [signal.kind for signal in client.arrived()] == ["event"]
    assert sorted((e["category"], e["reason"]) for e in client.dropped()) == [
        ("log", "invalid_json"),
        ("transaction", "invalid_json"),
    ]


def test_what_comes_before_a_truncated_item_is_kept(client):
    body = envelope(item("event", EVENT), b'{"type":"attachment","length":1000}\nshort', event_id=EVENT_ID)

    assert client.send(body).status == 200
    assert [signal.kind for signal in client.arrived()] == ["event"]
    assert [entry["reason"] for entry in client.dropped()] == ["malformed_envelope"]


@pytest.mark.parametrize(
    "raw",
    [
        rb'{"message":"\ud800 lone \udfff"}',
        rb'{"message":"nul \u0000 here","tags":{"\u0000":"\u0000"}}',
        b'{"message":"not \xff\xfe utf-8 \xc3("}',
        b'{"contexts":{"a":{"n":' + str(2**70).encode() + b"}}}",
        b'{"extra":{"n":' + b"9" * 5_000 + b"}}",
        b'{"extra":{"a":NaN,"b":Infinity,"c":-Infinity}}',
        b'{"exception":"text","threads":17,"breadcrumbs":{},"request":[],"user":"me","tags":9,"sdk":[]}',
        b'{"exception":{"values":[null,1,"x",[],{"stacktrace":{"frames":[null,{"lineno":"x"}]}}]}}',
        b'{"exception":{"values":' + b"[" * 60 + b"]" * 60 + b"}}",
        b'{"event_id":null,"level":40,"timestamp":"x","release":1.5,"message":{"formatted":"f"},"fingerprint":{}}',
        b'{"a":1,"a":2,"message":"one","message":"two"}',
        b'{"message":"' + b"x" * 900_000 + b'"}',
        b'{"":{"":{"":""}}}',
        b"{}",
    ],
)
@pytest.mark.parametrize("path", ["/api/1/store/", "/api/1/envelope/"])
def test_odd_events_are_kept(client, raw, path):
    body = raw if path == "/api/1/store/" else envelope(item("event", raw), event_id=EVENT_ID)

    answer = client.send(body, path=path)

    signal = only(client)
    assert answer.status == 200
    assert signal.kind == "event"
    assert "\0" not in signal.facts.title + signal.facts.message
    (signal.facts.title + signal.facts.message).encode()


def test_an_event_of_a_megabyte_is_kept_and_a_larger_one_refused(client):
    def event_of(size: int) -> bytes:
        payload = b'{"message":"' + b"x" * (size - 14) + b'"}'
        assert len(payload) == size
        return zipped(envelope(item("event", payload), event_id=EVENT_ID))

    fits = client.send(event_of(limits.EVENT_BYTES_MAX), headers=GZIP)
    too_large = client.send(event_of(limits.EVENT_BYTES_MAX + 1), headers=GZIP)

    assert (fits.status, too_large.status) == (200, 413)
    assert len(client.arrived()) == 1


def test_a_recursion_error_of_a_thousand_frames_is_kept(client):
    frame = {
        "filename": "a.py",
        "function": "recurse",
        "lineno": 3,
        "context_line": "    recurse()" * 10,
        "vars": {"n": "1" * 500},
    }
    stack = {"frames": [frame] * 1_000}
    event = {**EVENT, "exception": {"values": [{"type": "RecursionError", "value": "x", "stacktrace": stack}]}}
    body = zipped(envelope(item("event", event), event_id=EVENT_ID))

    assert len(json.dumps(event)) > 100 * len(body)
    assert client.send(body, headers=GZIP).status == 200
    assert only(client).facts.exception_type == "RecursionError"


def test_too_many_items_are_413(client):
    body = envelope(*[item("session", {})] * (limits.ENVELOPE_ITEMS_MAX + 1))

    assert client.send(body).status == 413


def test_the_same_event_twice_is_accepted_twice(client):
    """Digest leaves the repeat out: only it knows what was seen by other workers."""
    assert [client.send(event_envelope()).status for _ in range(2)] == [200, 200]
    assert len(client.arrived()) == 2


# ------------------------------------------------------------------------------------------------------------- quotas


LIMITED_AUTH = {"x-sentry-auth": f"Sentry sentry_key={LIMITED}"}


def send_limited(client: Client, body: bytes):
    return client.send(body, path="/api/3/envelope/", headers=LIMITED_AUTH)


def test_an_exhausted_quota_is_429_with_what_sdks_need_to_back_off(client):
    answers = [send_limited(client, event_envelope()) for _ in range(5)]

    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    last = answers[-1]
    assert last.headers["retry-after"] == "40"  # 20 s into the minute
    seconds, categories, scope, reason = last.headers["x-sentry-rate-limits"].split(":")
    assert (seconds, scope, reason) == ("40", "key", "key_quota")
    assert {"error", "transaction", "attachment"} <= set(categories.split(";"))
    assert set(last.json) == {"detail", "causes"}


def test_the_next_minute_accepts_again(client):
    for _ in range(4):
        send_limited(client, event_envelope())
    client.now += timedelta(seconds=40)

    assert send_limited(client, event_envelope()).status == 200


def test_a_projects_quota_counts_all_its_keys(client):
    from errata.ports.keys import IntakeKey
    from tests.ingest.clients import SNAPSHOT

    other = "9" * 32
    more = {**SNAPSHOT.keys, other: IntakeKey(32, 3, other, True, 0)}
    client.keys.snapshot = type(SNAPSHOT)(version=2, keys=more, projects=SNAPSHOT.projects)
    for _ in range(3):
        send_limited(client, event_envelope())

    headers = {"x-sentry-auth": f"Sentry sentry_key={other}"}
    answers = [client.send(event_envelope(), path="/api/3/envelope/", headers=headers) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["x-sentry-rate-limits"].endswith(":project:project_quota")


def test_sessions_and_client_reports_pass_an_exhausted_quota_and_attachments_share_their_events_fate(client):
    for _ in range(3):
        send_limited(client, event_envelope())
    before = len(client.arrived())
    body = envelope(
        item("event", EVENT),
        item("attachment", b"x"),
        item("session", {}),
        item("client_report", {}),
        event_id=EVENT_ID,
    )

    answer = send_limited(client, body)

    assert answer.status == 200
    assert answer.headers["x-sentry-rate-limits"].startswith("40:")
    assert [signal.kind for signal in client.arrived()[before:]] == ["session", "client_report"]
    assert sorted((e["category"], e["outcome"], e["reason"]) for e in client.dropped()) == [
        ("attachment", "rate_limited", "key_quota"),
        ("error", "rate_limited", "key_quota"),
    ]


def test_an_envelope_that_exceeds_a_quota_in_part_is_accepted_in_part(client):
    body = envelope(*[item("log", {"items": [{}]})] * 5)

    answer = send_limited(client, body)

    assert (answer.status, len(client.arrived())) == (200, 3)
    assert "x-sentry-rate-limits" in answer.headers


# ------------------------------------------------------------------------------------------------- counts and journal


def test_counts_of_what_was_refused_travel_through_the_journal(client):
    for _ in range(5):
        send_limited(client, event_envelope())
    client.send(envelope(item("event", b"{broken")))
    client.intake.stop()

    reports = [signal for signal in client.arrived() if signal.kind == "client_report"]
    assert [(r.project_id, r.key_id, r.name) for r in reports] == [(3, 31, "intake"), (1, 11, "intake")]
    assert [json.loads(opened(r))["discarded_events"] for r in reports] == [
        [{"category": "error", "reason": "key_quota", "quantity": 2, "outcome": "rate_limited"}],
        [{"category": "error", "reason": "malformed_event", "quantity": 1, "outcome": "invalid"}],
    ]


def test_what_is_on_disk_and_what_was_dropped_is_counted_since_the_beginning(client):
    client.send(envelope(item("event", EVENT), item("session", {}), item("event", b"{broken")))
    for _ in range(4):
        send_limited(client, event_envelope())
    client.intake.stop()  # Takes the reports, not the totals.

    assert client.intake.accepted == {"event": 4, "session": 1}
    assert client.intake.dropped() == {
        ("invalid", "error", "malformed_event"): 1,
        ("rate_limited", "error", "key_quota"): 1,
    }


def test_what_the_journal_refuses_was_not_accepted():
    client = Client(journal_bytes_max=100)

    client.send(event_envelope())

    assert client.intake.accepted == {}


def test_a_full_journal_is_503_and_keeps_nothing_of_it():
    client = Client(journal_bytes_max=100)

    answer = client.send(event_envelope())

    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["access-control-allow-origin"] == "*"
    assert client.arrived() == []


def test_a_key_in_a_foreign_query_is_quoted_safely_in_the_header(client):
    answer = client.send(b"x", path="/api/%0d%0aset-cookie:x/envelope/")

    assert answer.status == 400
    assert all(" " <= char <= "~" for char in answer.headers["x-sentry-error"])


def test_an_error_names_what_is_wrong_where_and_what_to_do(client):
    answer = client.send(event_envelope(), headers={"x-sentry-auth": "Sentry sentry_key=" + "f" * 32})

    assert answer.json["detail"] == (
        f"No project has the key {'f' * 32!r}. Compare the DSN with the one in the project's settings."
    )


def test_keys_are_not_confused_by_their_case(client):
    assert client.send(event_envelope(), headers={"x-sentry-auth": f"Sentry sentry_key={KEY.upper()}"}).status == 403
