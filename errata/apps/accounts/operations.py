"""Writes of people, teams and tokens."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils.text import slugify

from errata.apps.accounts import letters, queries
from errata.apps.accounts.credentials import TOKEN_PREFIX, digest_of, new_secret, shown_prefix
from errata.apps.accounts.models import ApiToken, Invitation, Membership, Organization, Team, TeamMembership, User
from errata.apps.accounts.permissions import ROLES, Forbidden, allow, checked_scopes
from errata.apps.accounts.signin import (
    TooManyAttempts,
    authenticate,
    change_password,
    hashed_password,
    make_reset_link,
    request_password_reset,
    reset_password,
)
from errata.apps.accounts.types import Actor, InvitationView, Person, Role, TeamView, TokenView
from errata.apps.audit import operations as audit
from errata.apps.records import RecordsBusy, storable, write
from errata.core.errors import Refusal

__all__ = [
    "TooManyAttempts",
    "accept_invitation",
    "add_to_team",
    "authenticate",
    "change_password",
    "change_role",
    "create_team",
    "create_token",
    "create_user",
    "deactivate_user",
    "delete_team",
    "invite",
    "make_reset_link",
    "note_token_use",
    "reactivate_user",
    "remove_from_team",
    "rename_organization",
    "request_password_reset",
    "reset_password",
    "revoke_invitation",
    "revoke_token",
    "set_up",
    "update_profile",
]

INVITATION_TTL = timedelta(days=14)
# How exactly "last used" is kept. Exact would be a write for every request.
_TOKEN_USE_EVERY = timedelta(hours=1)
# Ten years: who wants more wants one that never ends.
TOKEN_DAYS_MAX = 3650


class AlreadySetUp(Refusal):
    """The installation has its organisation."""

    code = "already_set_up"
    status = 409


class AccountRefused(Refusal):
    """A name or an address that can't be used."""

    code = "account_refused"
    status = 422


class LastOwner(Refusal):
    """An organisation keeps at least one owner."""

    code = "last_owner"
    status = 409


class TokenEndRefused(Refusal):
    """A token that would end before it begins, or after everybody's time."""

    code = "token_end_refused"
    status = 422


class TokenNotFound(Refusal):
    """No such token, or not the actor's."""

    code = "token_not_found"
    status = 404


def set_up(*, email: str, name: str, password: str, organization: str, at: datetime, ip: str = "") -> Actor:
    """Create the first person, as owner, and the organisation. Raises AlreadySetUp the second time."""
    if queries.is_set_up():
        raise _already_set_up()
    email, name, organization = _email(email), _name(name), _name(organization, field="organization")
    hashed = hashed_password(password, email=email, name=name)
    with write():
        if queries.is_set_up():
            raise _already_set_up()
        slug = slugify(organization)[:60] or "organization"
        row = Organization.objects.create(name=organization, slug=slug, created_at=at)
        membership = _join(_create_user(email, name, hashed, at), row.id, "owner", at)
        actor = queries.actor_of(membership, ip=ip)
        audit.record(by=actor, action="organization.set_up", target=organization, at=at, after={"owner": email})
    return actor


def rename_organization(*, name: str, by: Actor, at: datetime) -> None:
    """Give the organisation another name. Its slug stays, for the sake of links."""
    allow(by, "org:admin")
    name = _name(name)
    with write():
        row = Organization.objects.get(id=by.organization_id)
        Organization.objects.filter(id=row.id).update(name=name)
        audit.record(
            by=by, action="organization.renamed", target=name, at=at, before={"name": row.name}, after={"name": name}
        )


def create_user(*, email: str, name: str, password: str, role: Role = "member", by: Actor, at: datetime) -> Person:
    """Create a member with a password that is theirs to change. Raises AccountRefused if the address is taken."""
    _allow_role(by, role)
    email, name = _email(email), _name(name)
    hashed = hashed_password(password, email=email, name=name)
    with write():
        if User.objects.filter(email=email).exists():
            raise AccountRefused(f"{email} has an account already.", email=email)
        membership = _join(_create_user(email, name, hashed, at), by.organization_id, role, at)
        audit.record(by=by, action="person.created", target=email, at=at, after={"name": name, "role": role})
    return queries.person_of(membership.user, role=role)


