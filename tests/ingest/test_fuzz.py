"""Whatever is sent: an answer, never an exception, and nothing in the journal that can't be read again."""

import gzip
import json
import os
import string
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.ingest.items import KINDS
from tests.ingest.clients import AUTH, EVENT, EVENT_ID, KEY, Client, envelope, event_envelope, item, opened

STATUSES = {200, 400, 401, 403, 405, 408, 413, 415, 429, 503}
EXAMPLES_MAX = int(os.environ.get("FUZZ", "100"))  # FUZZ=10000 to search at length
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
fuzz = settings(max_examples=EXAMPLES_MAX, deadline=None, suppress_health_check=SLOW)

NUMBERS = st.one_of(st.integers(), st.floats(), st.just(2**70), st.just(-(2**63)), st.just(10**400))
TEXTS = st.one_of(st.text(), st.text(alphabet=st.characters(categories=["Cs", "Cc", "Ll", "Nd"])))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)

FIELDS = [
    "event_id", "type", "timestamp", "platform", "level", "logger", "server_name", "release", "dist", "environment",
    "transaction", "culprit", "message", "logentry", "exception", "threads", "stacktrace", "fingerprint", "tags",
    "user", "request", "contexts", "sdk", "extra", "breadcrumbs", "modules", "_meta", "checksum",
    "sentry.interfaces.Exception", "sentry.interfaces.Message", "password", "monitor_slug", "items",
]  # fmt: skip
FRAMES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ["filename", "function", "module", "lineno", "in_app", "context_line", "vars", "abs_path"], VALUES
    ),
)
STACKS = st.one_of(
    VALUES, st.fixed_dictionaries({"frames": st.one_of(VALUES, st.lists(st.one_of(FRAMES, VALUES), max_size=4))})
)
EXCEPTION = st.fixed_dictionaries(
    {}, optional={"type": VALUES, "value": VALUES, "module": VALUES, "stacktrace": STACKS, "mechanism": VALUES}
)
EXCEPTIONS = st.one_of(
    VALUES,
    st.lists(EXCEPTION, max_size=3),
    st.fixed_dictionaries({"values": st.lists(st.one_of(EXCEPTION, VALUES), max_size=3)}),
)
EVENTS = st.builds(
    lambda fields, more: {**fields, **more},
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8),
    st.fixed_dictionaries({}, optional={"exception": EXCEPTIONS, "threads": EXCEPTIONS}),
)
JSONS = st.one_of(EVENTS, VALUES).map(lambda value: json.dumps(value, allow_nan=True).encode())
PAYLOADS = st.one_of(JSONS, st.binary(max_size=300))
TYPES = st.one_of(st.sampled_from([*KINDS, "hologram", ""]), TEXTS)
HEADERS = st.dictionaries(st.sampled_from(["event_id", "dsn", "sent_at", "sdk", "trace"]), VALUES, max_size=3)
ITEM_HEADERS = st.dictionaries(
    st.sampled_from(["filename", "content_type", "item_count", "length", "type"]), VALUES, max_size=2
)


def check(client: Client, answer: Any) -> None:
    """An answer that clients understand, and signals that digest can read, store and show."""
    assert answer.status in STATUSES
    assert answer.headers["access-control-allow-origin"] == "*"
    assert all(" " <= char <= "~" for value in answer.headers.values() for char in value)
    if answer.headers["content-type"] == "application/json":
        assert isinstance(answer.json, dict)
    for signal in client.arrived():
        texts = [signal.event_id, signal.name, signal.content_type]
        if signal.facts:
            texts += [
                value
                for value in (getattr(signal.facts, name) for name in signal.facts.__struct_fields__)
                if isinstance(value, str)
            ]
            texts += [text for pair in signal.facts.tags for text in pair]
            assert -(2**63) <= signal.facts.fingerprint < 2**63
        for text in texts:
            assert "\0" not in text
            text.encode()
        assert len(signal.event_id) in (0, 32)
        assert set(signal.event_id) <= set(string.hexdigits.lower())
        assert signal.kind == "unknown" or len(opened(signal)) == signal.body_bytes
        assert 0 <= signal.timestamp_ms < 2**53
        assert 1 <= signal.quantity <= 1_000_000
    client.intake.stop()


@fuzz
@given(st.binary(max_size=2_000), st.sampled_from(["/api/1/envelope/", "/api/1/store/"]))
def test_any_bytes(body, path):
    client = Client()
    check(client, client.send(body, path=path))


@fuzz
@given(JSONS, st.sampled_from(["/api/1/envelope/", "/api/1/store/"]))
def test_any_event(payload, path):
    client = Client()
    body = payload if path == "/api/1/store/" else envelope(item("event", payload), event_id=EVENT_ID)

    check(client, client.send(body, path=path))


@fuzz
@given(HEADERS, st.lists(st.tuples(TYPES, PAYLOADS, ITEM_HEADERS), max_size=4))
def test_any_envelope(header, items):
    client = Client()
    lines = [json.dumps(header).encode()]
    for kind, payload, more in items:
        lines += [json.dumps({"type": kind, "length": len(payload), **more}).encode(), payload]

    check(client, client.send(b"\n".join(lines)))


@fuzz
@given(st.data())
def test_any_damage_to_an_envelope(data):
    body = bytearray(event_envelope(tags={"a": "b"}, password="hunter2", extra={"card": "4111111111111111"}))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body)))
        end = min(len(body), start + data.draw(st.integers(0, 8)))
        body[start:end] = data.draw(st.binary(max_size=8))
    client = Client()

    check(client, client.send(bytes(body)))


@fuzz
@given(
    st.text(max_size=60),
    st.dictionaries(
        st.sampled_from(
            [
                "x-sentry-auth",
                "authorization",
                "origin",
                "content-type",
                "content-encoding",
                "content-length",
                "user-agent",
            ]
        ),
        st.one_of(
            st.text(max_size=80),
            st.sampled_from([AUTH["x-sentry-auth"], "gzip", "br", "Basic Og==", f"Sentry sentry_key={KEY}"]),
        ),
    ),
    st.sampled_from(["POST", "GET", "OPTIONS", "PUT", "", "\0"]),
    st.sampled_from(
        ["/api/1/envelope/", "/api/1/store/", "/api/store/", "/api/x/store", "/api/" + "9" * 30 + "/store"]
    ),
)
def test_any_request(query, headers, method, path):
    client = Client()

    answer = client.send(gzip.compress(event_envelope()), method=method, path=path, query=query, headers=headers)

    assert answer.status in STATUSES
    client.intake.stop()


@fuzz
@given(
    st.integers(1, 20_000).flatmap(
        lambda depth: st.sampled_from([("[", "]"), ('{"a":', "}")]).map(lambda pair: (depth, *pair))
    )
)
def test_any_depth(nested):
    depth, opening, closing = nested
    for payload in (
        f'{{"extra":{opening * depth}1{closing * depth}}}',
        f'{{"exception":{opening * depth}1{closing * depth}}}',
        opening * depth,
    ):
        client = Client()
        check(client, client.send(envelope(item("event", payload.encode()), item("transaction", payload.encode()))))


def test_the_event_of_these_tests_is_a_good_one():
    client = Client()

    assert client.send(envelope(item("event", EVENT), event_id=EVENT_ID)).status == 200
