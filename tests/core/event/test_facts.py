"""What is known of an event without opening its body."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.event import decode, describe, event_id_of
from errata.core.event.browser import of_user_agent
from errata.core.event.times import corrected, milliseconds
from errata.core.signal import EventFacts

NOW_MS = 1_795_464_000_000
GECKO = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {GECKO} Chrome/131.0.0.0 Safari/537.36"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {GECKO} Version/17.5 Mobile/15E148 Safari/604.1"
SAFARI = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {GECKO} Version/18.1 Safari/605.1.15"
PIXEL = f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {GECKO} Chrome/131.0.0.0 Mobile Safari/537.36"


def facts(*, client_ip: str = "192.0.2.7", user_agent: str = "", **event: Any) -> EventFacts:
    described, _ = describe(
        decode(json.dumps(event).encode()),
        fingerprint=7,
        received_ms=NOW_MS,
        sent_at_ms=None,
        client_ip=client_ip,
        user_agent=user_agent,
    )
    return described


@pytest.mark.parametrize(
    ("event", "title"),
    [
        ({"exception": [{"type": "E", "value": "first\nsecond"}]}, "E: first"),
        ({"exception": [{"type": "E", "value": "\n\n  first"}]}, "E: first"),
        ({"exception": [{"type": "E"}]}, "E"),
        ({"exception": [{"value": "v"}]}, "v"),
        ({"exception": [{"type": "E", "value": ""}]}, "E"),
        ({"exception": [{"type": "A"}, {"type": "B", "value": "b"}]}, "B: b"),
        ({"message": "first\nsecond"}, "first"),
        ({"message": {"message": "a %s", "params": ["b"]}}, "a b"),
        ({"logentry": {"message": "a %s", "formatted": "a b"}}, "a b"),
        ({"exception": [{"value": "m", "mechanism": {"synthetic": True}}], "message": "m"}, "m"),
        ({}, "No message"),
        ({"exception": [{}]}, "No message"),
        ({"exception": [{"type": "E", "value": "x" * 300}]}, "E: " + "x" * 252 + "…"),
        ({"message": "a\0b"}, "ab"),
    ],
)
def test_the_title_is_type_and_first_line(event, title):
    assert facts(**event).title == title


@pytest.mark.parametrize(
    ("event", "culprit"),
    [
        ({"transaction": "/checkout", "culprit": "old"}, "/checkout"),
        ({"culprit": "old"}, "old"),
        ({"exception": [{"type": "E", "stacktrace": {"frames": [{"module": "m", "function": "f"}]}}]}, "m in f"),
        (
            {"exception": [{"type": "E", "stacktrace": {"frames": [{"filename": "a.py", "function": "f"}]}}]},
            "a.py in f",
        ),
        ({"exception": [{"type": "E", "stacktrace": {"frames": [{"function": "f"}]}}]}, "f"),
        ({"exception": [{"type": "E"}]}, ""),
    ],
)
def test_the_culprit_is_the_transaction_or_the_frame_to_blame(event, culprit):
    assert facts(**event).culprit == culprit


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("fatal", "fatal"),
        ("critical", "fatal"),
        ("WARN", "warning"),
        ("log", "info"),
        (40, "error"),
        ("10", "debug"),
        (7, "error"),
        (None, "error"),
        ("", "error"),
        ("loud", "error"),
        ("sample", "error"),
    ],
)
def test_every_level_is_one_of_five(level, expected):
    assert facts(level=level).level == expected


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("shop@1.4.2", "shop@1.4.2"),
        (" 1.0 ", "1.0"),
        (7, "7"),
        (1.5, "1.5"),
        (".", ""),
        ("..", ""),
        ("Latest", ""),
        ("a/b", ""),
        ("a\\b", ""),
        ("a\nb", ""),
        ("x" * 201, ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_release_that_none_may_have_is_dropped(release, expected):
    assert facts(release=release).release == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"environment": "staging"}, "staging"),
        ({"environment": 7}, "7"),
        ({"tags": {"environment": "qa"}}, "qa"),
        ({"environment": "a", "tags": {"environment": "qa"}}, "a"),
        ({}, "production"),
        ({"environment": ""}, "production"),
        ({"environment": "None"}, "production"),
        ({"environment": "a/b"}, "production"),
        ({"environment": "x" * 65}, "production"),
    ],
)
def test_the_environment_is_production_unless_a_valid_one_is_named(event, expected):
    assert facts(**event).environment == expected


@pytest.mark.parametrize(
    ("handled", "expected"), [([True], 1), ([False], 0), ([True, False], 0), ([None], -1), ([None, True], 1), ([], -1)]
)
def test_one_unhandled_exception_makes_the_event_unhandled(handled, expected):
    chain = [{"type": "E", "mechanism": {"handled": one}} for one in handled]

    assert facts(exception=chain).handled == expected


@pytest.mark.parametrize(
    ("event", "key", "ip"),
    [
        ({"user": {"id": 42, "email": "a@b.example", "ip_address": "198.51.100.1"}}, "id:42", "198.51.100.1"),
        ({"user": {"username": "ada", "email": "a@b.example"}}, "username:ada", ""),
        ({"user": {"email": "a@b.example"}}, "email:a@b.example", ""),
        ({"user": {"ip_address": "198.51.100.1"}}, "ip:198.51.100.1", "198.51.100.1"),
        ({"user": {"ip_address": "{{auto}}"}}, "ip:192.0.2.7", "192.0.2.7"),
        ({"user": {"id": "[Filtered]", "email": ""}}, "", ""),
        ({"request": {"env": {"REMOTE_ADDR": "198.51.100.2"}}}, "ip:198.51.100.2", "198.51.100.2"),
        ({"request": {"env": {"REMOTE_ADDR": "[Filtered]"}}}, "", ""),
        ({"platform": "javascript"}, "ip:192.0.2.7", "192.0.2.7"),
        ({"platform": "javascript", "sdk": {"settings": {"infer_ip": "never"}}}, "", ""),
        ({"platform": "python"}, "", ""),
        ({"user": {"id": None, "email": None}}, "", ""),
    ],
)
def test_users_are_told_apart_by_the_best_they_have(event, key, ip):
    described = facts(**event)

    assert (described.user, described.user_ip) == (key, ip)


def test_an_address_that_intake_withholds_is_not_filled_in():
    assert facts(client_ip="", platform="javascript", user={"ip_address": "{{auto}}"}).user == ""


@pytest.mark.parametrize(
    "tags",
    [
        {"a": "b", "n": 7, "t": True, "empty": "", "none": None, "nested": {}, "release": "x", "level": "y"},
        [["a", "b"], ["n", 7], ["t", True], ["empty", ""], ["none", None], ["nested", {}], ["odd"], 7, ["user", "x"]],
        [
            {"key": "a", "value": "b"},
            {"key": "n", "value": 7},
            {"key": "t", "value": True},
            {"key": "dist", "value": "x"},
        ],
        [["a", "b"], ["n", 7], ["t", True], ["a", "again"]],
    ],
)
def test_every_shape_of_tags_is_read(tags):
    assert facts(tags=tags).tags == [("a", "b"), ("n", "7"), ("t", "true")]


def test_tags_are_trimmed_and_limited():
    tags = facts(tags={f"k{number}": "x" * 500 for number in range(200)}, message="m").tags

    assert len(tags) == 100
    assert all(len(value) == 200 for _, value in tags)
    assert facts(tags={"a": "one\ntwo"}).tags == [("a", "one two")]


def test_contexts_request_and_mechanism_become_tags_unless_the_client_has_its_own():
    described = facts(
        platform="python",
        tags={"os": "mine"},
        contexts={
            "os": {"name": "Debian", "version": "12.11\n"},
            "runtime": {"name": "CPython", "version": "3.11"},
            "device": {"family": "Pixel", "model": "Pixel 8"},
        },
        request={"url": "http://h/p?token=x", "headers": [["user-agent", CHROME]]},
        exception=[{"type": "E", "mechanism": {"type": "django"}}],
    )

    assert dict(described.tags) == {
        "os": "mine",
        "os.name": "Debian",
        "runtime": "CPython 3.11",
        "runtime.name": "CPython",
        "browser": "Chrome 131.0",
        "browser.name": "Chrome",
        "client_os": "Windows 10",
        "client_os.name": "Windows",
        "device": "Pixel 8",
        "device.family": "Pixel",
        "url": "http://h/p",
        "mechanism": "django",
    }


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        (CHROME, "Chrome 131.0", "Windows 10"),
        (CHROME + " Edg/131.0.0.0", "Edge 131.0", "Windows 10"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox 133.0", "Linux None"),
        (IPHONE, "Mobile Safari 17.5", "iOS 17.5"),
        (SAFARI, "Safari 18.1", "macOS 10.15.7"),
        (PIXEL, "Chrome 131.0", "Android 14"),
        ("curl/8.5.0", "curl 8.5", None),
        ("", None, None),
    ],
)
def test_browsers_and_systems_are_told_from_the_user_agent(user_agent, browser, system):
    found = [context and f"{context.name} {context.version}" for context in of_user_agent(user_agent)]

    assert found == [browser, system]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23T20:00:00Z", NOW_MS),
        ("2026-11-23T20:00:00", NOW_MS),
        ("2026-11-23T21:00:00.000+01:00", NOW_MS),
        ("2026-11-23T20:00:00.123456789Z", NOW_MS + 123),
        (NOW_MS / 1000, NOW_MS),
        (NOW_MS // 1000, NOW_MS),
        (NOW_MS, NOW_MS),
        (str(NOW_MS / 1000), NOW_MS),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        (-1, None),
        (10**300, None),
        (10**4000, None),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139_000),
        ([], None),
    ],
)
def test_every_way_to_write_a_time_is_read(value, expected):
    assert milliseconds(value) == expected


@pytest.mark.parametrize(
    ("offset_s", "sent_offset_s", "expected_s"),
    [
        (-10, None, -10),
        (-10, -40, -10),  # less than the drift that counts
        (-3610, -3600, -10),  # an hour slow
        (3590, 3600, -10),  # an hour fast
        (-31 * 86_400, None, 0),
        (61, None, 0),
        (59, None, 59),
    ],
)
def test_a_clients_time_is_put_on_our_clock(offset_s, sent_offset_s, expected_s):
    sent_at_ms = None if sent_offset_s is None else NOW_MS + sent_offset_s * 1000

    shifted = corrected(NOW_MS + offset_s * 1000, received_ms=NOW_MS, sent_at_ms=sent_at_ms)

    assert shifted == NOW_MS + expected_s * 1000
    assert corrected(None, received_ms=NOW_MS, sent_at_ms=sent_at_ms) == NOW_MS


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        (["FC6D8C0C-43fc-4630-ad85-0ee518f1b9d0"], "fc6d8c0c43fc4630ad850ee518f1b9d0"),
        (["", None, 7, "odd", "a" * 32], "a" * 32),
        (["0" * 32, "b" * 32], "b" * 32),
        ([], ""),
    ],
)
def test_event_ids_have_one_form(candidates, expected):
    assert event_id_of(*candidates) == expected


def test_what_the_trace_is_called_is_checked():
    contexts = {"trace": {"trace_id": "E" * 32, "span_id": "odd"}}

    described = facts(contexts=contexts, sdk={"name": "sentry.python", "version": "2.75.0"}, platform="Py thon")

    assert (described.trace_id, described.span_id) == ("e" * 32, "")
    assert (described.sdk, described.platform) == ("sentry.python/2.75.0", "other")


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["release", "message", "level", "user", "tags", "logger", "platform"]),
        st.text() | st.integers(),
    )
)
def test_facts_hold_no_nul_and_are_never_too_long(event):
    described = facts(**event)

    texts = [
        value for value in (getattr(described, name) for name in described.__struct_fields__) if isinstance(value, str)
    ]
    assert all("\0" not in text and len(text) <= 1024 for text in texts)


def test_the_frame_to_blame_is_the_projects_own_also_where_the_client_does_not_say():
    own = {"filename": "shop/cart.py", "abs_path": "/srv/shop/cart.py", "module": "shop.cart", "function": "total"}
    library = {"filename": "requests/api.py", "abs_path": "/venv/lib/python3.11/site-packages/requests/api.py"}
    said = library | {"in_app": False, "module": "requests.api", "function": "get"}

    found = facts(exception=[{"type": "E", "stacktrace": {"frames": [own, said]}}])

    assert found.culprit == "shop.cart in total"
