"""Who may do what: one table."""

from collections.abc import Iterable, Mapping

from errata.apps.accounts.types import Actor, Role
from errata.core.errors import Refusal

# The closed list of scopes, with the words that the token form shows.
SCOPES: Mapping[str, str] = {
    "issue:read": "See issues, comments and activity",
    "issue:write": "Create, change, comment on and move issues",
    "event:read": "See events with their payloads",
    "release:write": "Tell of releases, deploys, commits and checks",
    "project:read": "See projects, their keys and quotas",
    "project:admin": "Create and change projects, keys, quotas and scrubbing",
    "org:read": "See people and teams",
    "org:admin": "Invite people, change roles, create teams",
    "org:own": "Make and remove owners",
    "audit:read": "Read and export the audit log",
}

_VIEWER = frozenset({"issue:read", "event:read", "project:read", "org:read"})
_MEMBER = _VIEWER | {"issue:write", "release:write"}
_ADMIN = _MEMBER | {"project:admin", "org:admin", "audit:read"}
ROLE_SCOPES: Mapping[Role, frozenset[str]] = {
    "viewer": _VIEWER,
    "member": _MEMBER,
    "admin": _ADMIN,
    "owner": _ADMIN | {"org:own"},
}
ROLES: tuple[Role, ...] = ("viewer", "member", "admin", "owner")


class Forbidden(Refusal):
    """The actor's role, or its token's scopes, don't go that far."""

    code = "forbidden"
    status = 403


class ScopeUnknown(Refusal):
    """A scope that isn't on the list."""

    code = "scope_unknown"
    status = 422


def may(actor: Actor, scope: str) -> bool:
    """Whether the actor has the scope. A token never has more than its owner's role."""
    assert scope in SCOPES, scope
    if actor.kind == "system":
        return True
    return scope in ROLE_SCOPES[actor.role] and (actor.scopes is None or scope in actor.scopes)


def allow(actor: Actor, scope: str) -> None:
    """Raise Forbidden unless the actor has the scope."""
    if may(actor, scope):
        return
    if scope in ROLE_SCOPES[actor.role]:
        msg = f"This token lacks the scope {scope} ({SCOPES[scope].lower()}). Create one that has it."
    else:
        msg = f"“{SCOPES[scope]}” is beyond the role {actor.role}. An admin of the organisation can change roles."
    raise Forbidden(msg, scope=scope, role=actor.role)


def checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes in the list's order. Raises ScopeUnknown with those that aren't on it."""
    asked = set(scopes)
    if unknown := sorted(asked - set(SCOPES)):
        msg = f"There is no scope {', '.join(unknown)}. The scopes are {', '.join(SCOPES)}."
        raise ScopeUnknown(msg, unknown=unknown)
    if not asked:
        msg = f"A token needs at least one scope. The scopes are {', '.join(SCOPES)}."
        raise ScopeUnknown(msg, unknown=[])
    return tuple(scope for scope in SCOPES if scope in asked)
