"""The door: set-up, sign-in, passwords, invitations."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from errata.apps.accounts import operations as accounts
from errata.apps.accounts import queries, sessions
from errata.apps.projects import operations as projects
from errata.core.errors import Refusal
from errata.web.addresses import link as _link
from errata.web.answers import public
from errata.web.forms import Form, posted, refused
from errata.web.platforms import PLATFORMS
from errata.web.requests import PublicRequest


@public
def setup(request: PublicRequest) -> HttpResponse:
    """First person, organisation and project, in one form."""
    if queries.is_set_up():
        return HttpResponseRedirect(reverse("signin"))
    form = Form(values={"platform": "python"})
    if request.method == "POST":
        values = posted(request, "name", "email", "password", "organization", "project", "platform")
        try:
            return _set_up(request, values)
        except Refusal as refusal:
            form = refused(values, refusal)
    return render(request, "entry/setup.html", {"form": form, "platforms": PLATFORMS}, status=_status(form))


def _set_up(request: PublicRequest, values: dict[str, str]) -> HttpResponse:
    named = values | {"project": values["project"] or "First project"}
    actor, project = projects.set_up(**named, at=request.now, ip=_ip(request))
    sessions.start(request, actor=actor)
    return HttpResponseRedirect(reverse("project-start", args=[project.slug]))


@public
def signin(request: PublicRequest) -> HttpResponse:
    """E-mail and password; where one wanted to go stays known."""
    if not queries.is_set_up():
        return HttpResponseRedirect(reverse("setup"))
    form, status = Form(), 200
    if request.method == "POST":
        values = posted(request, "email", "password")
        try:
            actor = accounts.authenticate(**values, ip=_ip(request), at=request.now, request_id=request.request_id)
        except Refusal as refusal:
            form = refused({"email": values["email"]}, refusal)
            status = refusal.status if isinstance(refusal, accounts.TooManyAttempts) else 422
        else:
            sessions.start(request, actor=actor)
            return HttpResponseRedirect(_next(request))
    context = {"form": form, "next": request.GET.get("next", request.POST.get("next", ""))}
    return render(request, "entry/signin.html", context, status=status)


@public
def signout(request: PublicRequest) -> HttpResponse:
    """End the session. Only a form does that, never a link."""
    if request.method == "POST":
        sessions.end(request)
    return HttpResponseRedirect(reverse("signin"))


@public
def reset(request: PublicRequest) -> HttpResponse:
    """Ask for a link. The answer is the same whether the address is known or not."""
    values = posted(request, "email") if request.method == "POST" else {}
    form = Form(values=values)
    if values:
        try:
            accounts.request_password_reset(**values, link=_link("new-password"), ip=_ip(request), at=request.now)
        except Refusal as refusal:
            form = refused(values, refusal)
    sent = bool(values) and not form.problem
    return render(request, "entry/reset.html", {"form": form, "sent": sent}, status=_status(form))


@public
def new_password(request: PublicRequest, token: str) -> HttpResponse:
    """What the link leads to."""
    form = Form()
    if request.method == "POST":
        values = posted(request, "password")
        try:
            actor = accounts.reset_password(secret=token, new=values["password"], at=request.now, ip=_ip(request))
        except Refusal as refusal:
            form = refused(values, refusal)
        else:
            sessions.start(request, actor=actor)
            return HttpResponseRedirect(reverse("issues"))
    return render(request, "entry/new_password.html", {"form": form}, status=_status(form))


@public
def invitation(request: PublicRequest, token: str) -> HttpResponse:
    """Join an organisation with a link somebody there made."""
    shown = queries.invitation(secret=token, at=request.now)
    form = Form()
    if request.method == "POST":
        values = posted(request, "name", "password")
        try:
            actor = accounts.accept_invitation(secret=token, **values, at=request.now, ip=_ip(request))
        except Refusal as refusal:
            form = refused(values, refusal)
        else:
            sessions.start(request, actor=actor)
            return HttpResponseRedirect(reverse("issues"))
    return render(request, "entry/invitation.html", {"form": form, "invitation": shown}, status=_status(form))


def _next(request: PublicRequest) -> str:
    wanted = str(request.POST.get("next", ""))
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted and safe else reverse("issues")


def _ip(request: PublicRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _status(form: Form) -> int:
    return 422 if form.problem or form.errors else 200
