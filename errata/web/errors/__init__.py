"""Pages and toasts for when something can't be had: what, why, what to do, and the request's id."""

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from errata.core.errors import Refusal
from errata.web.answers import Toast, fragment, public

_TITLES = {
    400: "That request can’t be read",
    403: "You may not do that",
    404: "There is nothing here",
    405: "That can’t be done here",
    409: "Somebody was faster",
    422: "That can’t be accepted",
    429: "Too many attempts",
    500: "Errata made an error of its own",
    503: "A part of Errata is not answering",
}
_ADVICE = {
    400: "Go back and try again. If a link brought you here, it may have been cut short.",
    403: "Ask an owner or admin of your organisation, or reload the page if you signed in again meanwhile.",
    404: "The address may be old, or what it named belongs to somebody else or was deleted.",
    405: "This address takes what a form sends, and is no page of its own. Go back to the page with the form.",
    429: "Wait a minute, then try again.",
    500: "Nothing you typed is lost: drafts are kept in your browser. Try again; if it stays, tell whoever runs this "
    "installation the request id below.",
    503: "What was sent to Errata is safe in the journal. Try again in a few seconds.",
}


def refused(request: Any, refusal: Refusal) -> HttpResponse:
    """Answer an anticipated no: a toast to htmx, a page to everybody else."""
    if request.headers.get("HX-Request"):
        return fragment(request, [], toast=Toast(text=refusal.message, kind="bad"), status=refusal.status)
    return _page(request, status=refusal.status, message=refusal.message)


@public
def bad_request(request: HttpRequest, exception: SuspiciousOperation | Exception) -> HttpResponse:
    return _page(request, status=400)


@public
def forbidden(request: HttpRequest, exception: PermissionDenied | Exception) -> HttpResponse:
    return _page(request, status=403)


@public
def not_found(request: HttpRequest, exception: Http404 | Exception) -> HttpResponse:
    return _page(request, status=404)


def wrong_method(request: HttpRequest, *, allowed: str) -> HttpResponse:
    """Answer for an address that is only for forms and was opened, or the other way round."""
    response = _page(request, status=405)
    response.headers["Allow"] = allowed
    return response


@public
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django calls this when a form's token doesn't match its cookie."""
    message = (
        "This page has been open for a long time, or you signed in again elsewhere. Reload it, then send the"
        " form again."
    )
    return _page(request, status=403, message=message)


@public
def failed(request: HttpRequest) -> HttpResponse:
    """Answer for a bug. It draws no frame and asks no database: either may be what failed."""
    if request.headers.get("HX-Request"):
        toast = Toast(text=f"That failed, and nothing was changed. Request {_id(request)}.", kind="bad")
        return fragment(request, [], toast=toast, status=500)
    return HttpResponse(render_to_string("errors/plain.html", _words(request, 500, "")), status=500)


def _page(request: Any, *, status: int, message: str = "") -> HttpResponse:
    signed_in = getattr(request, "actor", None) is not None
    template = "errors/page.html" if signed_in else "errors/plain.html"
    return render(request, template, _words(request, status, message), status=status)


def _words(request: HttpRequest, status: int, message: str) -> dict[str, Any]:
    return {
        "status": status,
        "heading": _TITLES.get(status, "That didn’t work"),
        "message": message,
        "advice": _ADVICE.get(status, ""),
        "request_id": _id(request),
        "theme": request.COOKIES.get("theme", "system"),
    }


def _id(request: HttpRequest) -> str:
    return str(getattr(request, "request_id", "unknown"))
