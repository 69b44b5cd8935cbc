"""Who sends: every form in which Sentry clients present their project key."""

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from errata.core.errors import Refusal


class AuthRefused(Refusal):
    """No key, two different keys, or something that isn't a key was presented."""

    code = "auth_refused"
    status = 401


class Auth(msgspec.Struct, frozen=True):
    """A presented project key, not yet looked up."""

    public_key: str
    version: str = ""  # protocol version: 5, 6, 7
    client: str = ""  # "sentry.python/2.75.0"
    project: str = ""  # from a DSN; "" where the form doesn't say


# Sentry's own are 32 hex digits; SDKs send any DSN user part on. What is never legal in one keeps garbage out of logs.
_PUBLIC_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_SENTRY_SCHEME = re.compile(r"\s*sentry\s+", re.IGNORECASE)
_BASIC_SCHEME = re.compile(r"\s*basic\s+", re.IGNORECASE)


def parse_auth(*, sentry_auth: str = "", authorization: str = "", query: str = "", dsn: str = "") -> Auth:
    """The key that a request presents in its headers, its query string or the `dsn` of its envelope header.

    Raise AuthRefused when there is none or they contradict each other.
    """
    found = find_auth(sentry_auth=sentry_auth, authorization=authorization, query=query, dsn=dsn)
    if found is None:
        msg = (
            "The request has no project key. Send it as the X-Sentry-Auth header, as ?sentry_key=, "
            "or as the dsn of the envelope header."
        )
        raise AuthRefused(msg)
    return found


def find_auth(*, sentry_auth: str = "", authorization: str = "", query: str = "", dsn: str = "") -> Auth | None:
    """The key a request presents, or None when it presents none. Raise AuthRefused for contradictions and garbage."""
    found: Auth | None = None
    for presented in _presented(sentry_auth, authorization, query, dsn):
        if found is not None and found.public_key != presented.public_key:
            msg = "The request presents two different project keys. Send one."
            raise AuthRefused(msg)
        found = _more_complete(found, presented)
    return found


def _presented(sentry_auth: str, authorization: str, query: str, dsn: str) -> Iterator[Auth]:
    if sentry_auth:
        yield _from_pairs(_SENTRY_SCHEME.sub("", sentry_auth, count=1), where="X-Sentry-Auth header")
    if scheme := _SENTRY_SCHEME.match(authorization):
        yield _from_pairs(authorization[scheme.end() :], where="Authorization header")
    elif scheme := _BASIC_SCHEME.match(authorization):
        yield _from_basic(authorization[scheme.end() :])
    if "sentry_key" in query:
        yield from _from_query(query)
    if dsn:
        yield _from_dsn(dsn)


def _more_complete(first: Auth | None, second: Auth) -> Auth:
    if first is None:
        return second
    return Auth(
        public_key=first.public_key,
        version=first.version or second.version,
        client=first.client or second.client,
        project=first.project or second.project,
    )


def _from_pairs(text: str, *, where: str) -> Auth:
    pairs = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        pairs[name.strip()] = value.strip()
    return _auth(pairs, where=where)


def _from_basic(text: str) -> Auth:
    try:
        user = base64.b64decode(text.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        msg = "The Authorization header is not valid Basic authentication."
        raise AuthRefused(msg) from None
    return _auth({"sentry_key": user}, where="Authorization header")


def _from_query(query: str) -> Iterator[Auth]:
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    if "sentry_key" in pairs:
        yield _auth(pairs, where="query string")


def _from_dsn(dsn: str) -> Auth:
    try:
        parts = urlsplit(dsn)
        key = unquote(parts.username or "")
    except ValueError:
        key = ""
    if not key:
        msg = "The dsn of the envelope header is not a DSN."
        raise AuthRefused(msg)
    return _auth(
        {"sentry_key": key}, where="dsn of the envelope header", project=parts.path.rstrip("/").rpartition("/")[2]
    )


def _auth(pairs: dict[str, str], *, where: str, project: str = "") -> Auth:
    key = pairs.get("sentry_key", "")
    if not _PUBLIC_KEY.match(key):
        msg = f"The {where} has no readable sentry_key."
        raise AuthRefused(msg)
    return Auth(
        public_key=key,
        version=pairs.get("sentry_version", "")[:8],
        client=pairs.get("sentry_client", "")[:128],
        project=project,
    )
