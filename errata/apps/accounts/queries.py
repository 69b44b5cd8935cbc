"""Reads of people, teams and tokens."""

from collections.abc import Collection
from datetime import datetime
from functools import reduce
from operator import or_
from typing import NamedTuple

import msgspec
from django.db.models import Prefetch, Q, QuerySet

from errata.apps.accounts.credentials import digest_of
from errata.apps.accounts.models import (
    ApiToken,
    Invitation,
    Membership,
    Organization,
    PasswordReset,
    Team,
    TeamMembership,
    User,
)
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor, InvitationView, OrganizationView, Person, Role, TeamView, TokenView
from errata.apps.records import storable
from errata.core.errors import Refusal
from errata.core.numeral import whole_number

ERRATA = "Errata"  # as it signs what it does of itself
BY_RULE = "Rule “"  # how the names that rules sign with begin


class PersonNotFound(Refusal):
    """Nobody in the organisation answers to that."""

    code = "person_not_found"
    status = 404


class TeamNotFound(Refusal):
    """No such team in the organisation."""

    code = "team_not_found"
    status = 404


class InvitationRefused(Refusal):
    """The link is used, withdrawn, expired or unknown."""

    code = "invitation_refused"
    status = 410

    def __init__(self) -> None:
        super().__init__("This invitation was used, withdrawn or is too old. Ask for a new one.")


def is_set_up() -> bool:
    """Whether the first person and organisation exist."""
    return Organization.objects.exists()


def actor_for_user(user_id: int, *, ip: str = "", request_id: str = "") -> Actor | None:
    """Who a signed-in person acts as; None once they were deactivated."""
    membership = (
        Membership.objects.filter(user_id=user_id, active=True, user__is_active=True)
        .select_related("user")
        .order_by("id")
        .first()
    )
    return actor_of(membership, ip=ip, request_id=request_id) if membership else None


def actor_for_token(*, secret: str, at: datetime, ip: str = "", request_id: str = "") -> Actor | None:
    """Who a token acts as; None when it is unknown, expired or revoked, or its owner is gone."""
    token = live_tokens(at).filter(digest=digest_of(secret)).first()
    if token is None:
        return None
    membership = Membership.objects.filter(
        user_id=token.user_id, organization_id=token.organization_id, active=True
    ).first()
    if membership is None:
        return None
    return Actor(
        kind="token",
        user_id=token.user_id,
        organization_id=token.organization_id,
        role=_role(membership.role),
        name=f"{token.user.name} ({token.name})",
        email=token.user.email,
        scopes=frozenset(token.scopes),
        ip=ip,
        request_id=request_id,
    )


def system_actor(organization_id: int) -> Actor:
    """Errata itself, acting for an organisation."""
    return Actor(kind="system", user_id=None, organization_id=organization_id, role="owner", name=ERRATA)


def rule_actor(organization_id: int, name: str) -> Actor:
    """A rule of an organisation, acting in its own name."""
    return msgspec.structs.replace(system_actor(organization_id), name=f"{BY_RULE}{name}”")


def is_machine(kind: str, name: str) -> bool:
    """Whether it was Errata itself or one of its rules. The command line is the system in the name of a person."""
    return kind == "system" and (name == ERRATA or name.startswith(BY_RULE))


def organization(*, actor: Actor) -> OrganizationView:
    """The actor's organisation."""
    row = Organization.objects.get(id=actor.organization_id)
    return OrganizationView(id=row.id, name=row.name, slug=row.slug, created_at=row.created_at)


def find_owner(*, organization_id: int | None = None) -> Actor | None:
    """The first owner: who the command line, which runs beside the data, acts as."""
    owners = Membership.objects.filter(role="owner", active=True).select_related("user").order_by("id")
    if organization_id is not None:
        owners = owners.filter(organization_id=organization_id)
    first = owners.first()
    return actor_of(first) if first else None


def list_people(
    *,
    actor: Actor,
    include_inactive: bool = False,
    matching: str = "",
    ids: Collection[int] | None = None,
    limit: int = 500,
) -> list[Person]:
    """Everybody in the organisation, or of these, by name."""
    allow(actor, "org:read")
    rows = _members(actor.organization_id)
    if ids is not None:
        rows = rows.filter(user_id__in=ids)
    if not include_inactive:
        rows = rows.filter(active=True)
    if matching := storable(matching):
        rows = rows.filter(user__name__icontains=matching) | rows.filter(user__email__icontains=matching)
    return [_member(row) for row in rows.order_by("user__name", "user_id")[:limit]]


