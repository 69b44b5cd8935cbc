"""Who may send what where, before a body is looked at."""

import base64
import json

import pytest

from errata.ingest.request import is_allowed, takes
from errata.ports.keys import UNREAD
from tests.ingest.clients import (
    AUTH,
    DISABLED,
    EVENT,
    EVENT_ID,
    KEY,
    OTHER,
    QUERY,
    SHOP,
    SNAPSHOT,
    Client,
    envelope,
    event_envelope,
    item,
)

BASIC = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()


@pytest.mark.parametrize(
    "path", ["/api/1/envelope/", "/api/1/envelope", "/api/1/store/", "/api/1/store", "/api/store/"]
)
def test_intakes_paths_are_taken(path):
    assert takes(path)


@pytest.mark.parametrize(
    "path",
    ["/", "/api/", "/api/v1/envelope/", "/api/v1/store", "/api/1/envelope/x", "/api/1/events/", "/xapi/1/store/"],
)
def test_other_paths_are_not(path):
    assert not takes(path)


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=7"}, ""),
        ({"x-sentry-auth": f"Sentry sentry_version=7,sentry_key={KEY},sentry_client=sentry.java/8.53"}, ""),
        ({"x-sentry-auth": f"sentry sentry_key={KEY}"}, ""),
        ({"authorization": f"Sentry sentry_key={KEY}, sentry_version=7"}, ""),
        ({"authorization": BASIC}, ""),
        ({}, QUERY),
        ({}, f"sentry_version=7&sentry_key={KEY}&sentry_client=sentry.javascript.node%2F11.12.0"),
        (AUTH, QUERY),
    ],
)
def test_every_form_of_auth_is_accepted(client, headers, query):
    answer = client.send(event_envelope(), headers=headers, query=query)

    assert (answer.status, answer.json) == (200, {"id": EVENT_ID})
    assert [signal.key_id for signal in client.arrived()] == [11]


def test_the_dsn_in_the_envelope_is_enough(client):
    body = envelope(item("event", EVENT), event_id=EVENT_ID, dsn=f"https://{KEY}@errata.example/1")

    assert client.send(body, headers={}).status == 200
    assert [signal.project_id for signal in client.arrived()] == [1]


@pytest.mark.parametrize(
    ("headers", "query", "dsn"),
    [
        ({}, "", None),
        ({"x-sentry-auth": "Sentry sentry_version=7"}, "", None),
        ({"x-sentry-auth": "nonsense"}, "", None),
        ({"authorization": "Basic !!!"}, "", None),
        ({"authorization": "Bearer abc"}, "", None),
        (AUTH, f"sentry_key={OTHER}", None),
        ({}, "sentry_key=", None),
        ({}, "", "not a dsn"),
    ],
)
def test_missing_unreadable_and_contradicting_auth_is_401(client, headers, query, dsn):
    body = envelope(item("event", EVENT), event_id=EVENT_ID, **({"dsn": dsn} if dsn else {}))

    answer = client.send(body, headers=headers, query=query)

    assert answer.status == 401
    assert set(answer.json) == {"detail", "causes"}
    assert client.arrived() == []


@pytest.mark.parametrize(
    ("key", "path", "code"),
    [
        ("f" * 32, "/api/1/envelope/", "unknown_key"),
        (DISABLED, "/api/1/envelope/", "key_disabled"),
        (OTHER, "/api/1/envelope/", "project_mismatch"),
    ],
)
def test_a_wrong_disabled_or_foreign_key_is_403(client, key, path, code):
    answer = client.send(event_envelope(), path=path, headers={"x-sentry-auth": f"Sentry sentry_key={key}"})

    assert answer.status == 403
    assert answer.json["causes"] == [code]
    assert client.arrived() == []


def test_an_envelope_whose_dsn_names_no_known_key_is_403(client):
    body = envelope(item("event", EVENT), dsn=f"https://{'f' * 32}@errata.example/1")

    assert client.send(body, headers={}).status == 403


@pytest.mark.parametrize("look", [1, 2])
def test_a_key_that_was_just_made_works_on_its_first_use(look):
    client = Client()
    without = SNAPSHOT.keys | {}
    del without[KEY]
    client.keys.snapshot = type(SNAPSHOT)(version=1, keys=without, projects=SNAPSHOT.projects)
    client.keys.looks = [client.keys.snapshot] * (look - 1) + [SNAPSHOT]

    assert client.send(event_envelope()).status == 200