def update_profile(*, name: str, by: Actor, at: datetime) -> None:
    """Change one's own name."""
    name = _name(name)
    with write():
        user = User.objects.get(id=by.own_id)
        User.objects.filter(id=user.id).update(name=name)
        audit.record(
            by=by, action="person.renamed", target=user.email, at=at, before={"name": user.name}, after={"name": name}
        )


def invite(
    *, email: str, role: Role = "member", by: Actor, at: datetime, link: Callable[[str], str] | None = None
) -> tuple[InvitationView, str]:
    """Invite somebody; return the invitation and its secret, once. With `link` it is mailed as well.

    `link` makes the page's address out of the secret. An open invitation to the same person is replaced.
    """
    _allow_role(by, role)
    email = _email(email)
    secret = new_secret()
    with write():
        if Membership.objects.filter(organization_id=by.organization_id, user__email=email, active=True).exists():
            raise AccountRefused(f"{email} is a member already.", email=email)
        queries.open_invitations(at).filter(organization_id=by.organization_id, email=email).update(revoked_at=at)
        row = Invitation.objects.create(
            organization_id=by.organization_id,
            email=email,
            role=role,
            digest=digest_of(secret),
            invited_by_id=by.own_id,
            created_at=at,
            expires_at=at + INVITATION_TTL,
        )
        audit.record(by=by, action="person.invited", target=email, at=at, after={"role": role})
        view = queries.invitation_view(row)
        if link:
            letters.send(
                to=email,
                subject=f"Join {view.organization} on Errata",
                text=_welcome(view, link(secret)),
            )
    return view, secret


def accept_invitation(*, secret: str, name: str, password: str, at: datetime, ip: str = "") -> Actor:
    """Take up an invitation, which works once: sets up the person's account, or adds the one they have."""
    view = queries.invitation(secret=secret, at=at)
    existing = User.objects.filter(email=view.email).first()
    if existing and not existing.check_password(password):
        raise AccountRefused(f"{view.email} has an account: give its password.", email=view.email)
    hashed = existing.password if existing else hashed_password(password, email=view.email, name=_name(name))
    with write():
        invitation = queries.open_invitations(at).filter(digest=digest_of(secret)).first()
        if invitation is None:
            raise queries.InvitationRefused
        Invitation.objects.filter(id=invitation.id).update(used_at=at)
        user = existing or _create_user(view.email, _name(name), hashed, at)
        membership = _join(user, invitation.organization_id, view.role, at)
        actor = queries.actor_of(membership, ip=ip)
        audit.record(by=actor, action="person.joined", target=view.email, at=at, after={"role": view.role})
    return actor


def revoke_invitation(*, invitation_id: int, by: Actor, at: datetime) -> None:
    """Withdraw an invitation."""
    allow(by, "org:admin")
    with write():
        rows = queries.open_invitations(at).filter(id=invitation_id, organization_id=by.organization_id)
        row = rows.first()
        if row is None:
            raise queries.InvitationRefused
        rows.update(revoked_at=at)
        audit.record(by=by, action="person.uninvited", target=row.email, at=at)


def change_role(*, user_id: int, role: Role, by: Actor, at: datetime) -> None:
    """Give a member another role. Only owners make and unmake owners; the last one stays."""
    _allow_role(by, role)
    with write():
        row = _membership(user_id, by)
        if row.role == role:
            return
        _may_touch(row, by)
        if row.role == "owner":
            _refuse_if_last_owner(row)
        Membership.objects.filter(id=row.id).update(role=role)
        audit.record(
            by=by,
            action="person.role_changed",
            target=row.user.email,
            at=at,
            before={"role": row.role},
            after={"role": role},
        )


