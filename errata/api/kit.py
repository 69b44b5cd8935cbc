"""What every REST dialect needs: bearer tokens that become actors, one page shape, one error shape per dialect."""

from datetime import UTC, datetime
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import ConfigDict

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.operations import note_token_use
from errata.apps.accounts.types import Actor
from errata.core.errors import Refusal

log = structlog.get_logger(__name__)


class ApiRequest(HttpRequest):
    """A request whose token is known."""

    auth: Actor


class Bearer(HttpBearer):
    """`Authorization: Bearer <token>`: an API token of the organisation it speaks for."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return the token's actor, or None, which answers 401."""
        now = datetime.now(UTC)
        actor = accounts.actor_for_token(
            secret=token, at=now, ip=request.META.get("REMOTE_ADDR", ""), request_id=request_id(request)
        )
        if actor:
            note_token_use(secret=token, at=now)
        return actor


class Given(Schema):
    """What a client sends. A field that isn't there is refused: passed over in silence, a slip would look done."""

    model_config = ConfigDict(extra="forbid")


class Fault(Schema):
    """What went wrong, for a program and for a person."""

    code: str
    message: str
    data: dict[str, Any] = {}
    request_id: str = ""


class ErrorBody(Schema):
    """The one shape of an error."""

    error: Fault


def request_id(request: HttpRequest) -> str:
    """The id the front gave this request; it is in the log line too."""
    return str(request.META.get("HTTP_X_REQUEST_ID", ""))


def _place(loc: tuple[Any, ...]) -> str:
    """Where a value is: `body.title`. The name of our own argument, which ninja puts in between, says nothing."""
    parts = loc[1:] if len(loc) > 1 and loc[0] == loc[1] else loc
    return ".".join(map(str, parts))


def _what(fault: dict[str, Any]) -> str:
    return "There is no such field" if fault["type"] == "extra_forbidden" else str(fault["msg"])


def answer_errors(api: NinjaAPI) -> None:
    """Give every error of this API the one shape. A bug is logged with its request id, and says no more than that."""

    def fail(request: HttpRequest, *, status: int, code: str, message: str, **data: Any) -> HttpResponse:
        fault = Fault(code=code, message=message, data=data, request_id=request_id(request))
        return api.create_response(request, ErrorBody(error=fault), status=status)

    @api.exception_handler(Refusal)
    def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
        answer = fail(request, status=refusal.status, code=refusal.code, message=refusal.message, **refusal.data)
        if "retry_after_s" in refusal.data:
            answer.headers["Retry-After"] = str(refusal.data["retry_after_s"])
        return answer

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        places = [{"at": _place(fault["loc"]), "what": _what(fault)} for fault in error.errors]
        first = places[0] if places else {"at": "body", "what": "could not be read"}
        message = f"{first['at']}: {first['what']}."
        return fail(request, status=422, code="invalid", message=message, places=places)

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, _: AuthenticationError) -> HttpResponse:
        message = "This needs a token: send `Authorization: Bearer <token>`. Settings → API tokens makes one."
        answer = fail(request, status=401, code="unauthenticated", message=message)
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Errata"'
        return answer

    @api.exception_handler(HttpError)
    def told(request: HttpRequest, error: HttpError) -> HttpResponse:
        unread = isinstance(error.__cause__, ValueError)  # what JSON that can't be read raises
        message = f"The body is not JSON: {error.__cause__}." if unread else str(error)
        return fail(request, status=error.status_code, code="bad_request", message=message)

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("api request failed", path=request.path, exc_info=error)
        message = "Errata made an error of its own; it is in the log under this request id."
        return fail(request, status=500, code="internal", message=message)

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, _: Http404) -> HttpResponse:
        return fail(request, status=404, code="not_found", message="There is nothing at this address.")
