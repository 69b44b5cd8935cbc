"""People, invitations, roles and teams."""

from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from errata.apps.accounts import operations, queries
from errata.apps.accounts.permissions import ROLES, may
from errata.apps.accounts.types import Role
from errata.core.numeral import whole_number
from errata.web.addresses import link
from errata.web.answers import Toast, go
from errata.web.requests import ActorRequest


def people(request: ActorRequest) -> HttpResponse:
    """Everybody, with what they may do."""
    return _page(request)


@require_POST
def invite(request: ActorRequest) -> HttpResponse:
    """Invite by mail, and show the link once for where no mail goes."""
    email, role = request.POST.get("email", ""), cast("Role", request.POST.get("role", "member"))
    view, secret = operations.invite(email=email, role=role, by=request.actor, at=request.now, link=link("invitation"))
    return _page(request, secret_link=link("invitation")(secret), invited=view.email)


@require_POST
def uninvite(request: ActorRequest, invitation_id: int) -> HttpResponse:
    """Withdraw an invitation."""
    operations.revoke_invitation(invitation_id=invitation_id, by=request.actor, at=request.now)
    return go(request, reverse("people"), toast=Toast(text="The invitation is withdrawn."))


@require_POST
def role(request: ActorRequest, user_id: int) -> HttpResponse:
    """Give somebody another role."""
    wanted = cast("Role", request.POST.get("role", ""))
    operations.change_role(user_id=user_id, role=wanted, by=request.actor, at=request.now)
    return go(request, reverse("people"), toast=Toast(text=f"The role is {wanted} now."))


@require_POST
def active(request: ActorRequest, user_id: int) -> HttpResponse:
    """Shut somebody out, or let them in again."""
    if request.POST.get("active") == "1":
        operations.reactivate_user(user_id=user_id, by=request.actor, at=request.now)
    else:
        operations.deactivate_user(user_id=user_id, by=request.actor, at=request.now)
    return go(request, reverse("people"), toast=Toast(text="Done. What they did stays theirs."))


def teams(request: ActorRequest) -> HttpResponse:
    """Every team with its members; a posted name makes another."""
    if request.method == "POST":
        made = operations.create_team(name=request.POST.get("name", ""), by=request.actor, at=request.now)
        return go(request, reverse("teams"), toast=Toast(text=f"Created the team {made.name}."))
    context = {"teams": queries.list_teams(actor=request.actor), "people": queries.list_people(actor=request.actor)}
    return render(request, "people/teams.html", context)


@require_POST
def team(request: ActorRequest, slug: str) -> HttpResponse:
    """Add to a team, take out of it, or delete it."""
    by: dict[str, Any] = {"slug": slug, "by": request.actor, "at": request.now}
    person = whole_number(request.POST.get("person", ""))
    match request.POST.get("do"):
        case "add" if person:
            operations.add_to_team(user_id=person, **by)
        case "remove" if person:
            operations.remove_from_team(user_id=person, **by)
        case "delete":
            operations.delete_team(**by)
    return go(request, reverse("teams"), toast=Toast(text="Saved."))


def _page(request: ActorRequest, **more: Any) -> HttpResponse:
    administers = may(request.actor, "org:admin")
    context = {
        "people": queries.list_people(actor=request.actor, include_inactive=administers),
        "invitations": queries.list_invitations(actor=request.actor, at=request.now) if administers else [],
        "organization": queries.organization(actor=request.actor),
        "roles": ROLES,
    }
    return render(request, "people/list.html", context | more)
