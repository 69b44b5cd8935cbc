"""The small answers: favicon, manifest, Markdown preview, polling for changes."""

import msgspec
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from errata.apps.notices import queries as notices
from errata.core.numeral import whole_number
from errata.web import live
from errata.web.answers import public
from errata.web.requests import ActorRequest, PublicRequest
from errata.web.templatetags.ui import markdown_filter

_FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#0a6b5f"/>'
    '<g fill="none" stroke="#fff" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"><path d="M4 4.75h8'
    'M4 11.75h3.2M11.2 11.75h.8"/><path d="m6.6 8.9 2.1-2.2 2.1 2.2" stroke-width="1.7"/></g></svg>'
)
_DAY_S = 86_400


@public
@cache_control(max_age=_DAY_S, public=True)
def favicon(request: PublicRequest) -> HttpResponse:
    """The sign in the tab."""
    return HttpResponse(_FAVICON, content_type="image/svg+xml")


@public
@cache_control(max_age=_DAY_S, public=True)
def manifest(request: PublicRequest) -> HttpResponse:
    """What makes the pages installable on a phone."""
    icon = {"src": reverse("favicon"), "type": "image/svg+xml", "sizes": "any", "purpose": "any"}
    values = {
        "name": "Errata",
        "short_name": "Errata",
        "start_url": reverse("issues"),
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0a6b5f",
        "icons": [icon],
    }
    return JsonResponse(values, content_type="application/manifest+json")


@require_POST
def preview(request: ActorRequest) -> HttpResponse:
    """Markdown as it will look."""
    return HttpResponse(markdown_filter(request.POST.get("text", "")))


def live_poll(request: ActorRequest) -> HttpResponse:
    """The changes behind a number, for browsers that the stream doesn't reach."""
    message = live.read(actor=request.actor, after=whole_number(request.GET.get("after", "")) or 0)
    message = msgspec.structs.replace(message, unread=notices.unread(actor=request.actor, now=request.now))
    return HttpResponse(msgspec.json.encode(message), content_type="application/json")


def live_stream(request: ActorRequest) -> HttpResponse:
    """Behind a server that can't hold a stream open, say so: the page polls instead."""
    return HttpResponse(status=204)


def home(request: ActorRequest) -> HttpResponse:
    """The start page is the stream."""
    return HttpResponseRedirect(reverse("issues"))
