"""What no endpoint answers: below an API's addresses the answer is no page, but the error of that API.

The addresses of the dialects to come are reserved here. A client that is pointed at one is told so in the shape that
it reads errors in, with 404, which no client tries again.
"""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse

_NO_SUCH_METHOD = 12  # UNIMPLEMENTED, of google.rpc.Code, in which OTLP speaks
_PROTOBUF = "application/x-protobuf"


class Dialect(msgspec.Struct, frozen=True):
    """A part of the address space, and how errors are told there."""

    addresses: re.Pattern[str]
    name: str  # what Errata doesn't answer yet; empty for its own API
    shape: Callable[[str, str, str], dict[str, Any]]  # (code, message, request id)


def _own(code: str, message: str, request: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "data": {}, "request_id": request}}


def _sentry(_code: str, message: str, _request: str) -> dict[str, Any]:
    return {"detail": message}


def _rollbar(_code: str, message: str, _request: str) -> dict[str, Any]:
    return {"err": 1, "message": message}


def _zendesk(code: str, message: str, _request: str) -> dict[str, Any]:
    return {"error": "InvalidEndpoint" if code == "not_found" else code, "description": message}


def _jira(_code: str, message: str, _request: str) -> dict[str, Any]:
    return {"errorMessages": [message], "errors": {}}


def _otlp(_code: str, message: str, _request: str) -> dict[str, Any]:
    return {"code": _NO_SUCH_METHOD, "message": message}


# The first that matches speaks.
DIALECTS = (
    Dialect(re.compile(r"/api/v1(/|$)"), "", _own),
    Dialect(re.compile(r"/api/v2(/|$)"), "Zendesk's API", _zendesk),
    Dialect(re.compile(r"/api/0(/|$)"), "Sentry's web API", _sentry),
    Dialect(re.compile(r"/api/1/(items?|deploys?)(/|$)"), "Rollbar's API", _rollbar),
    Dialect(re.compile(r"/api/\d+/"), "this kind of Sentry intake", _sentry),
    Dialect(re.compile(r"/rest(/|$)"), "Jira's API", _jira),
    Dialect(re.compile(r"/v1/(traces|logs|metrics)/?$"), "OTLP", _otlp),
    Dialect(re.compile(r"/api(/|$)"), "", _own),
)


class OwnWords:
    """Middleware: turn an error page at an API's address into that API's error."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or "json" in response.headers.get("Content-Type", ""):
            return response
        dialect = _dialect_at(request.path_info)
        return _told(request, response, dialect) if dialect else response


def error_of(path: str, *, status: HTTPStatus, message: str) -> str | None:
    """Return an error as the API at that address tells it, or None where there are pages."""
    dialect = _dialect_at(path)
    return json.dumps(dialect.shape(status.name.lower(), message, "")) if dialect else None


def _dialect_at(path: str) -> Dialect | None:
    return next((each for each in DIALECTS if each.addresses.match(path)), None)


def _told(request: HttpRequest, response: HttpResponse, dialect: Dialect) -> HttpResponse:
    status = HTTPStatus(response.status_code)
    message = _message(request, response, dialect, status)
    number = response.headers.get("X-Request-Id", "")
    if dialect.shape is _otlp and request.content_type == _PROTOBUF:
        answer = HttpResponse(_protobuf(message), content_type=_PROTOBUF, status=status)
    else:
        answer = JsonResponse(dialect.shape(status.name.lower(), message, number), status=status)
    for header in ("Allow", "X-Request-Id"):
        if header in response.headers:
            answer.headers[header] = response.headers[header]
    return answer


def _message(request: HttpRequest, response: HttpResponse, dialect: Dialect, status: HTTPStatus) -> str:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = " or ".join(sorted(response.headers.get("Allow", "").split(", ")))
        return f"{request.method} is not possible at {request.path}. Use {allowed}."
    if status != HTTPStatus.NOT_FOUND:
        return f"{status.description or status.phrase}."
    if dialect.name:
        return f"Errata does not answer {dialect.name} at {request.path} yet; the address is reserved for it."
    return f"There is nothing at {request.path}. /api/v1/docs lists what there is."


def _protobuf(message: str) -> bytes:
    """Return a google.rpc.Status: field 1 is the code, field 2 the message."""
    text = message.encode()
    return bytes((0x08, _NO_SUCH_METHOD, 0x12)) + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    head = b""
    while number > 0x7F:
        head += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return head + bytes((number,))