def test_a_new_key_in_the_envelopes_dsn_works_on_its_first_use():
    client = Client()
    client.keys.snapshot = type(SNAPSHOT)(version=1, keys={}, projects={})
    client.keys.looks = [SNAPSHOT]
    body = envelope(item("event", EVENT), dsn=f"https://{KEY}@errata.example/1")

    assert client.send(body, headers={}).status == 200


def test_the_first_event_of_the_first_project_ever_is_accepted():
    client = Client(snapshot=type(SNAPSHOT)(version=0, keys={}, projects={}))
    client.keys.looks = [SNAPSHOT]

    assert client.send(event_envelope()).status == 200


def test_before_the_keys_were_ever_read_nobody_is_called_wrong():
    client = Client(snapshot=type(SNAPSHOT)(version=UNREAD, keys={}, projects={}))

    answer = client.send(event_envelope())

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_the_store_endpoint_without_a_project_takes_the_keys(client):
    assert client.send(json.dumps(EVENT).encode(), path="/api/store/").status == 200
    assert [signal.project_id for signal in client.arrived()] == [1]


@pytest.mark.parametrize("project", ["abc", "1x", "0x1", "-1", "9" * 40, "%20"])
def test_a_project_that_is_no_number_is_400(client, project):
    answer = client.send(event_envelope(), path=f"/api/{project}/envelope/")

    assert answer.status == 400
    assert "DSN" in answer.json["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/api/1/envelope/"), ("GET", "/api/1/envelope/"), ("DELETE", "/api/1/store/"), ("HEAD", "/api/1/store/")],
)
def test_other_methods_are_405(client, method, path):
    answer = client.send(event_envelope(), method=method, path=path)

    assert answer.status == 405
    assert answer.headers["allow"] == "POST, GET, OPTIONS"


def test_a_preflight_is_answered_without_auth(client):
    answer = client.send(method="OPTIONS", headers={"origin": "https://shop.example"})

    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-sentry-auth" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-methods"] == "POST, GET, OPTIONS"


@pytest.mark.parametrize(
    ("headers", "body"), [(AUTH, event_envelope()), ({}, event_envelope()), (AUTH, b"nonsense"), (AUTH, b"")]
)
def test_every_answer_lets_a_browser_read_it(client, headers, body):
    answer = client.send(body, headers=headers)

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-sentry-rate-limits" in answer.headers["access-control-expose-headers"]


def test_a_body_announced_as_too_large_is_refused_unread(client):
    answer = client.send(b"", headers={**AUTH, "content-length": str(2**40)}, sized=False)

    assert answer.status == 413


def test_pages_of_other_origins_are_refused_where_origins_are_listed(client):
    def send(origin: str) -> int:
        headers = {"x-sentry-auth": f"Sentry sentry_key={SHOP}", "origin": origin}
        return client.send(event_envelope(), path="/api/4/envelope/", headers=headers).status

    assert [send("https://shop.example"), send("https://evil.example"), send("null")] == [200, 403, 403]
    assert client.send(event_envelope(), headers={**AUTH, "origin": "https://any.example"}).status == 200


@pytest.mark.parametrize(
    ("origin", "allowed", "expected"),
    [
        ("https://a.example", (), True),
        ("https://a.example", ("*",), True),
        ("https://a.example", ("https://a.example",), True),
        ("https://a.example", ("https://a.example/",), True),
        ("https://A.example", ("a.EXAMPLE",), True),
        ("https://a.example:8443", ("a.example",), True),
        ("https://a.example:8443", ("a.example:8443",), True),
        ("https://a.example:8443", ("a.example:9000",), False),
        ("http://a.example", ("https://a.example",), False),
        ("https://x.a.example", ("*.a.example",), True),
        ("https://a.example", ("*.a.example",), False),
        ("https://bada.example", ("*.a.example", "a.example"), False),
        ("null", ("a.example",), False),
    ],
)
def test_origins_match_by_scheme_host_and_wildcard(origin, allowed, expected):
    assert is_allowed(origin, allowed) is expected
