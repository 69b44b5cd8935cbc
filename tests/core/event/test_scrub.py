"""Scrubbing on bytes equals scrubbing the parsed tree, and no planted secret survives it."""

import json
import re
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.core.event.names import SensitiveNames, is_jar
from errata.core.event.scrub import ScrubRules, scrub
from errata.core.event.text import is_card, scrub_text, tells_nothing

RULES = ScrubRules()
NAMES = SensitiveNames()
CODE_KEYS = ("context_line", "pre_context", "post_context")


class Pairs(list):
    """An object as its pairs, in order, repeated keys and all."""


def scrubbed(tree: Any, rules: ScrubRules = RULES) -> Any:
    payload, _ = scrub(json.dumps(tree).encode(), rules)
    return json.loads(payload)


# ---- the slow way, over the parsed tree -------------------------------------------------------------------------


def reference(node: Any, *, key: str = "", in_list: bool = False, in_meta: bool = False) -> Any:
    if isinstance(node, Pairs):
        return reference_object(node, in_meta=in_meta)
    if isinstance(node, list):
        if in_list and len(node) == 2 and isinstance(node[0], str) and NAMES(node[0]):
            return [scrub_text(node[0], NAMES)[0], hidden(node[1], is_jar=False)]
        return [
            # Code stands in a list of nothing but lines.
            reference(one, key="" if in_list or not all_texts(node[:at]) else key, in_list=True, in_meta=in_meta)
            for at, one in enumerate(node)
        ]
    if isinstance(node, str):
        return scrub_text(node, NAMES, code=key in CODE_KEYS)[0]
    if isinstance(node, int) and not isinstance(node, bool) and is_card(str(node)):
        return "[Filtered]"
    return node


def all_texts(nodes: list[Any]) -> bool:
    return all(isinstance(one, str) for one in nodes)


def reference_object(pairs: Pairs, *, in_meta: bool, is_top: bool = False) -> Pairs:
    made: list[tuple[str, Any]] = []
    named = False
    for key, value in pairs:
        if NAMES(key) and not (in_meta and isinstance(value, Pairs)):
            made.append((key, hidden(value, is_jar=is_jar(key))))
        elif named and key == "value":
            made.append((key, hidden(value, is_jar=False)))
        else:
            made.append(
                (
                    key,
                    reference(
                        value, key=key, in_meta=in_meta or (is_top and key == "_meta" and isinstance(value, Pairs))
                    ),
                )
            )
        named = key in ("key", "name") and isinstance(value, str) and NAMES(value)
    return Pairs((scrub_text(key, NAMES)[0], value) for key, value in made)


def hidden(node: Any, *, is_jar: bool, may_be_typed: bool = True) -> Any:
    if may_be_typed and is_typed(node):
        hide = lambda value: hidden(value, is_jar=is_jar, may_be_typed=False)
        return Pairs((key, hide(value) if key == "value" else value) for key, value in node)
    if isinstance(node, Pairs) and is_jar:
        return leaves_hidden(node)
    if isinstance(node, Pairs | list):
        return "[Filtered]" if node else node
    if isinstance(node, str):
        return node if tells_nothing(node) else "[Filtered]"
    return node if node is None or isinstance(node, bool) else "[Filtered]"


def is_typed(node: Any) -> bool:
    """An attribute of a span or log: {"value": …, "type": "string"}, where the value may stand alone."""
    if not isinstance(node, Pairs):
        return False
    kinds = [value for key, value in node if key == "type"]
    is_kind = all(isinstance(kind, str) and re.fullmatch("[a-z]+", kind) for kind in kinds)
    return sorted(key for key, _ in node) in (["value"], ["type", "value"]) and is_kind


def leaves_hidden(node: Any) -> Any:
    if isinstance(node, Pairs):
        return Pairs((scrub_text(key, NAMES)[0], leaves_hidden(value)) for key, value in node)
    if isinstance(node, list):
        return [leaves_hidden(one) for one in node]
    return hidden(node, is_jar=False)


def parsed(payload: bytes) -> Any:
    return json.loads(payload, object_pairs_hook=Pairs)


# ---- any JSON, rich in what scrubbing looks for ------------------------------------------------------------------