def deactivate_user(*, user_id: int, by: Actor, at: datetime) -> None:
    """Shut a member out: sessions end, tokens stop. What they did stays theirs."""
    allow(by, "org:admin")
    with write():
        row = _membership(user_id, by)
        _may_touch(row, by)
        if row.role == "owner":
            _refuse_if_last_owner(row)
        Membership.objects.filter(id=row.id).update(active=False)
        tokens = ApiToken.objects.filter(user_id=user_id, organization_id=by.organization_id, revoked_at=None)
        tokens.update(revoked_at=at)
        audit.record(by=by, action="person.deactivated", target=row.user.email, at=at)


def reactivate_user(*, user_id: int, by: Actor, at: datetime) -> None:
    """Let a deactivated member in again. Their tokens stay revoked."""
    allow(by, "org:admin")
    with write():
        row = _membership(user_id, by, active=False)
        _may_touch(row, by)
        Membership.objects.filter(id=row.id).update(active=True)
        audit.record(by=by, action="person.reactivated", target=row.user.email, at=at)


def create_team(*, name: str, members: Iterable[int] = (), by: Actor, at: datetime) -> TeamView:
    """Create a team, with members by id."""
    allow(by, "org:admin")
    name = _name(name)
    slug = slugify(name)[:60]
    with write():
        if not slug or Team.objects.filter(organization_id=by.organization_id, slug=slug).exists():
            raise AccountRefused(
                f"A team called {name} can't be made: the name is taken, or has no letters.", name=name
            )
        team = Team.objects.create(organization_id=by.organization_id, name=name, slug=slug, created_at=at)
        for user_id in members:
            TeamMembership.objects.create(team=team, user_id=_membership(user_id, by).user_id, created_at=at)
        audit.record(by=by, action="team.created", target=slug, at=at, after={"name": name, "members": list(members)})
        return queries.team_view(team)


def delete_team(*, slug: str, by: Actor, at: datetime) -> None:
    """Delete a team. Its members and projects stay."""
    allow(by, "org:admin")
    with write():
        Team.objects.filter(id=queries.team_id(actor=by, slug=slug)).delete()
        audit.record(by=by, action="team.deleted", target=slug, at=at)


def add_to_team(*, slug: str, user_id: int, by: Actor, at: datetime) -> None:
    """Add a member to a team."""
    allow(by, "org:admin")
    with write():
        row = _membership(user_id, by)
        _, added = TeamMembership.objects.get_or_create(
            team_id=queries.team_id(actor=by, slug=slug), user_id=row.user_id, defaults={"created_at": at}
        )
        if added:
            audit.record(by=by, action="team.member_added", target=slug, at=at, after={"person": row.user.email})


def remove_from_team(*, slug: str, user_id: int, by: Actor, at: datetime) -> None:
    """Take a member out of a team."""
    allow(by, "org:admin")
    with write():
        rows = TeamMembership.objects.filter(team_id=queries.team_id(actor=by, slug=slug), user_id=user_id)
        row = rows.select_related("user").first()
        if row:
            rows.delete()
            audit.record(by=by, action="team.member_removed", target=slug, at=at, before={"person": row.user.email})


def token_end(*, days: int, at: datetime) -> datetime:
    """Return when a token of that many days ends. Raises TokenEndRefused."""
    if not 1 <= days <= TOKEN_DAYS_MAX:
        msg = f"A token lasts from 1 to {TOKEN_DAYS_MAX} days, or for ever; not {days}."
        raise TokenEndRefused(msg)
    return at + timedelta(days=days)


def create_token(
    *, name: str, scopes: Iterable[str], by: Actor, at: datetime, expires_at: datetime | None = None
) -> tuple[TokenView, str]:
    """Create a token of the actor's own; return it and its secret, once. It can do no more than its owner."""
    asked = checked_scopes(scopes)
    for scope in asked:
        allow(by, scope)
    if by.user_id is None:
        raise Forbidden("A token belongs to a person.", scope="", role=by.role)
    secret = new_secret(prefix=TOKEN_PREFIX)
    with write():
        row = ApiToken.objects.create(
            organization_id=by.organization_id,
            user_id=by.user_id,
            name=_name(name)[:80],
            prefix=shown_prefix(secret),
            digest=digest_of(secret),
            scopes=list(asked),
            created_at=at,
            expires_at=expires_at,
        )
        after = {"name": row.name, "scopes": asked, "expires_at": expires_at}
        audit.record(by=by, action="token.created", target=row.prefix, at=at, after=after)
        return queries.token_view(row), secret


