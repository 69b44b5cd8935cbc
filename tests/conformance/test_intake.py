"""Every recorded request, sent to intake as it was sent to the recorder: its items arrive in the journal as signals."""

from datetime import UTC, datetime

import pytest

from errata.core.signal import Signal
from tests.conformance.captures import Capture, captures, find
from tests.ingest.clients import Client, opened

EVENING = datetime(2026, 11, 23, 20, tzinfo=UTC)  # of the day the requests were recorded

KINDS = {
    "store": "event",
    "event": "event",
    "transaction": "transaction",
    "span": "span",
    "session": "session",
    "sessions": "session",
    "check_in": "check_in",
    "log": "log",
    "trace_metric": "metric",
    "feedback": "feedback",
    "user_report": "feedback",
    "attachment": "attachment",
    "profile": "profile",
    "profile_chunk": "profile",
    "replay_event": "replay",
    "replay_recording": "replay",
    "client_report": "client_report",
}


def sent(capture: Capture, client: Client) -> list[Signal]:
    client.now = EVENING
    sized = "transfer-encoding" not in capture.headers
    answer = client.send(capture.raw, path=capture.endpoint, query=capture.query, headers=capture.headers, sized=sized)
    assert answer.status == 200, answer.body
    return client.arrived()


@pytest.mark.parametrize("capture", captures(), ids=lambda capture: capture.id)
def test_every_request_is_acknowledged_and_its_items_arrive(capture):
    signals = sent(capture, Client())

    assert sorted(signal.kind for signal in signals) == sorted(KINDS[item] for item in capture.items)
    assert all(signal.project_id == 1 and signal.key_id == 11 for signal in signals)
    assert all(len(signal.event_id) == 32 for signal in signals if signal.kind in ("event", "transaction"))
    assert all(len(opened(signal)) == signal.body_bytes for signal in signals)


@pytest.mark.parametrize(
    ("client", "scenario", "number", "kind", "quantity", "name"),
    [
        ("sentry-node-11.12", "logs", 1, "log", 6, "log"),
        ("sentry-python-2.75", "crons", 1, "check_in", 1, "nightly-report"),
        ("sentry-browser-11.12", "tracing", 2, "span", 15, "span"),
        ("sentry-python-2.75", "logs_metrics", 3, "metric", 3, "trace_metric"),
        ("sentry-java-8.53", "basic", 4, "attachment", 1, "a.txt"),
    ],
)
def test_what_is_not_an_event_is_named_and_counted(client, scenario, number, kind, quantity, name):
    signals = [one for one in sent(find(client, scenario, number), Client()) if one.kind == kind]

    assert [(one.quantity, one.name) for one in signals] == [(quantity, name)]


def test_events_of_one_program_carry_their_own_clocks_time():
    (signal,) = sent(find("sentry-python-2.75", "error", 1), Client())

    assert signal.event_id == "bdc24f9ccb794f7cb7842b8f6a378323"
    assert signal.facts is not None
    assert signal.facts.title == "CartError: order 991 could not be priced"
    assert signal.facts.fingerprint != 0


@pytest.mark.parametrize(
    ("client", "scenario", "number", "name", "happened_at"),
    [
        ("sentry-node-11.12", "logs", 1, "log", "2026-11-23T15:47:15.996000+00:00"),
        ("sentry-python-2.75", "sessions", 3, "sessions", "2026-11-23T15:43:00+00:00"),
    ],
)
def test_what_is_not_an_event_happened_when_its_client_says(client, scenario, number, name, happened_at):
    (signal,) = [one for one in sent(find(client, scenario, number), Client()) if one.name == name]

    assert datetime.fromtimestamp(signal.timestamp_ms / 1000, UTC).isoformat() == happened_at
    assert signal.quantity == {"log": 6, "sessions": 3}[name]
