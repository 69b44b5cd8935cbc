"""One's own account: name, look, password, tokens."""

import zoneinfo
from urllib.parse import quote, unquote

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts import operations, queries, sessions
from errata.apps.accounts.permissions import SCOPES, may
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.web.answers import Toast, go
from errata.web.forms import Form, posted, refused
from errata.web.requests import ActorRequest

_COOKIE_S = 365 * 86_400


def account(request: ActorRequest) -> HttpResponse:
    """Name, time zone, look, password, organisation."""
    form = Form()
    if request.method == "POST":
        try:
            return _CHANGES.get(request.POST.get("do", ""), _profile)(request)
        except Refusal as refusal:
            form = refused({}, refusal)
    context = {
        "form": form,
        "organization": queries.organization(actor=request.actor),
        "zones": sorted(zoneinfo.available_timezones()),
        "zone": unquote(request.COOKIES.get("zone_chosen", "")),
    }
    return render(request, "account/page.html", context, status=422 if form.problem else 200)


def tokens(request: ActorRequest) -> HttpResponse:
    """One's tokens; a posted form makes another and shows its secret once."""
    form, secret = Form(), ""
    if request.method == "POST":
        ends, days = request.POST.get("days", ""), whole_number(request.POST.get("days", "")) or 0
        try:
            _, secret = operations.create_token(
                name=request.POST.get("name", ""),
                scopes=request.POST.getlist("scopes"),
                expires_at=operations.token_end(days=days, at=request.now) if ends else None,
                by=request.actor,
                at=request.now,
            )
        except Refusal as refusal:
            form = refused(posted(request, "name"), refusal)
    context = {
        "form": form,
        "secret": secret,
        "tokens": queries.list_tokens(actor=request.actor, at=request.now),
        "scopes": [(scope, words) for scope, words in SCOPES.items() if may(request.actor, scope)],
    }
    return render(request, "account/tokens.html", context, status=422 if form.problem else 200)


@require_POST
def revoke(request: ActorRequest, token_id: int) -> HttpResponse:
    """Stop a token."""
    operations.revoke_token(token_id=token_id, by=request.actor, at=request.now)
    return go(request, reverse("tokens"), toast=Toast(text="The token is revoked."))


def _profile(request: ActorRequest) -> HttpResponse:
    operations.update_profile(name=request.POST.get("name", ""), by=request.actor, at=request.now)
    response = go(request, reverse("account"), toast=Toast(text="Saved."))
    zone = request.POST.get("zone", "")
    if zone in zoneinfo.available_timezones():
        for name in ("zone", "zone_chosen"):
            response.set_cookie(name, quote(zone, safe=""), max_age=_COOKIE_S, samesite="Lax")
    else:
        response.delete_cookie("zone_chosen")
    return response


def _password(request: ActorRequest) -> HttpResponse:
    operations.change_password(
        current=request.POST.get("current", ""), new=request.POST.get("new", ""), by=request.actor, at=request.now
    )
    sessions.keep(request, actor=request.actor)
    return go(
        request, reverse("account"), toast=Toast(text="The password is changed; your other sessions are signed out.")
    )


def _organization(request: ActorRequest) -> HttpResponse:
    operations.rename_organization(name=request.POST.get("organization", ""), by=request.actor, at=request.now)
    return go(request, reverse("account"), toast=Toast(text="Saved."))


_CHANGES = {"profile": _profile, "password": _password, "organization": _organization}
