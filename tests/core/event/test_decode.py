"""The typed decoder, the tolerant way, and that they agree."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.event import MalformedEvent, decode
from errata.core.event.decoder import decode_tolerantly
from errata.core.event.fields import crash_frame, exceptions, main_exception, threads
from errata.core.event.message import message_of


def decoded(event: Any) -> Any:
    return decode(json.dumps(event).encode())


# ---- both ways agree ----------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=6) | st.sampled_from(["", "x", "12", "true", "\0", "é"])
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([2**70, 0, 1, -0.0, 1.0])
ANY = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any of the fields, each right more often than not, and something else beside."""
    mixed = {name: st.one_of(strategy, strategy, strategy, ANY) for name, strategy in fields.items()}
    return st.fixed_dictionaries({}, optional={**mixed, "other": ANY})


FRAMES = objects(
    filename=TEXTS, module=TEXTS, function=TEXTS, lineno=st.integers(0, 99), context_line=TEXTS, in_app=st.booleans()
)
STACKS = objects(frames=st.lists(FRAMES, max_size=3))
MECHANISMS = objects(type=TEXTS, handled=st.booleans(), exception_id=st.integers(0, 3), parent_id=st.integers(0, 3))
EXCEPTIONS = objects(type=TEXTS, value=TEXTS, module=TEXTS, stacktrace=STACKS, mechanism=MECHANISMS, thread_id=ANY)
CHAINS = objects(values=st.lists(EXCEPTIONS, max_size=2)) | st.lists(EXCEPTIONS, max_size=2) | EXCEPTIONS
THREADS = objects(id=ANY, crashed=st.booleans(), current=st.booleans(), stacktrace=STACKS)
EVENTS = objects(
    event_id=TEXTS,
    timestamp=NUMBERS | TEXTS,
    level=TEXTS | st.integers(0, 50),
    release=TEXTS | NUMBERS,
    environment=TEXTS,
    message=TEXTS | objects(message=TEXTS, formatted=TEXTS, params=ANY),
    logentry=objects(message=TEXTS, formatted=TEXTS, params=ANY),
    exception=CHAINS,
    threads=objects(values=st.lists(THREADS, max_size=2)) | st.lists(THREADS, max_size=2),
    stacktrace=STACKS,
    fingerprint=st.lists(TEXTS | st.integers()) | TEXTS,
    tags=st.dictionaries(TEXTS, ANY, max_size=3) | st.lists(st.tuples(TEXTS, ANY).map(list), max_size=3),
    user=objects(id=TEXTS | st.integers(), email=TEXTS, ip_address=TEXTS),
    request=objects(url=TEXTS, method=TEXTS, headers=ANY, env=ANY),
    contexts=objects(trace=objects(trace_id=TEXTS), os=objects(name=TEXTS, version=TEXTS), device=objects(model=TEXTS)),
    sdk=objects(name=TEXTS, version=TEXTS, settings=ANY),
)


@settings(max_examples=30, deadline=None)
@given(EVENTS)
def test_both_ways_of_decoding_agree(event):
    payload = json.dumps(event).encode()

    assert decode(payload) == decode_tolerantly(payload)


@settings(max_examples=30, deadline=None)
@given(EVENTS)
def test_whatever_was_decoded_can_be_read(event):
    found = decoded(event)

    assert all(one.type is None or isinstance(one.type, str) for one in exceptions(found))
    assert isinstance(message_of(found), str)
    assert isinstance(threads(found), list)
    crash_frame(found)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=80) | st.text(alphabet='{}[]":,\\ud80aenulltrf0123456789.e-\0é', max_size=80).map(str.encode))
def test_nothing_but_a_refusal_is_raised(payload):
    with suppress(MalformedEvent):
        decode(payload)


# ---- what odd clients send ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload", [b"", b"null", b"[]", b'"x"', b"7", b"{", b'{"a":1}x', b'{"a":}', b"\xff", b'{"a":"\\q"}', b"{}{}"]
)
def test_what_is_no_object_is_refused(payload):
    with pytest.raises(MalformedEvent):
        decode(payload)


@pytest.mark.parametrize(
    "payload", [b'{"a":' * 100_000, b"[" * 100_000, b'{"tags":' + b"[" * 5000 + b"]" * 5000 + b"}"]
)
def test_deep_nesting_is_refused(payload):
    with pytest.raises(MalformedEvent):
        decode(payload)


def test_moderate_nesting_is_not():
    assert decode(b'{"release":"r","extra":' + b"[" * 150 + b"]" * 150 + b"}").release == "r"