SECRET_KEYS = ["password", "X-Api-Key", "authToken", "Authorization", "cookies", "csrf_token", "session", "card number"]
OTHER_KEYS = [
    "a",
    "author",
    "tokens_used",
    "name",
    "key",
    "value",
    "_meta",
    "context_line",
    "type",
    "pre_context",
    "",
    "é\n",
    'q"',
]
CARDS = ["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "12 4111 1111 1111 1111"]
PIECES = st.sampled_from(
    [
        *SECRET_KEYS,
        *OTHER_KEYS,
        *CARDS,
        "=",
        "': '",
        '": "',
        "\\",
        "\\n",
        "\n",
        "\u00a0",
        " ",
        "&",
        ";",
        ",",
        "(",
        ")",
        "{",
        "}",
        "[Filtered]",
        "Bearer abcdef12345",
        "://u:pw@h",
        "eyJhbGciOiJI.eyJzdWIiOiIx.x",
        "'",
        '"',
        "x",
        "7",
        ".",
        "é",
        "\ud800",
        "\0",
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=8)
KEYS = st.sampled_from(SECRET_KEYS + OTHER_KEYS) | TEXTS
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
SCALARS |= st.sampled_from([int(card) for card in CARDS if card.isdecimal()])
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(st.tuples(KEYS, inner).map(list), max_size=3)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=25,
)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(KEYS, TREES, max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_scrubbing_bytes_equals_scrubbing_the_tree(tree, ascii_only, indent):
    payload = json.dumps(tree, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    if b"\xed\xa0" in payload or b"\\ud800" in payload:
        tree.pop("_meta", None)  # Beside what strict parsers refuse, its remarks are taken for values, and removed.
        payload = json.dumps(tree, indent=indent).encode()

    result, _ = scrub(payload, RULES)

    assert parsed(result) == reference_object(parsed(payload), in_meta=False, is_top=True)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_what_is_not_json_never_fails(payload):
    result, removed = scrub(payload, RULES)

    assert isinstance(result, bytes)
    assert removed >= 0


@pytest.mark.parametrize("length", range(1, 60))
def test_a_payload_may_end_anywhere(length):
    payload = b'{"cookies":{"a":"x"},"token":["x","password=x"],"_meta":{"token":{}}}'[:length]

    assert isinstance(scrub(payload, RULES)[0], bytes)


PARTS = st.sampled_from(
    "password passwd secret token api key auth user session id sessionid card number cookie type x2 authToken 7".split()  # noqa: SIM905
)
SEPARATORS = st.sampled_from(["", "_", "-", ".", " ", "__", "[", "]", "%5B", "/"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(PARTS, SEPARATORS, st.sampled_from([str.lower, str.upper, str.title])), min_size=1, max_size=4)
)
def test_the_prescan_misses_no_sensitive_name(words):
    name = "".join(case(word) + separator for word, separator, case in words)

    result = scrubbed({"outer": {name: "hunter2"}})

    assert (result["outer"][name] == "[Filtered]") == NAMES(name)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Passwd",
        "user_password",
        "password_confirmation",
        "passwordHash",
        "DB_PASSWORD_PROD",
        "mysql_pwd",
        "secret",
        "client_secret",
        "SECRET_KEY",
        "token",
        "stripeToken",
        "stripetoken",
        "csrfmiddlewaretoken",
        "X-CSRFToken",
        "id_token",
        "api_key",
        "apikey",
        "X-Api-Key",
        "apiKey",
        "access_key",
        "private_key",
        "auth",
        "basic_auth",
        "Authorization",
        "Proxy-Authorization",
        "credentials",
        "session",
        "sessionid",
        "session_id",
        "PHPSESSID",
        "JSESSIONID",
        "Cookie",
        "Set-Cookie",
        "ssn",
        "iban",
        "card_number",
        "creditCard",
        "cvv",
        "cvc2",
        "jwt",
        "user[password]",
        "passphrase",
    ],
)
def test_a_sensitive_name_is_recognised(name):
    assert scrubbed({name: "hunter2"}) == {name: "[Filtered]"}


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "authenticated",
        "authority",
        "auth_backend",
        "tokens_used",
        "max_tokens",
        "token_type",
        "token_count",
        "csrf_cookie_name",
        "password_validators",
        "session_count",
        "db_session",
        "secretary",
        "passwordless",
        "keyboard",
        "card",
        "expires",
        "discard",
        "key",
        "monkey",
        "passenger",
        "compass",
        "PWD",
        "OLDPWD",
        "cookie_policy",
    ],
)
def test_a_harmless_name_is_left_alone(name):
    assert scrubbed({name: "hunter2"}) == {name: "hunter2"}