def revoke_token(*, token_id: int, by: Actor, at: datetime) -> None:
    """Stop a token, one's own or, for an admin, anybody's."""
    with write():
        rows = ApiToken.objects.filter(id=token_id, organization_id=by.organization_id, revoked_at=None)
        row = rows.first()
        if row is None:
            raise TokenNotFound("There is no such token, or it is revoked already.")
        if row.user_id != by.user_id:
            allow(by, "org:admin")
        rows.update(revoked_at=at)
        audit.record(by=by, action="token.revoked", target=row.prefix, at=at, before={"name": row.name})


def note_token_use(*, secret: str, at: datetime) -> None:
    """Remember, to the hour, when a token was last used. Not audited: it changes nothing."""
    rows = ApiToken.objects.filter(digest=digest_of(secret))
    stale: QuerySet[ApiToken] = rows.filter(last_used_at=None) | rows.filter(last_used_at__lt=at - _TOKEN_USE_EVERY)
    if stale.exists():
        # While the records are busy a later request will remember it.
        with suppress(RecordsBusy), write():
            rows.update(last_used_at=at)


def _create_user(email: str, name: str, hashed: str, at: datetime) -> User:
    return User.objects.create(email=email, name=name, password=hashed, created_at=at)


def _join(user: User, organization_id: int, role: Role, at: datetime) -> Membership:
    row, _ = Membership.objects.update_or_create(
        user=user,
        organization_id=organization_id,
        defaults={"role": role, "active": True},
        create_defaults={"role": role, "active": True, "created_at": at},
    )
    return row


def _membership(user_id: int, by: Actor, *, active: bool = True) -> Membership:
    rows = Membership.objects.filter(user_id=user_id, organization_id=by.organization_id, active=active)
    found = rows.select_related("user").first()
    if found is None:
        msg = f"The organisation has no {'active' if active else 'deactivated'} member {user_id}."
        raise queries.PersonNotFound(msg, who=str(user_id))
    return found


def _allow_role(by: Actor, role: Role) -> None:
    allow(by, "org:admin")
    if role not in ROLES:
        raise AccountRefused(f"There is no role {role}. The roles are {', '.join(ROLES)}.", role=role)
    if role == "owner":
        allow(by, "org:own")


def _may_touch(row: Membership, by: Actor) -> None:
    if row.role == "owner":
        allow(by, "org:own")


def _refuse_if_last_owner(row: Membership) -> None:
    owners = Membership.objects.filter(
        organization_id=row.organization_id, role="owner", active=True, user__is_active=True
    )
    if not owners.exclude(id=row.id).exists():
        raise LastOwner(f"{row.user.email} is the last owner. Make somebody else an owner first.")


def _email(text: str) -> str:
    email = storable(text).strip().casefold()
    try:
        validate_email(email)
    except ValidationError:
        raise AccountRefused(f"“{text}” is not an e-mail address.", field="email", email=text) from None
    if len(email) > 254:
        raise AccountRefused("An e-mail address has 254 characters at most.", field="email", email=text)
    return email


def _name(text: str, *, field: str = "name") -> str:
    name = " ".join(text.split())
    if not name or len(name) > 120 or "\0" in name:
        raise AccountRefused("A name has 1 to 120 characters.", field=field, name=text)
    return name


def _already_set_up() -> AlreadySetUp:
    return AlreadySetUp("This installation is set up already. Sign in instead.")


def _welcome(invitation: InvitationView, url: str) -> str:
    return (
        f"{invitation.invited_by} invites you to {invitation.organization} on Errata, as {invitation.role}.\n\n"
        f"This link sets up your account; it works once, within two weeks:\n\n{url}\n"
    )
