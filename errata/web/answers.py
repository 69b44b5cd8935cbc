"""What a view returns, besides a page: a toast, a fragment, a redirect that htmx follows."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

_SESSION_KEY = "toasts"
View = TypeVar("View", bound=Callable[..., HttpResponse])


class Toast(msgspec.Struct, frozen=True):
    text: str
    kind: Literal["good", "bad"] = "good"
    undo: tuple[int, ...] = ()  # the activities that can be taken back
    undo_url: str = ""  # where else something is taken back, and with what
    undo_values: tuple[tuple[str, str], ...] = ()
    url: str = ""
    link: str = ""


def public(view: View) -> View:
    """Mark a view that needs nobody signed in."""
    view.public = True  # type: ignore[attr-defined]  # a mark
    return view


def fragment(
    request: HttpRequest, pieces: Sequence[str], *, toast: Toast | None = None, status: int = 200
) -> HttpResponse:
    """Answer htmx with pieces for the page, each naming its own target, and a toast."""
    html = [*pieces]
    if toast:
        words = render_to_string("components/toast.html", {"toast": toast}, request)
        html.append(piece("#toasts", words, swap="beforeend"))
    return HttpResponse("".join(html), status=status)


def piece(target: str, html: str, *, swap: str = "outerMorph") -> str:
    """Wrap rendered HTML so that htmx puts it at `target`, a selector of our own making."""
    return f'<hx-partial hx-target="{target}" hx-swap="{swap}">{html}</hx-partial>'


def go(request: HttpRequest, url: str, *, toast: Toast | None = None) -> HttpResponse:
    """Redirect; the toast shows on the next page."""
    if toast:
        waiting: list[dict[str, Any]] = request.session.get(_SESSION_KEY, [])
        request.session[_SESSION_KEY] = [*waiting, msgspec.to_builtins(toast)]
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def waiting_toasts(request: HttpRequest) -> list[Toast]:
    """Take what earlier answers left to say."""
    if not hasattr(request, "session") or _SESSION_KEY not in request.session:
        return []
    return msgspec.convert(request.session.pop(_SESSION_KEY), list[Toast])
