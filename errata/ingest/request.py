"""A request to intake, before its body is read: what it asks for, and who asks."""

import re
from typing import Literal, NamedTuple

from errata.core import limits
from errata.core.envelope import Auth, find_auth, parse_auth
from errata.core.errors import Refusal
from errata.ports.keys import IntakeKey, IntakeProject, KeySnapshot

Endpoint = Literal["envelope", "store"]

# /api/v1 is the native API's.
_PATH = re.compile(r"/api/(?:(?!v[0-9])([^/]+)/)?(envelope|store)/?\Z")
_NUMBER = re.compile(r"[0-9]{1,18}\Z")
METHODS = ("POST", "GET", "OPTIONS")


class RequestRefused(Refusal):
    """The request is not one that intake can read."""

    code = "bad_request"


class MethodRefused(Refusal):
    """The path is right, the method isn't."""

    code = "method_not_allowed"
    status = 405


class KeyUnknown(Refusal):
    """No project has this key, as far as is known here."""

    code = "unknown_key"
    status = 403


class KeyDisabled(Refusal):
    """The key, or its project, is switched off."""

    code = "key_disabled"
    status = 403


class ProjectMismatch(Refusal):
    """The key belongs to another project."""

    code = "project_mismatch"
    status = 403


class OriginRefused(Refusal):
    """The project takes no events from this web page."""

    code = "origin_not_allowed"
    status = 403


class BodyTooLarge(Refusal):
    """The body is larger than is accepted."""

    code = "too_large"
    status = 413


class NotReady(Refusal):
    """The keys were never read: nobody's key can be called wrong."""

    code = "not_ready"
    status = 503


class Request(NamedTuple):
    """The request line, and those headers that matter."""

    method: str
    endpoint: Endpoint
    project: str  # as written in the path; "" when the path names none
    query: str
    sentry_auth: str
    authorization: str
    origin: str
    content_type: str
    content_encoding: str
    content_length: int | None
    user_agent: str
    client_ip: str


class Sender(NamedTuple):
    """Whose events these are."""

    key: IntakeKey
    project: IntakeProject


def takes(path: str) -> bool:
    """Whether the path is one of intake's."""
    return _PATH.match(path) is not None


def endpoint_of(path: str) -> tuple[Endpoint, str]:
    """The endpoint and the project (as written) of one of intake's paths."""
    found = _PATH.match(path)
    if found is None:
        raise RequestRefused(f"There is nothing at {path}.")
    return ("envelope" if found[2] == "envelope" else "store"), found[1] or ""


def check(request: Request) -> None:
    """Refuse what is hopeless whoever sends it. Raise a Refusal."""
    if request.method not in METHODS or (request.method == "GET" and request.endpoint == "envelope"):
        msg = f"{request.method} is not possible here. Use POST."
        raise MethodRefused(msg, allow=", ".join(METHODS))
    if request.project and not _NUMBER.match(request.project):
        msg = f"The path names the project {request.project[:40]!r}; projects have numbers. Compare it with the DSN."
        raise RequestRefused(msg)
    if request.content_length is not None and request.content_length > limits.BODY_BYTES_MAX:
        raise too_large()


def too_large() -> BodyTooLarge:
    """The refusal of a body beyond the cap."""
    msg = f"The body is larger than {limits.BODY_BYTES_MAX // 2**20} MiB."
    return BodyTooLarge(msg, bytes_max=limits.BODY_BYTES_MAX)


def identify(request: Request, snapshot: KeySnapshot, *, dsn: str | None = None) -> Sender | None:
    """Who sends, by headers and query, and by the DSN of the envelope header once that is known.

    None when only the envelope header can tell. Raise a Refusal: AuthRefused, KeyUnknown, KeyDisabled, …
    """
    if dsn is None and request.endpoint == "envelope":
        auth = find_auth(sentry_auth=request.sentry_auth, authorization=request.authorization, query=request.query)
        if auth is None:
            return None
    else:
        auth = parse_auth(
            sentry_auth=request.sentry_auth, authorization=request.authorization, query=request.query, dsn=dsn or ""
        )
    sender = _look_up(auth, snapshot)
    _check_sender(request, sender)
    return sender


def _look_up(auth: Auth, snapshot: KeySnapshot) -> Sender:
    key = snapshot.keys.get(auth.public_key)
    project = snapshot.projects.get(key.project_id) if key else None
    if key is None or project is None:
        msg = f"No project has the key {auth.public_key!r}. Compare the DSN with the one in the project's settings."
        raise KeyUnknown(msg)
    return Sender(key, project)


def _check_sender(request: Request, sender: Sender) -> None:
    key = sender.key
    if not key.active:
        msg = f"The key {key.public_key!r}, or its project, is disabled. It can be enabled in the project's settings."
        raise KeyDisabled(msg)
    if request.project and int(request.project) != key.project_id:
        msg = f"The key {key.public_key!r} belongs to another project than {int(request.project)}. Compare the DSN."
        raise ProjectMismatch(msg)
    if request.origin and not is_allowed(request.origin, sender.project.allowed_origins):
        msg = f"The project takes no events from {request.origin[:200]!r}. Its settings list the origins that it does."
        raise OriginRefused(msg)


def is_allowed(origin: str, allowed: tuple[str, ...]) -> bool:
    """Whether a page's origin is among those allowed: `*`, `https://example.org`, `example.org` or `*.example.org`."""
    if not allowed or "*" in allowed:
        return True
    origin = origin.lower()
    host = origin.partition("://")[2]
    names = (origin, host, host.rpartition(":")[0] if ":" in host else host)
    return any(_matches(names, entry.lower().rstrip("/")) for entry in allowed)


def _matches(names: tuple[str, ...], entry: str) -> bool:
    if entry.startswith("*."):
        return any(name.endswith(entry[1:]) for name in names)
    return entry in names
