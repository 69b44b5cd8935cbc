"""The people of the tests, and their projects: the fixtures of the same names make them."""

from datetime import UTC, datetime

from errata.apps.accounts import operations as accounts
from errata.apps.accounts.models import Membership, Organization, User
from errata.apps.accounts.queries import actor_for_user
from errata.apps.accounts.types import Actor, Role
from errata.apps.projects import operations as projects
from errata.apps.projects.types import ProjectView

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PASSWORD = "correct-horse-battery"


def olga() -> Actor:
    return accounts.set_up(email="olga@shop.example", name="Olga Owner", password=PASSWORD, organization="Shop", at=NOW)


def alice(olga: Actor) -> Actor:
    return _member(olga, "alice@shop.example", "Alice Admin", "admin")


def bob(olga: Actor) -> Actor:
    return _member(olga, "bob@shop.example", "Bob Builder", "member")


def carol(olga: Actor) -> Actor:
    return _member(olga, "carol@shop.example", "Carol Counter", "viewer")


def mallory() -> Actor:
    rival = Organization.objects.create(name="Rival", slug="rival", created_at=NOW)
    user = User.objects.create(email="mallory@rival.example", name="Mallory", password="!", created_at=NOW)
    Membership.objects.create(user=user, organization=rival, role="owner", created_at=NOW)
    return _actor(user.id)


def payments(owner: Actor) -> ProjectView:
    return projects.create_project(name="Payments", platform="python", key="PAY", by=owner, at=NOW)


def crowd(olga: Actor, many: int) -> list[int]:
    """Many more members, whom nothing is about. Return their ids."""
    users = User.objects.bulk_create(
        User(email=f"{number}@crowd.example", name=f"{number:04} of the crowd", created_at=NOW)
        for number in range(many)
    )
    Membership.objects.bulk_create(
        Membership(user=user, organization_id=olga.organization_id, role="member", active=True, created_at=NOW)
        for user in users
    )
    return list(User.objects.filter(email__endswith="@crowd.example").order_by("name").values_list("id", flat=True))


def _member(olga: Actor, email: str, name: str, role: Role) -> Actor:
    person = accounts.create_user(email=email, name=name, password=PASSWORD, role=role, by=olga, at=NOW)
    return _actor(person.id)


def _actor(user_id: int) -> Actor:
    actor = actor_for_user(user_id)
    assert actor is not None
    return actor
