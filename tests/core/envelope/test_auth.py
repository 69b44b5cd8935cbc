import base64

import pytest

from errata.core.envelope import Auth, AuthRefused, find_auth, parse_auth

KEY, OTHER = "a" * 32, "b" * 32


@pytest.mark.parametrize(
    "presented",
    [
        {"sentry_auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0"},
        {"sentry_auth": f"Sentry sentry_version=7,sentry_client=sentry.python/2.75.0,sentry_key={KEY}"},
        {"sentry_auth": f"sentry   sentry_version=7 , sentry_key={KEY},sentry_client=sentry.python/2.75.0,x=y"},
        {"authorization": f"Sentry sentry_key={KEY},sentry_version=7,sentry_client=sentry.python/2.75.0"},
        {"query": f"sentry_key={KEY}&sentry_version=7&sentry_client=sentry.python%2F2.75.0"},
        {"query": f"sentry_client=sentry.python%2F2.75.0&x=1&sentry_version=7&sentry_key={KEY}"},
    ],
)
def test_every_form_presents_the_key(presented):
    assert parse_auth(**presented) == Auth(public_key=KEY, version="7", client="sentry.python/2.75.0")


@pytest.mark.parametrize(
    ("presented", "expected"),
    [
        ({"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}, Auth(KEY)),
        ({"authorization": "basic " + base64.b64encode(KEY.encode()).decode()}, Auth(KEY)),
        ({"dsn": f"https://{KEY}@errors.example:8443/7"}, Auth(KEY, project="7")),
        ({"dsn": f"https://{KEY}:secret@errors.example/some/prefix/7/"}, Auth(KEY, project="7")),
        ({"sentry_auth": f"Sentry sentry_key={KEY}", "dsn": f"http://{KEY}@h/7"}, Auth(KEY, project="7")),
    ],
)
def test_other_forms_say_less_or_more(presented, expected):
    assert parse_auth(**presented) == expected


def test_two_forms_of_one_key_complete_each_other():
    found = parse_auth(sentry_auth=f"Sentry sentry_key={KEY}", query=f"sentry_key={KEY}&sentry_version=7")

    assert (found.public_key, found.version) == (KEY, "7")


@pytest.mark.parametrize(
    "presented",
    [
        {"sentry_auth": f"Sentry sentry_key={KEY}", "query": f"sentry_key={OTHER}"},
        {"sentry_auth": f"Sentry sentry_key={KEY}", "dsn": f"http://{OTHER}@h/1"},
        {"sentry_auth": "Sentry sentry_version=7"},
        {"sentry_auth": "garbage"},
        {"sentry_auth": "Sentry sentry_key=with spaces"},
        {"sentry_auth": "Sentry sentry_key=" + "a" * 65},
        {"sentry_auth": "Sentry sentry_key=a\nb"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()},
        {"query": "sentry_key="},
        {"dsn": "not a dsn"},
        {"dsn": "http://[broken/1"},
        {"dsn": "http://errors.example/1"},
        {},
        {"authorization": "Bearer abc"},
    ],
)
def test_contradictions_and_garbage_are_refused(presented):
    with pytest.raises(AuthRefused) as refused:
        parse_auth(**presented)

    assert refused.value.status == 401


def test_a_foreign_authorization_is_no_key():
    assert find_auth(authorization="Bearer abc") is None