@pytest.mark.parametrize(
    "payload",
    [
        b'\xef\xbb\xbf{"message":"m"}',
        b' \r\n{"message":"m"}\n',
        b'{"message":"m","extra":{"a":NaN,"b":Infinity,"c":-Infinity}}',
        b'{"message":"m","user":{"id":NaN}}',
        b'{"message":"m","extra":"\xff\xfe"}',
        b'{"message":"m","extra":"a\x01\nb"}',
        b'{"message":"m","extra":' + b"9" * 10_000 + b"}",
        b'{"message":"m","timestamp":' + b"9" * 10_000 + b"}",
        b'{"message":"m","extra":1e999,"timestamp":1e999}',
        b'{"message":"first","message":"m"}',
        b'{"message":"m","exception":null,"threads":null,"tags":null,"user":null}',
        b'{"message":"m","exception":7,"threads":"x","tags":7,"user":[],"request":false,"contexts":[1]}',
        b'{"message":"m","exception":[],"fingerprint":[],"level":"","transaction_info":{},"modules":{"":""}}',
        b'{"message":{"formatted":"m"}}',
        b'{"logentry":{"message":"m"},"message":""}',
        b'{"sentry.interfaces.Message":{"message":"m"}}',
    ],
)
def test_odd_payloads_keep_what_can_be_read(payload):
    assert message_of(decode(payload)) == "m"


def test_lone_surrogates_are_replaced_and_raw_bytes_too():
    assert decode(b'{"release":"a\\ud800b"}').release == "a\ufffdb"
    assert decode(b'{"release":"a\\ud83d\\ude00b"}').release == "a\U0001f600b"
    assert decode(b'{"release":"a\xffb"}').release == "a\ufffdb"


@pytest.mark.parametrize(
    "exception",
    [
        {"values": [{"type": "E", "value": "v"}]},
        [{"type": "E", "value": "v"}],
        {"type": "E", "value": "v"},
        {"values": {"type": "E", "value": "v"}},
        {"values": [None, {"type": "E", "value": "v", "mechanism": "odd"}, 7]},
    ],
)
@pytest.mark.parametrize("name", ["exception", "sentry.interfaces.Exception"])
def test_every_shape_of_an_exception_is_read(name, exception):
    main = main_exception(decoded({name: exception}))

    assert main is not None
    assert (main.type, main.value) == ("E", "v")


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (1.5, "1.5"), (True, "true"), ({"a": [1]}, '{"a":[1]}'), ([], "[]"), (2**70, str(2**70))],
)
def test_an_exception_value_may_be_anything(value, text):
    (one,) = exceptions(decoded({"exception": [{"type": "E", "value": value}]}))

    assert one.value == text


def test_numbers_and_booleans_written_as_text_are_read():
    frame = {"lineno": "12", "colno": 3.0, "in_app": "false", "function": 7, "filename": {"a": 1}}

    (read,) = decoded({"stacktrace": {"frames": [frame, None, "x"]}}).stacktrace.frames

    assert (read.lineno, read.colno, read.in_app, read.function, read.filename) == (12, 3, False, "7", '{"a":1}')


def test_current_names_win_over_legacy_ones():
    event = decoded(
        {"user": {"id": "1"}, "sentry.interfaces.User": {"id": "2"}, "sentry.interfaces.Http": {"url": "u"}}
    )

    assert (event.user.id, event.request.url) == ("1", "u")


def test_the_main_exception_is_the_one_with_id_zero_or_the_last():
    chain = [{"type": "A", "mechanism": {"exception_id": 0}}, {"type": "B", "mechanism": {"exception_id": 1}}]

    assert main_exception(decoded({"exception": chain})).type == "A"
    assert main_exception(decoded({"exception": [{"type": "A"}, {"type": "B"}]})).type == "B"


def test_the_stack_of_a_message_makes_it_no_exception():
    event = decoded({"message": "m", "exception": [{"value": "m", "stacktrace": {"frames": [{"function": "f"}]}}]})

    assert main_exception(event) is None
    assert crash_frame(event).function == "f"


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([{"function": "a", "in_app": True}, {"function": "b", "in_app": False}], "a"),
        ([{"function": "a"}, {"function": "b"}], "b"),
    ],
)
def test_the_frame_to_blame_is_the_innermost_of_the_projects_own(frames, expected):
    assert crash_frame(decoded({"exception": [{"type": "E", "stacktrace": {"frames": frames}}]})).function == expected


@pytest.mark.parametrize("name", ["crashed", "current"])
def test_without_an_exceptions_stack_the_crashed_thread_is_to_blame(name):
    stacks = [
        {"stacktrace": {"frames": [{"function": "a"}]}},
        {name: True, "stacktrace": {"frames": [{"function": "b"}]}},
    ]

    assert crash_frame(decoded({"threads": stacks})).function == "b"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"message": "a %s and %d", "params": ["x", 7]}, "a x and 7"),
        ({"message": "%(who)s pays %(what).2f%%", "params": {"who": "ada", "what": 1}}, "ada pays 1%"),
        ({"message": "a {} and {}", "params": ["x", 7]}, "a x and 7"),
        ({"message": "a {1} and {0}", "params": ["x", 7]}, "a 7 and x"),
        ({"message": "{who} pays", "params": {"who": "ada"}}, "ada pays"),
        ({"message": "%s of %s", "params": ["x"]}, "x of %s"),
        ({"message": "%s {}", "params": ["x"]}, "x {}"),
        ({"message": "%999999999d", "params": [1]}, "1"),
        ({"message": "100% sure", "params": []}, "100% sure"),
        ({"message": "a %s", "formatted": "b", "params": ["x"]}, "b"),
        ({"formatted": "b"}, "b"),
        ({"message": "a", "params": 7}, "a"),
    ],
)
def test_parameters_are_put_into_the_message(entry, text):
    assert message_of(decoded({"logentry": entry})) == text
