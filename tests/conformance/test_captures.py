"""Every recorded request, byte for byte, from the compressed body to what a person reads."""

from collections.abc import Iterator

import pytest

from errata.core.envelope import Envelope, Item, parse_auth, split, split_store
from errata.core.event import decode, describe
from errata.core.event.decoder import decode_tolerantly
from errata.core.event.scrub import ScrubRules, scrub
from errata.core.event.view import EventView, view
from errata.core.signal import EventFacts
from errata.ingest.encodings import decompress
from tests.conformance.captures import PROJECT, PUBLIC_KEY, Capture, captures, find

RECEIVED_MS = 1_795_464_000_000  # 2026-11-23, 20:00: the evening of the day the requests were recorded
EVENT_KINDS = ("event", "store")

every = pytest.mark.parametrize("capture", captures(), ids=lambda capture: capture.id)
every_event = pytest.mark.parametrize(
    "capture", [one for one in captures() if set(one.items) & set(EVENT_KINDS)], ids=lambda capture: capture.id
)


def envelope_of(capture: Capture) -> Envelope:
    plain = decompress(capture.raw, encoding=capture.headers.get("content-encoding", ""), bytes_max=2**24)
    if capture.endpoint.endswith("/envelope/"):
        return split(plain)
    return split_store(plain, content_type=capture.headers.get("content-type", ""), bytes_max=2**20)


def payloads_of(capture: Capture) -> Iterator[bytes]:
    for item in envelope_of(capture).items:
        if item.type == "event":
            yield scrub(item.payload, ScrubRules())[0]


def described(capture: Capture) -> EventFacts:
    facts, _ = describe(
        decode(next(payloads_of(capture))),
        fingerprint=1,
        received_ms=RECEIVED_MS,
        sent_at_ms=None,
        client_ip="192.0.2.7",
        user_agent=capture.headers.get("user-agent", ""),
    )
    return facts


def viewed(client: str, scenario: str, number: int) -> EventView:
    return view(next(payloads_of(find(client, scenario, number))))


@every
def test_every_envelope_yields_its_items(capture):
    envelope = envelope_of(capture)

    types = ("store",) if capture.items == ("store",) else tuple(item.type for item in envelope.items)
    assert types == capture.items
    assert envelope.faults == []
    assert all(is_whole(item) for item in envelope.items)


def is_whole(item: Item) -> bool:
    said = item.header.get("length")
    return item.size == said if said is not None else b"\n" not in item.payload or item.header == {"type": "event"}


@every
def test_every_request_presents_its_key(capture):
    auth = parse_auth(
        sentry_auth=capture.headers.get("x-sentry-auth", ""),
        authorization=capture.headers.get("authorization", ""),
        query=capture.query,
        dsn=str(envelope_of(capture).header.get("dsn") or ""),
    )

    assert auth.public_key == PUBLIC_KEY
    assert auth.project in ("", PROJECT)


@every_event
def test_every_event_is_decoded_described_and_shown(capture):
    facts = described(capture)
    for payload in payloads_of(capture):
        shown = view(payload)

        assert decode(payload) == decode_tolerantly(payload)
        assert shown.notes == []
        assert len(shown.event_id) == 32
        assert shown.platform == facts.platform
        assert shown.level == facts.level
        assert facts.title not in ("", "No message", "Unknown error")
        assert shown.exceptions or shown.message


MESSAGE = {"type": "default", "exception_type": ""}
ADA = {"user": "id:42", "user_id": "42", "user_email": "ada@example.com", "user_name": "ada", "user_ip": "192.0.2.7"}
SHOP = {"release": "shop@1.4.2", "environment": "staging", "server_name": "host-a", "dist": "77", "platform": "python"}


