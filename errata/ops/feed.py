"""What a live page follows: the changes its reader may see."""

from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse

from errata.apps.accounts import sessions
from errata.apps.issues.counts import newest_seq
from errata.core.numeral import whole_number
from errata.ops import process
from errata.web import live

newest = newest_seq


class PageFeed:
    """The web's feed, on our clock."""

    def __init__(self, feed: live.Feed) -> None:
        self._feed = feed

    def next(self) -> bytes:
        """The frames since the last call, or nothing."""
        close_old_connections()
        return self._feed.next(at=process.now())


def open_feed(environ: dict[str, Any]) -> PageFeed | None:
    """Return the feed of whoever is signed in on the browser that asks, or None."""
    request = WSGIRequest(environ)
    SessionMiddleware(_unused).process_request(request)
    request.user = get_user(request)
    actor = sessions.find_actor(request)
    if actor is None:
        return None
    return PageFeed(live.Feed(actor=actor, after=_after(environ), at=process.now()))


def _after(environ: dict[str, Any]) -> int | None:
    """Where the page stands: what it saw last before the connection broke, else what it was drawn with."""
    asked = parse_qs(environ["QUERY_STRING"]).get("after", [""])[0]
    return whole_number(environ.get("HTTP_LAST_EVENT_ID") or asked)


def _unused(_request: HttpRequest) -> HttpResponse:
    raise NotImplementedError