def person(*, actor: Actor, who: str | int) -> Person:
    """An active member by id or e-mail address, or `me`. Raises PersonNotFound."""
    rows = _members(actor.organization_id).filter(active=True)
    wanted = storable(str(who)).strip()
    if wanted == "me" and actor.user_id:
        rows = rows.filter(user_id=actor.user_id)
    elif (number := whole_number(wanted)) is not None:
        rows = rows.filter(user_id=number)
    else:
        rows = rows.filter(user__email=wanted.casefold())
    found = rows.first()
    if found is None:
        msg = f"Nobody in the organisation has the address {wanted}."
        raise PersonNotFound(msg, who=wanted)
    return _member(found)


def members(*, actor: Actor, ids: Collection[int] | None = None) -> list[Person]:
    """Everybody active in the organisation, or of these, for finding who is meant. Without their teams: cheaper."""
    rows = Membership.objects.filter(organization_id=actor.organization_id, active=True).select_related("user")
    if ids is not None:
        rows = rows.filter(user_id__in=ids)
    return [person_of(row.user, role=row.role) for row in rows.order_by("user__name", "user_id")]


def names(*, actor: Actor, emails: Collection[str] | None = None) -> list[tuple[int, str, str]]:
    """The (id, e-mail address, name) of everybody active in the organisation, or of who has one of these addresses."""
    rows = Membership.objects.filter(organization_id=actor.organization_id, active=True)
    if emails is not None:
        rows = rows.filter(user__email__in=emails)
    return list(rows.order_by("user__name", "user_id").values_list("user_id", "user__email", "user__name"))


def members_like(prefix: str, *, actor: Actor, limit: int) -> list[Person]:
    """The active people whose e-mail address, name or a later part of it begins so, by name: for completion."""
    rows = Membership.objects.filter(organization_id=actor.organization_id, active=True).select_related("user")
    if prefix:
        # SQLite folds the case of ASCII alone, so that ö is asked for as Ö too.
        starts = {storable(prefix), storable(prefix).capitalize()}
        rows = rows.filter(reduce(or_, [_begins(start) for start in sorted(starts)]))
    return [person_of(row.user, role=row.role) for row in rows.order_by("user__name", "user_id")[:limit]]


def _begins(start: str) -> Q:
    by_name = Q(user__name__istartswith=start) | Q(user__name__icontains=f" {start}")
    return Q(user__email__istartswith=start) | by_name


def ids_of_people(*, actor: Actor, named: str) -> list[int]:
    """The users a search means by `me`, an e-mail address, a name, or `#team`; those who left included."""
    wanted = storable(named).strip().casefold()
    if wanted == "me":
        return [actor.user_id] if actor.user_id else []
    if wanted.startswith("#"):
        rows = TeamMembership.objects.filter(team__organization_id=actor.organization_id, team__slug=wanted[1:])
        return list(rows.values_list("user_id", flat=True))
    found = Membership.objects.filter(organization_id=actor.organization_id)
    found = found.filter(user__email=wanted) | found.filter(user__name__iexact=wanted)
    return list(found.values_list("user_id", flat=True))


def emails_of_people(*, actor: Actor, named: str) -> list[str]:
    """The same by their e-mail addresses, which is how values outside of an issue's own columns name people."""
    ids = ids_of_people(actor=actor, named=named)
    return list(User.objects.filter(id__in=ids).values_list("email", flat=True))


def list_teams(*, actor: Actor) -> list[TeamView]:
    """Every team of the organisation with its members, by name."""
    allow(actor, "org:read")
    members = TeamMembership.objects.select_related("user").order_by("user__name")
    rows = Team.objects.filter(organization_id=actor.organization_id).order_by("name")
    return [team_view(row) for row in rows.prefetch_related(Prefetch("memberships", queryset=members))]


def team_id(*, actor: Actor, slug: str) -> int:
    """The id of the team with this slug. Raises TeamNotFound."""
    found = (
        Team.objects.filter(organization_id=actor.organization_id, slug=storable(slug))
        .values_list("id", flat=True)
        .first()
    )
    if found is None:
        msg = f"There is no team {slug}."
        raise TeamNotFound(msg, team=slug)
    return found


class TeamRef(NamedTuple):
    """A team without its members."""

    id: int
    slug: str
    name: str


def team_ref(*, actor: Actor, slug: str) -> TeamRef:
    """The team with this slug. Raises TeamNotFound."""
    found = Team.objects.filter(id=team_id(actor=actor, slug=slug)).values_list("id", "slug", "name").first()
    assert found is not None
    return TeamRef(*found)