@pytest.mark.parametrize("value", ["s", 12345, -1.5, {"a": "b"}, ["a", 1], {"password": "x"}])
def test_any_kind_of_value_is_removed(value):
    assert scrubbed({"extra": {"secret": value, "b": 1}}) == {"extra": {"secret": "[Filtered]", "b": 1}}


@pytest.mark.parametrize("value", ["", "[Filtered]", None, True, False, {}, [], "None", "''"])
def test_what_tells_nothing_stays(value):
    assert scrubbed({"secret": value}) == {"secret": value}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("user=bob&password=hunter2&x=1", "user=bob&password=[Filtered]&x=1"),
        ("sessionid=abc; theme=dark", "sessionid=[Filtered]; theme=dark"),
        ("user%5Bpassword%5D=hunter2", "user%5Bpassword%5D=[Filtered]"),
        ("{'password': 'hunter2', 'a': 1}", "{'password': '[Filtered]', 'a': 1}"),
        ('{"password":"hun\\"ter2","a":1}', '{"password":"[Filtered]","a":1}'),
        ('{"in": "{\\"password\\": \\"hunter2\\"}"}', '{"in": "{\\"password\\": \\"[Filtered]\\"}"}'),
        ("{'token': {'a': ['b', 1]}, 'c': 2}", "{'token': [Filtered], 'c': 2}"),
        ("Login(user='bob', password='hunter2')", "Login(user='bob', password='[Filtered]')"),
        ("[(b'host', b'h'), (b'authorization', b'Basic x')]", "[(b'host', b'h'), (b'authorization', b'[Filtered]')]"),
        ('{"password"=>"hunter2", :token=>"x"}', '{"password"=>"[Filtered]", :token=>"[Filtered]"}'),
        ("Authorization: Bearer abc\nHost: x", "Authorization: [Filtered]\nHost: x"),
        ("sent Bearer abcdef.123456 to it", "sent Bearer [Filtered] to it"),
        ("postgres://app:hunter2@db/x", "postgres://app:[Filtered]@db/x"),
        ("paid with 4111 1111 1111 1111 today", "paid with [Filtered] today"),
        ("378282246310005,5555555555554444", "[Filtered],[Filtered]"),
        ("line\n4111111111111111", "line\n[Filtered]"),
        ("nbsp\u00a04111111111111111", "nbsp\u00a0[Filtered]"),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nb", "a\n[Filtered]\nb"),
    ],
)
def test_a_secret_inside_a_text_is_removed_alone(before, after):
    assert scrubbed({"message": before}) == {"message": after}


@pytest.mark.parametrize(
    "text",
    [
        "0.4111111111111111",
        "id 4111111111111112",
        "+4111111111111111",
        "1732400000000",
        "WHERE token = %s",
        "token == other",
        "Bearer authentication failed",
        "the password is wrong",
        "('a', 'b')",
        "https://host:8080/path@x",
        "['password', 'email']",
    ],
)
def test_a_harmless_text_is_left_alone(text):
    assert scrubbed({"message": text}) == {"message": text}


def test_headers_as_a_list_of_pairs_are_scrubbed():
    request = {"headers": [["Host", "h"], ["Authorization", "Basic x"], ["Cookie", "a=b"]], "fields": ["password", "x"]}

    result = scrubbed({"request": request})

    headers = [["Host", "h"], ["Authorization", "[Filtered]"], ["Cookie", "[Filtered]"]]
    assert result == {"request": {"headers": headers, "fields": ["password", "x"]}}


def test_a_cookie_jar_keeps_its_names():
    assert scrubbed({"cookies": {"sid": "x", "theme": "y"}}) == {
        "cookies": {"sid": "[Filtered]", "theme": "[Filtered]"}
    }


def test_named_values_are_scrubbed():
    tags = [{"key": "token", "value": "x"}, {"key": "a", "value": "token"}]

    assert scrubbed({"tags": tags}) == {"tags": [{"key": "token", "value": "[Filtered]"}, tags[1]]}