@pytest.mark.parametrize(
    ("client", "scenario", "number", "expected"),
    [
        (
            "sentry-python-2.75",
            "error",
            1,
            {
                "title": "CartError: order 991 could not be priced",
                "culprit": "__main__ in pay",
                "type": "error",
                "exception_type": "CartError",
                "message": "order 991 could not be priced",
                "level": "error",
                "handled": 1,
                "location": "py_error.py",
                "trace_id": "e5e60920f23845f19fada2c86ad16c03",
                "span_id": "a1c2f546b36f42a2",
                "sdk": "sentry.python/2.75.0",
                **ADA,
                **SHOP,
            },
        ),
        (
            "sentry-python-2.75",
            "error",
            2,
            {
                "title": "payment failed for order 991",
                "logger": "shop.cart",
                "level": "error",
                **MESSAGE,
                **ADA,
                **SHOP,
            },
        ),
        ("sentry-python-2.75", "error", 3, {"title": "hello from python", "level": "warning", **MESSAGE}),
        (
            "sentry-python-2.75",
            "error",
            4,
            {"title": "KeyError: 'missing'", "culprit": "/checkout", "transaction": "/checkout", "level": "fatal"},
        ),
        ("sentry-python-2.75", "unhandled", 1, {"title": "ExceptionGroup: many", "handled": 0, "user": ""}),
        (
            "sentry-python-2.75",
            "bigvars",
            2,
            {"title": "RecursionError: maximum recursion depth exceeded", "culprit": "__main__ in rec"},
        ),
        ("sentry-python-2.75", "bigvars", 3, {"title": "ValueError: lone \ufffd nul  end"}),
        (
            "sentry-python-2.75-django",
            "app",
            4,
            {
                "title": "ZeroDivisionError: division by zero",
                "culprit": "/items/{item_id}/",
                "location": "dj.py",
                "handled": 0,
                "user": "ip:127.0.0.1",
                "release": "dj@1.0",
            },
        ),
        (
            "sentry-python-0.10.2",
            "basic",
            1,
            {
                "title": "ValueError: old client 1",
                "culprit": "__main__ in f",
                "user": "id:5",
                "environment": "prod",
                "handled": -1,
            },
        ),
        (
            "sentry-node-11.12",
            "error",
            4,
            {
                "title": "Error: order 991 failed",
                "culprit": "node_error in pay",
                "platform": "node",
                "exception_type": "Error",
                "user": "id:7",
                "release": "shop-node@2.0.1",
                "dist": "9",
                "server_name": "host-n",
            },
        ),
        ("sentry-node-11.12", "error", 5, {"title": "hello from node", "level": "warning", **MESSAGE}),
        ("sentry-node-11.12", "error", 7, {"title": "AggregateError: agg", "level": "fatal"}),
        ("sentry-node-11.12", "unhandled", 2, {"title": "TypeError: unhandled boom", "handled": 0, "level": "fatal"}),
        (
            "sentry-browser-11.12",
            "error",
            3,
            {
                "title": "TypeError: Cannot read properties of undefined (reading 'prop')",
                "culprit": "http://localhost:39803/app.js in inner",
                "platform": "javascript",
                "user": "id:77",
                "user_email": "web@example.com",
                "user_ip": "192.0.2.7",
                "release": "shop-web@3.0.0",
                "handled": 1,
            },
        ),
        ("sentry-browser-11.12", "error", 4, {"title": "hello from browser", "level": "info", **MESSAGE}),
        ("sentry-browser-11.12", "error", 6, {"title": "Error: rejected in browser", "handled": 0}),
        ("sentry-browser-11.12", "tunnel", 2, {"title": "through a tunnel", **MESSAGE}),
        (
            "sentry-browser-5.30.0",
            "basic",
            1,
            {"title": "ReferenceError: undefinedFn is not defined", "user": "ip:192.0.2.7"},
        ),
        (
            "raven-js-3.27.2",
            "basic",
            1,
            {
                "title": "ReferenceError: undefinedFn is not defined",
                "culprit": "http://localhost:45837/app.js",
                "user": "id:1",
                "release": "legacy-web",
                "logger": "javascript",
                "handled": 1,
            },
        ),
        (
            "raven-node-2.6.4",
            "basic",
            1,
            {
                "title": "Error: raven node error",
                "culprit": "raven_node.cjs at Object.<anonymous>",
                "user": "id:3",
                "handled": -1,
            },
        ),
        ("raven-node-2.6.4", "basic", 2, {"title": "raven node message", "level": "warning", **MESSAGE}),
        (
            "sentry-raven-ruby-3.1.2",
            "basic",
            1,
            {"title": "ZeroDivisionError: divided by 0", "user": "id:1", "platform": "ruby"},
        ),
        (
            "sentry-ruby-6.6.2",
            "basic",
            1,
            {
                "title": "RuntimeError: wrapped in ruby",
                "culprit": "drivers/rb.rb in rescue in <main>",
                "user": "id:3",
                "release": "shop-rb@1.0",
                "server_name": "h",
            },
        ),
        (
            "sentry-go-0.25.0",
            "basic",
            1,
            {
                "title": "*main.myErr: pay failed: wrapped: root cause",
                "culprit": "main in main",
                "user": "id:1",
                "handled": -1,
            },
        ),
        ("sentry-go-0.25.0", "basic", 2, {"title": "hello from go", "level": "info", **MESSAGE}),
        (
            "sentry-java-8.53",
            "basic",
            2,
            {
                "title": "Main$PayException: order 7 failed",
                "culprit": "Main in pay",
                "location": "Main.java",
                "user": "id:5",
                "release": "shop-java@1.0+7",
                "level": "error",
            },
        ),
        ("sentry-java-8.53", "basic", 3, {"title": "hello from java", "level": "warning", **MESSAGE}),
        ("sentry-java-8.53", "basic", 13, {"title": "RuntimeException: uncaught java", "handled": 0, "level": "fatal"}),
        (
            "sentry-cli-3.8.0",
            "send_event",
            1,
            {
                "title": "hello world",
                "level": "warning",
                "platform": "native",
                "user": "id:7",
                "release": "web@1.2.0",
                **MESSAGE,
            },
        ),
    ],
)
def test_facts(client, scenario, number, expected):
    facts = described(find(client, scenario, number))

    assert {name: getattr(facts, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("client", "scenario", "number", "expected"),
    [
        ("sentry-python-2.75", "error", 1, {"tier": "gold", "runtime": "CPython 3.11.7", "mechanism": "generic"}),
        ("sentry-node-11.12", "error", 4, {"tier": "gold", "os": "Debian 12.11", "runtime.name": "node"}),
        (
            "sentry-browser-11.12",
            "error",
            3,
            {"plan": "pro", "browser.name": "Chrome Headless", "os.name": "Linux", "url": "http://localhost:39803/"},
        ),
        ("sentry-go-0.25.0", "basic", 1, {"a": "b", "os": "linux", "runtime": "go go1.19.8"}),
        ("sentry-java-8.53", "basic", 2, {"a": "b", "runtime": "Debian 17.0.21.1", "mechanism": "chained"}),
        ("sentry-ruby-6.6.2", "basic", 1, {"plan": "pro", "os.name": "Linux"}),
        ("raven-node-2.6.4", "basic", 1, {"k": "v"}),
        ("sentry-cli-3.8.0", "send_event", 1, {"k": "v", "os.name": "Linux"}),
    ],
)
def test_tags(client, scenario, number, expected):
    tags = dict(described(find(client, scenario, number)).tags)

    assert {name: tags.get(name) for name in expected} == expected


def test_python_shows_locals_context_and_the_chain():
    shown = viewed("sentry-python-2.75", "error", 1)

    cause, thrown = shown.exceptions
    assert (cause.type, cause.value) == ("TypeError", "unsupported operand type(s) for /: 'int' and 'NoneType'")
    assert [frame.function for frame in thrown.frames] == ["<module>", "pay"]
    pay = thrown.frames[-1]
    assert (pay.filename, pay.lineno, pay.module, pay.in_app) == ("py_error.py", 10, "__main__", True)
    assert pay.context_line == "        raise CartError(f'order {order_id} could not be priced') from e"
    assert len(pay.pre_context) == 5
    assert pay.vars["order_id"] == "991"
    assert pay.vars["items"] == [{"sku": "'A1'", "qty": "2"}, {"sku": "'B2'", "qty": "None"}]
    assert pay.vars["secret_password"] == "[Filtered]"
    assert thrown.mechanism is not None
    assert (thrown.mechanism.type, thrown.mechanism.handled) == ("generic", True)


def test_python_shows_breadcrumbs_user_contexts_and_extra():
    shown = viewed("sentry-python-2.75", "error", 1)

    login, slow = shown.breadcrumbs
    assert (login.category, login.message, login.level, login.type) == ("auth", "login ok", "info", "user")
    assert login.data == {"method": "sso"}
    assert login.timestamp is not None
    assert login.timestamp.isoformat() == "2026-11-23T15:43:35.342000+00:00"
    assert (slow.category, slow.message, slow.level) == ("shop.cart", "slow query 812 ms", "warning")
    assert shown.user == {"id": "42", "email": "ada@example.com", "username": "ada", "ip_address": "{{auto}}"}
    assert shown.contexts["order"] == {"id": 991, "lines": [1, 2, 3]}
    assert shown.extra["cart_size"] == 3
    assert ("tier", "gold") in shown.tags
    assert shown.sdk["version"] == "2.75.0"
    assert dict(shown.modules)["sentry-sdk"] == "2.75.0"


def test_a_log_record_shows_template_and_thread():
    shown = viewed("sentry-python-2.75", "error", 2)

    assert (shown.message, shown.template) == ("payment failed for order 991", "payment failed for order %s")
    (thread,) = shown.threads
    assert (thread.current, thread.crashed) == (True, False)
    assert [frame.function for frame in thread.frames][:2] == ["<module>", "error"]


def test_an_exception_group_keeps_its_tree():
    shown = viewed("sentry-python-2.75", "unhandled", 1)

    tree = [
        (one.type, one.mechanism and (one.mechanism.exception_id, one.mechanism.parent_id)) for one in shown.exceptions
    ]
    assert tree == [
        ("RuntimeError", (3, 0)),
        ("KeyError", (2, 0)),
        ("ValueError", (1, 0)),
        ("ExceptionGroup", (0, None)),
    ]
    group = shown.exceptions[-1].mechanism
    assert group is not None
    assert (group.is_exception_group, group.handled) == (True, False)


def test_a_thousand_frames_are_cut_to_the_newest():
    (one,) = viewed("sentry-python-2.75", "bigvars", 2).exceptions

    assert len(one.frames) == 250
    assert one.frames[-1].function == "rec"


def test_django_shows_the_request_without_the_card():
    shown = viewed("sentry-python-2.75-django", "app", 4)

    request = shown.request
    assert request is not None
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:43365/items/8/")
    assert request.data == {"f": "v", "credit_card": "[Filtered]"}
    assert ("Content-Type", "application/x-www-form-urlencoded") in request.headers
    assert request.env["REMOTE_ADDR"] == "127.0.0.1"
    assert any(hint.path.endswith("api_key") for hint in shown.hints)


def test_node_shows_an_aggregate_and_bare_lists_of_breadcrumbs():
    shown = viewed("sentry-node-11.12", "error", 7)

    assert [(one.type, one.mechanism and one.mechanism.source) for one in shown.exceptions] == [
        ("RangeError", "errors[1]"),
        ("TypeError", "errors[0]"),
        ("AggregateError", None),
    ]
    assert [(crumb.category, crumb.message, crumb.level) for crumb in shown.breadcrumbs] == [
        ("auth", "login", "info"),
        ("console", "console crumb", "info"),
    ]


def test_feature_flags_are_shown():
    assert [(flag.flag, flag.result) for flag in viewed("sentry-node-11.12", "flags", 2).flags] == [("beta", True)]


def test_a_browser_shows_what_the_person_did():
    shown = viewed("sentry-browser-11.12", "error", 3)

    assert [crumb.category for crumb in shown.breadcrumbs] == ["ui.click", "console", "fetch", "xhr"]
    assert shown.breadcrumbs[3].data == {"method": "GET", "url": "/missing", "status_code": 404}
    (one,) = shown.exceptions
    assert [(frame.function, frame.lineno, frame.colno) for frame in one.frames][-1] == ("inner", 25373, 27)
    assert shown.request is not None
    assert shown.request.url == "http://localhost:39803/"
    assert ("scen", "error") in shown.request.query


def test_java_shows_all_threads():
    shown = viewed("sentry-java-8.53", "basic", 2)

    assert len(shown.threads) == 8
    (crashed,) = [thread for thread in shown.threads if thread.crashed]
    assert (crashed.name, crashed.id) == ("main", "1")
    assert [one.type for one in shown.exceptions] == ["NullPointerException", "Main$PayException"]


def test_go_sends_bare_lists_and_nanoseconds():
    shown = viewed("sentry-go-0.25.0", "basic", 1)

    assert [one.type for one in shown.exceptions] == ["*errors.errorString", "*fmt.wrapError", "*main.myErr"]
    assert shown.timestamp is not None
    assert shown.timestamp.isoformat() == "2026-11-23T15:54:27.249000+00:00"
    assert shown.breadcrumbs[0].message == "crumb"


def test_ruby_lines_lose_their_line_feeds():
    shown = viewed("sentry-ruby-6.6.2", "basic", 1)

    frame = shown.exceptions[0].frames[-1]
    assert frame.context_line == 'def pay(x); local = [1, 2]; raise ArgumentError, "bad #{x}"; end'
    assert frame.vars == {"x": "7", "local": "[1, 2]"}
    assert shown.breadcrumbs[0].type is None
    assert shown.user == {"id": 3, "email": "r@example.com"}


def test_raven_clients_are_read_like_any_other():
    ruby, node = viewed("sentry-raven-ruby-3.1.2", "basic", 1), viewed("raven-node-2.6.4", "basic", 1)

    assert [frame.function for frame in ruby.exceptions[0].frames] == ["<main>", "/"]
    assert node.exceptions[0].frames[-1].function == "Object.<anonymous>"
    assert node.breadcrumbs[0].message == "crumb"
    assert node.extra == {"a": 1, "node": "v20.20.2"}
