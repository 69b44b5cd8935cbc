"""Signing in, and getting back in: limits, passwords, resets."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from errata.apps.accounts import letters, queries
from errata.apps.accounts.credentials import digest_of, new_secret
from errata.apps.accounts.models import Attempt, Membership, PasswordReset, User
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import actor_of
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.records import storable, write
from errata.core.errors import Refusal

WINDOW = timedelta(minutes=15)
# A person who mistypes gets there within ten; a guesser gets 960 tries a day against one account.
ATTEMPTS_PER_EMAIL_MAX = 10
# An office behind one address has more than one person who mistypes.
ATTEMPTS_PER_IP_MAX = 50
RESETS_PER_EMAIL_MAX = 3
RESET_TTL = timedelta(hours=1)

# Compared with when nobody has the address, so that the answer takes as long.
_NOBODY: list[str] = []


class SignInRefused(Refusal):
    """The address and the password don't belong together."""

    code = "sign_in_refused"
    status = 401


class TooManyAttempts(Refusal):
    """The limit for this address, or for this network, is used up for now."""

    code = "too_many_attempts"
    status = 429


class PasswordRefused(Refusal):
    """A password that is too easily guessed."""

    code = "password_refused"
    status = 422


class ResetRefused(Refusal):
    """The link is used, expired or unknown."""

    code = "reset_refused"
    status = 410


def authenticate(*, email: str, password: str, ip: str, at: datetime, request_id: str = "") -> Actor:
    """Sign a person in. Raises SignInRefused, or TooManyAttempts before the password is even looked at."""
    email = storable(email).strip().casefold()
    subjects = {f"email:{email}"[:300]: ATTEMPTS_PER_EMAIL_MAX, f"ip:{ip}": ATTEMPTS_PER_IP_MAX}
    with write():
        _count(subjects, at=at)
    membership = (
        Membership.objects.filter(user__email=email, active=True, user__is_active=True)
        .select_related("user")
        .order_by("id")
        .first()
    )
    if not check_password(password, membership.user.password if membership else _nobodys_password()) or not membership:
        msg = "This e-mail address and password don't belong together."
        raise SignInRefused(msg)
    actor = actor_of(membership, ip=ip, request_id=request_id)
    with write():
        Attempt.objects.filter(subject__in=subjects, at=at).delete()
        Attempt.objects.filter(subject=f"email:{email}").delete()
        User.objects.filter(id=membership.user_id).update(signed_in_at=at)
        audit.record(by=actor, action="person.signed_in", target=email, at=at)
    return actor


def change_password(*, current: str, new: str, by: Actor, at: datetime) -> None:
    """Set one's own password. Every other session of the person ends."""
    user = User.objects.get(id=by.own_id)
    if not check_password(current, user.password):
        msg = "The current password is not right."
        raise SignInRefused(msg)
    hashed = hashed_password(new, email=user.email, name=user.name)
    with write():
        User.objects.filter(id=user.id).update(password=hashed)
        audit.record(by=by, action="person.password_changed", target=user.email, at=at)


def request_password_reset(*, email: str, link: Callable[[str], str], ip: str, at: datetime) -> None:
    """Mail a link to the address if somebody here has it. Says and takes the same either way.

    `link` makes the page's address out of the secret.
    """
    email = storable(email).strip().casefold()
    secret = new_secret()
    with write():
        _count({f"reset:{email}"[:300]: RESETS_PER_EMAIL_MAX, f"ip:{ip}": ATTEMPTS_PER_IP_MAX}, at=at)
        membership = Membership.objects.filter(user__email=email, active=True).select_related("user").first()
        if membership is None:
            return
        PasswordReset.objects.create(
            user=membership.user, digest=digest_of(secret), created_at=at, expires_at=at + RESET_TTL
        )
        by = actor_of(membership, ip=ip)
        audit.record(by=by, action="person.reset_requested", target=email, at=at)
        letters.send(
            to=email,
            subject="Choose a new password",
            text=_reset_text(membership.user.name, link(secret)),
        )


def make_reset_link(*, email: str, link: Callable[[str], str], by: Actor, at: datetime) -> str:
    """Make a link for somebody whom no mail reaches; whoever asks for it hands it over. Raises PersonNotFound."""
    allow(by, "org:own")
    person = queries.person(actor=by, who=email)
    secret = new_secret()
    with write():
        PasswordReset.objects.create(
            user_id=person.id, digest=digest_of(secret), created_at=at, expires_at=at + RESET_TTL
        )
        audit.record(by=by, action="person.reset_link_made", target=person.email, at=at)
    return link(secret)


def reset_password(*, secret: str, new: str, at: datetime, ip: str = "") -> Actor:
    """Set the password through a reset link, which works once. Raises ResetRefused or PasswordRefused."""
    open_resets = PasswordReset.objects.filter(used_at=None, expires_at__gt=at)
    found = open_resets.filter(digest=digest_of(secret)).select_related("user").first()
    if found is None:
        raise _reset_refused()
    hashed = hashed_password(new, email=found.user.email, name=found.user.name)
    with write():
        if not open_resets.filter(id=found.id).update(used_at=at):
            raise _reset_refused()
        open_resets.filter(user_id=found.user_id).update(used_at=at)
        User.objects.filter(id=found.user_id).update(password=hashed)
        Attempt.objects.filter(subject=f"email:{found.user.email}").delete()
        membership = Membership.objects.filter(user_id=found.user_id, active=True).select_related("user").first()
        if membership is None:
            raise _reset_refused()
        actor = actor_of(membership, ip=ip)
        audit.record(by=actor, action="person.password_reset", target=found.user.email, at=at)
    return actor


def hashed_password(password: str, *, email: str, name: str) -> str:
    """Hash a new password. Slow on purpose, so never inside write(). Raises PasswordRefused."""
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise PasswordRefused(" ".join(error.messages), field="password") from None
    return make_password(password)


def _count(subjects: dict[str, int], *, at: datetime) -> None:
    """Count an attempt before it is made, so that many at once can't all be the last one allowed."""
    since = at - WINDOW
    Attempt.objects.filter(at__lt=since).delete()
    for subject, most in subjects.items():
        times = list(Attempt.objects.filter(subject=subject, at__gte=since).order_by("at").values_list("at", flat=True))
        if len(times) >= most:
            retry_after_s = int((times[-most] + WINDOW - at).total_seconds()) + 1
            msg = f"Too many attempts. Try again in {max(1, retry_after_s // 60)} minutes."
            raise TooManyAttempts(msg, retry_after_s=retry_after_s)
    Attempt.objects.bulk_create(Attempt(subject=subject, at=at) for subject in subjects)


def _nobodys_password() -> str:
    if not _NOBODY:
        _NOBODY.append(make_password(new_secret()))
    return _NOBODY[0]


def _reset_refused() -> ResetRefused:
    return ResetRefused("This link was used already, or is too old. Ask for a new one on the sign-in page.")


def _reset_text(name: str, url: str) -> str:
    return (
        f"Hello {name},\n\nsomebody, probably you, asked for a new password. This link sets one; it works once, within"
        f" an hour:\n\n{url}\n\nIf it wasn't you, there is nothing to do: the old password still works.\n"
    )