def test_an_attribute_of_a_span_keeps_its_type():
    attributes = {"a.token": {"value": "x", "type": "string"}, "cookie": {"type": "array", "value": ["sid=1"]}}

    assert scrubbed({"attributes": attributes}) == {
        "attributes": {
            "a.token": {"value": "[Filtered]", "type": "string"},
            "cookie": {"type": "array", "value": "[Filtered]"},
        }
    }


def test_a_card_number_that_is_a_json_number_is_removed():
    assert scrubbed({"a": 4111111111111111, "b": [5555555555554444, 4111111111111112]}) == {
        "a": "[Filtered]",
        "b": ["[Filtered]", 4111111111111112],
    }


def test_a_card_behind_other_digits_and_two_blanks_is_removed():
    assert scrubbed({"a": "12  4111111111111111, 7 -- 4111 1111 1111 1111"}) == {"a": "12  [Filtered], 7 -- [Filtered]"}


def steps(payload: bytes) -> int:
    """How many calls a scrub takes: what grows with the square of a size would hold a worker for minutes."""
    taken = 0

    def count(*_: Any) -> None:
        nonlocal taken
        taken += 1

    sys.setprofile(count)
    try:
        scrub(payload, RULES)
    finally:
        sys.setprofile(None)
    return taken


@pytest.mark.parametrize(
    "part",
    [
        "2 ", "2-", "2", "2222222222222 ", "4111 1111 1111 1111 ", "4111111111111111, ", "2\\u0041", "token ",
        "token=x ", "token=(", "token='", '\\"token\\":', "bearer ", "eyJaaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "://a:b",
        "cookie: ", '","', '","token","', '":"token","token":"',
    ],
)  # fmt: skip
def test_twice_as_much_of_anything_takes_twice_the_steps(part):
    once, twice = (steps(f'{{"a":["{part * count}"]}}'.encode()) for count in (300, 600))

    assert twice < 2.5 * once


def test_lines_of_code_keep_their_keyword_arguments_but_no_keys():
    frame = {
        "pre_context": ["user = authenticate(", "    username=name,"],
        "context_line": "    password=password)",
        "post_context": ["", "pay('4111111111111111', token=token)"],
    }

    result = scrubbed(frame)

    assert result["context_line"] == frame["context_line"]
    assert result["post_context"] == ["", "pay('[Filtered]', token=token)"]


def test_library_names_are_not_secrets():
    assert scrubbed({"modules": {"cookie": "0.6.0", "jwt": "1.0"}}) == {"modules": {"cookie": "0.6.0", "jwt": "1.0"}}


def test_remarks_about_removed_values_are_kept():
    event = {
        "request": {"cookies": {"sessionid": "[Filtered]"}},
        "_meta": {"request": {"cookies": {"sessionid": {"": {"rem": [["!config", "s"]]}}}}},
    }

    assert scrubbed(event) == event
    assert scrubbed({"_meta": event["_meta"], "request": event["request"]}) == event


def test_a_name_written_with_escapes_does_not_hide():
    payload, removed = scrub(rb'{"p\u0061ssword": "hunter2", "a": "\u0022\u003d"}', RULES)

    assert removed == 1
    assert json.loads(payload) == {"password": "[Filtered]", "a": '"='}


def test_a_payload_without_secrets_is_returned_as_it_came():
    payload = b'{"message" : "all is \\u0077ell", "n":1.0}'.replace(b"\\u0077", b"w")

    assert scrub(payload, RULES)[0] is payload


def test_rules_add_and_spare_names_and_can_be_off():
    event = {"Customer Number": "17", "customerNumber": 17, "token": "x", "Straße": "y"}

    result = scrubbed(event, ScrubRules(keys=("customer_number", "straße"), safe_keys=("token",)))

    assert result == {
        "Customer Number": "[Filtered]",
        "customerNumber": "[Filtered]",
        "token": "x",
        "Straße": "[Filtered]",
    }
    assert scrubbed(event, ScrubRules(enabled=False)) == event


def test_addresses_are_removed_when_the_rules_say_so():
    event = {"user": {"ip_address": "1.2.3.4"}, "request": {"env": {"REMOTE_ADDR": "1.2.3.4"}}}

    assert scrubbed(event) == event
    assert "1.2.3.4" not in json.dumps(scrubbed(event, ScrubRules(ip_addresses=True)))


def test_cards_are_kept_when_the_rules_say_so():
    assert scrubbed({"a": "4111111111111111"}, ScrubRules(cards=False)) == {"a": "4111111111111111"}
