"""Who asks, when, and what they are told when the answer is no."""

import re
import secrets
import zoneinfo
from collections.abc import Callable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from errata.apps.accounts import queries as accounts
from errata.apps.accounts import sessions
from errata.apps.workflows.queries import steady
from errata.core.errors import Refusal
from errata.web import errors

GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"[\w.-]{6,64}")


class Visitor:
    """Give each request its id, its time, its time zone and its actor; send strangers to the door."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.now = timezone.now()
        request.request_id = _request_id(request)
        request.actor = None
        request.as_of = None
        with timezone.override(_zone(request)), steady() if request.method == "GET" else nullcontext():
            response = self._get_response(request)
            if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
                response = errors.wrong_method(request, allowed=response.headers.get("Allow", ""))
        response.headers.setdefault("X-Request-Id", request.request_id)
        if request.actor is not None:
            response.headers.setdefault("Cache-Control", "private, no-cache")
            response.headers.setdefault("Vary", "Cookie")
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not view.__module__.startswith("errata.web"):
            return None
        request.actor = sessions.find_actor(
            request, ip=request.META.get("REMOTE_ADDR", ""), request_id=request.request_id
        )
        if request.actor is not None or getattr(view, "public", False):
            return None
        return _to_the_door(request)

    def process_exception(self, request: Any, exception: Exception) -> HttpResponse | None:
        return errors.refused(request, exception) if isinstance(exception, Refusal) else None


def _to_the_door(request: HttpRequest) -> HttpResponse:
    if not accounts.is_set_up():
        return HttpResponseRedirect(reverse("setup"))
    url = f"{reverse('signin')}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": reverse("signin")})
    return HttpResponseRedirect(url)


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-Id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """The viewer's zone: chosen in their account, else their browser's, both kept in a cookie."""
    try:
        return zoneinfo.ZoneInfo(unquote(request.COOKIES.get("zone", "")) or "UTC")
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo("UTC")
