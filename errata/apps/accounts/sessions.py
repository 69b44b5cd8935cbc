"""The browser's session: who is signed in here."""

from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest

from errata.apps.accounts.models import User
from errata.apps.accounts.queries import actor_for_user
from errata.apps.accounts.types import Actor

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def start(request: HttpRequest, *, actor: Actor) -> None:
    """Sign the actor in on this browser, in a session with a new key."""
    login(request, User.objects.get(id=actor.own_id), backend=_BACKEND)


def end(request: HttpRequest) -> None:
    """Sign out on this browser."""
    logout(request)


def keep(request: HttpRequest, *, actor: Actor) -> None:
    """Keep this session through a change of password, which ends all others."""
    update_session_auth_hash(request, User.objects.get(id=actor.own_id))


def find_actor(request: HttpRequest, *, ip: str = "", request_id: str = "") -> Actor | None:
    """Who is signed in, or None. A password change or a deactivation ends it at once."""
    if not request.user.is_authenticated:
        return None
    return actor_for_user(request.user.id, ip=ip, request_id=request_id)
