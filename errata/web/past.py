"""Pages of a moment: what `?as_of=` in the address means, and what every such page says about itself."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import msgspec
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone

from errata.core import past
from errata.web.requests import ActorRequest

View = Callable[..., HttpResponse]
_STEPS = (
    ("An hour ago", timedelta(hours=1)),
    ("This time yesterday", timedelta(days=1)),
    ("A week ago", timedelta(days=7)),
    ("Four weeks ago", timedelta(days=28)),
)


class Past(msgspec.Struct, frozen=True):
    """The moment that a page tells of."""

    at: datetime
    query: str  # what links within the past go on with
    back_url: str


class Step(msgspec.Struct, frozen=True):
    name: str
    url: str


def of_a_moment(view: View) -> View:
    """Give the view its moment. A time without a zone is the viewer's, and sent back as one that all read alike."""

    @wraps(view)
    def told(request: ActorRequest, *args: Any, **more: Any) -> HttpResponse:
        text = request.GET.get("as_of", "").strip()
        if not text:
            return view(request, *args, **more)
        at = past.moment(text, now=request.now, zone=timezone.get_current_timezone())
        if text != past.written(at):
            return HttpResponseRedirect(_url(request, past.written(at)))
        request.as_of = at
        return view(request, *args, **more)

    return told


def query_of(request: Any) -> str:
    """What an address within the past goes on with; nothing now."""
    at = getattr(request, "as_of", None)
    return f"?as_of={past.written(at)}" if at else ""


def shell(request: Any) -> dict[str, Any]:
    """What pages of a moment are drawn with: nothing on them changes anything, and distances are those of then."""
    at: datetime | None = getattr(request, "as_of", None)
    values: dict[str, Any] = {
        "past": None,
        "past_steps": lambda: _steps(request),
        "past_fields": lambda: _fields(request),
    }
    if at is None:
        return values
    told = Past(at=at, query=query_of(request), back_url=_url(request, ""))
    return values | {"past": told, "now": at, "can_write": False}


def _steps(request: ActorRequest) -> list[Step]:
    minute = request.now.replace(second=0, microsecond=0)
    return [Step(name=name, url=_url(request, past.written(minute - back))) for name, back in _STEPS]


def _fields(request: ActorRequest) -> list[tuple[str, str]]:
    """The rest of the address, for the form that asks for another moment."""
    return [(name, request.GET.get(name, "")) for name in request.GET if name not in ("as_of", "cursor")]


def _url(request: ActorRequest, as_of: str) -> str:
    query = request.GET.copy()
    for name in ("as_of", "cursor"):
        query.pop(name, None)
    if as_of:
        query["as_of"] = as_of
    encoded = query.urlencode(safe=":,")
    return f"{request.path}?{encoded}" if encoded else request.path