def team_ids_of(*, actor: Actor) -> list[int]:
    """The teams the actor's person is in."""
    return list(
        TeamMembership.objects.filter(user_id=actor.own_id, team__organization_id=actor.organization_id).values_list(
            "team_id", flat=True
        )
    )


def list_tokens(*, actor: Actor, at: datetime, everybodys: bool = False) -> list[TokenView]:
    """The actor's tokens; everybody's for an admin who asks for them."""
    rows = live_tokens(at).filter(organization_id=actor.organization_id)
    if everybodys:
        allow(actor, "org:admin")
    else:
        rows = rows.filter(user_id=actor.own_id)
    return [token_view(row) for row in rows.order_by("-created_at", "-id")]


def list_invitations(*, actor: Actor, at: datetime) -> list[InvitationView]:
    """The invitations nobody has taken up yet."""
    allow(actor, "org:admin")
    rows = open_invitations(at).filter(organization_id=actor.organization_id)
    return [invitation_view(row) for row in rows.order_by("-created_at")]


def invitation(*, secret: str, at: datetime) -> InvitationView:
    """What a link invites to. Raises InvitationRefused."""
    found = find_invitation(secret=secret, at=at)
    if found is None:
        raise InvitationRefused
    return found


def find_invitation(*, secret: str, at: datetime) -> InvitationView | None:
    """What a link invites to; None when it is used, withdrawn, expired or never was."""
    row = open_invitations(at).filter(digest=digest_of(secret)).first()
    return invitation_view(row) if row else None


def is_reset_open(*, secret: str, at: datetime) -> bool:
    """Whether a reset link can still be used."""
    return PasswordReset.objects.filter(digest=digest_of(secret), used_at=None, expires_at__gt=at).exists()


def actor_of(membership: Membership, *, ip: str = "", request_id: str = "") -> Actor:
    """The actor a member is."""
    return Actor(
        kind="person",
        user_id=membership.user_id,
        organization_id=membership.organization_id,
        role=_role(membership.role),
        name=membership.user.name,
        email=membership.user.email,
        ip=ip,
        request_id=request_id,
    )


def person_of(user: User, *, role: str = "", active: bool = True) -> Person:
    """A user as others see them."""
    return Person(
        id=user.id,
        email=user.email,
        name=user.name,
        initials=initials(user.name or user.email),
        role=role,
        active=active and user.is_active,
    )


def initials(name: str) -> str:
    """One or two letters: of the first and the last word."""
    words = [word for word in name.replace(".", " ").replace("@", " ").split() if word[:1].isalnum()]
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else "") if words else "?"
    return letters.upper()


def live_tokens(at: datetime) -> QuerySet[ApiToken]:
    """Tokens that work."""
    rows = ApiToken.objects.filter(revoked_at=None, user__is_active=True).exclude(expires_at__lte=at)
    return rows.select_related("user")


def open_invitations(at: datetime) -> QuerySet[Invitation]:
    """Invitations that can be taken up."""
    rows = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=at)
    return rows.select_related("organization", "invited_by")


def invitation_view(row: Invitation) -> InvitationView:
    """An invitation without its secret."""
    return InvitationView(
        id=row.id,
        email=row.email,
        role=_role(row.role),
        organization=row.organization.name,
        invited_by=row.invited_by.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def token_view(row: ApiToken) -> TokenView:
    """A token without its secret."""
    return TokenView(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        owner=person_of(row.user),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


def team_view(row: Team) -> TeamView:
    """A team with its members."""
    members = [person_of(membership.user) for membership in row.memberships.all()]
    return TeamView(id=row.id, name=row.name, slug=row.slug, members=members)


def _members(organization_id: int) -> QuerySet[Membership]:
    teams = TeamMembership.objects.filter(team__organization_id=organization_id).select_related("team")
    return (
        Membership.objects.filter(organization_id=organization_id)
        .select_related("user")
        .prefetch_related(Prefetch("user__team_memberships", queryset=teams.order_by("team__name")))
    )


def _member(row: Membership) -> Person:
    return Person(
        id=row.user_id,
        email=row.user.email,
        name=row.user.name,
        initials=initials(row.user.name or row.user.email),
        role=row.role,
        active=row.active and row.user.is_active,
        teams=tuple(membership.team.slug for membership in row.user.team_memberships.all()),
        joined_at=row.created_at,
        signed_in_at=row.user.signed_in_at,
    )


def _role(text: str) -> Role:
    match text:
        case "owner" | "admin" | "member" | "viewer":
            return text
    raise AssertionError(text)  # the database has a constraint on it
