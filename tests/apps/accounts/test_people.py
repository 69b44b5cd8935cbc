"""People, roles, invitations, teams and tokens."""

from functools import partial
from itertools import pairwise

import pytest
from django.contrib.auth.hashers import make_password

from errata.apps.accounts import operations, queries
from errata.apps.accounts.models import ApiToken, Invitation
from errata.apps.accounts.permissions import ROLE_SCOPES, ROLES, SCOPES, Forbidden, ScopeUnknown, allow, may
from errata.apps.audit import queries as audit
from tests.apps.facts import later
from tests.people import NOW, PASSWORD


def test_an_installation_is_set_up_once(olga):
    assert olga.role == "owner"
    with pytest.raises(operations.AlreadySetUp):
        operations.set_up(email="x@y.example", name="X", password=PASSWORD, organization="Y", at=NOW)


def test_each_role_can_do_what_the_one_below_can():
    for lower, higher in pairwise(ROLES):
        assert ROLE_SCOPES[lower] < ROLE_SCOPES[higher]
    assert ROLE_SCOPES["owner"] == set(SCOPES)


def test_a_token_has_its_scopes_and_never_more_than_its_owner(bob, alice, olga):
    _, secret = operations.create_token(name="ci", scopes=["issue:read", "project:admin"], by=alice, at=NOW)

    token = queries.actor_for_token(secret=secret, at=NOW)
    assert {scope for scope in SCOPES if may(token, scope)} == {"issue:read", "project:admin"}
    operations.change_role(user_id=alice.user_id, role="viewer", by=olga, at=NOW)
    demoted = queries.actor_for_token(secret=secret, at=NOW)
    assert {scope for scope in SCOPES if may(demoted, scope)} == {"issue:read"}


def test_a_token_cannot_be_made_stronger_than_who_makes_it(bob):
    with pytest.raises(Forbidden):
        operations.create_token(name="ci", scopes=["org:admin"], by=bob, at=NOW)
    with pytest.raises(ScopeUnknown) as refusal:
        operations.create_token(name="ci", scopes=["issue:reed"], by=bob, at=NOW)
    assert refusal.value.data["unknown"] == ["issue:reed"]


def test_a_token_cannot_make_a_stronger_token(alice):
    _, secret = operations.create_token(name="ci", scopes=["issue:read"], by=alice, at=NOW)
    token = queries.actor_for_token(secret=secret, at=NOW)

    with pytest.raises(Forbidden):
        operations.create_token(name="more", scopes=["project:admin"], by=token, at=NOW)


def test_a_token_is_stored_as_a_hash_alone(bob):
    view, secret = operations.create_token(name="ci", scopes=["issue:read"], by=bob, at=NOW)

    assert secret not in str(list(ApiToken.objects.values()))
    assert secret.startswith(view.prefix)
    assert len(secret) > 45
    entries = audit.list_entries(actor=bob).items
    assert all(secret not in str(entry) for entry in entries)


def test_a_token_ends_by_expiry_revocation_or_its_owners_end(bob, olga):
    _, expiring = operations.create_token(name="a", scopes=["issue:read"], by=bob, at=NOW, expires_at=later(days=1))
    view, revoked = operations.create_token(name="b", scopes=["issue:read"], by=bob, at=NOW)
    _, orphaned = operations.create_token(name="c", scopes=["issue:read"], by=bob, at=NOW)

    operations.revoke_token(token_id=view.id, by=bob, at=NOW)
    assert queries.actor_for_token(secret=revoked, at=NOW) is None
    assert queries.actor_for_token(secret=expiring, at=NOW)
    assert queries.actor_for_token(secret=expiring, at=later(days=1)) is None
    operations.deactivate_user(user_id=bob.user_id, by=olga, at=NOW)
    assert queries.actor_for_token(secret=orphaned, at=NOW) is None
    assert queries.actor_for_token(secret="errata_made-up", at=NOW) is None


def test_only_its_owner_or_an_admin_revokes_a_token(bob, alice, carol, mallory):
    view, _ = operations.create_token(name="ci", scopes=["issue:read"], by=bob, at=NOW)

    with pytest.raises(Forbidden):
        operations.revoke_token(token_id=view.id, by=carol, at=NOW)
    with pytest.raises(operations.TokenNotFound):
        operations.revoke_token(token_id=view.id, by=mallory, at=NOW)
    operations.revoke_token(token_id=view.id, by=alice, at=NOW)


def test_the_use_of_a_token_is_kept_to_the_hour(bob):
    _, secret = operations.create_token(name="ci", scopes=["issue:read"], by=bob, at=NOW)

    operations.note_token_use(secret=secret, at=later(minutes=1))
    operations.note_token_use(secret=secret, at=later(minutes=30))
    [token] = queries.list_tokens(actor=bob, at=NOW)
    assert token.last_used_at == later(minutes=1)


def test_an_invitation_works_once(alice):
    view, secret = operations.invite(email="Dave@Shop.example", role="member", by=alice, at=NOW)

    assert view.email == "dave@shop.example"
    assert secret not in str(list(Invitation.objects.values()))
    dave = operations.accept_invitation(secret=secret, name="Dave", password=PASSWORD, at=NOW)
    assert (dave.role, dave.organization_id) == ("member", alice.organization_id)
    with pytest.raises(queries.InvitationRefused):
        operations.accept_invitation(secret=secret, name="Eve", password=PASSWORD, at=NOW)


def test_an_invitation_ends_by_time_withdrawal_or_a_newer_one(alice):
    _, old = operations.invite(email="dave@shop.example", by=alice, at=NOW)
    second, current = operations.invite(email="dave@shop.example", by=alice, at=NOW)

    assert queries.find_invitation(secret=old, at=NOW) is None
    assert queries.find_invitation(secret=current, at=later(days=13))
    assert queries.find_invitation(secret=current, at=later(days=14)) is None
    operations.revoke_invitation(invitation_id=second.id, by=alice, at=NOW)
    assert queries.find_invitation(secret=current, at=NOW) is None


def test_somebody_with_an_account_joins_with_its_password(alice, mallory):
    operations.User.objects.filter(id=mallory.user_id).update(password=make_password(PASSWORD))
    _, secret = operations.invite(email="mallory@rival.example", by=alice, at=NOW)

    with pytest.raises(operations.AccountRefused):
        operations.accept_invitation(secret=secret, name="M", password="wrong-password", at=NOW)
    joined = operations.accept_invitation(secret=secret, name="M", password=PASSWORD, at=NOW)
    assert joined.organization_id == alice.organization_id


def test_only_owners_make_and_unmake_owners(alice, bob, olga):
    with pytest.raises(Forbidden):
        operations.change_role(user_id=bob.user_id, role="owner", by=alice, at=NOW)
    with pytest.raises(Forbidden):
        operations.change_role(user_id=olga.user_id, role="viewer", by=alice, at=NOW)
    with pytest.raises(Forbidden):
        operations.deactivate_user(user_id=olga.user_id, by=alice, at=NOW)

    operations.change_role(user_id=bob.user_id, role="owner", by=olga, at=NOW)
    assert queries.actor_for_user(bob.user_id).role == "owner"


@pytest.mark.parametrize("attempt", [partial(operations.change_role, role="member"), operations.deactivate_user])
def test_the_last_owner_stays(olga, attempt):
    with pytest.raises(operations.LastOwner):
        attempt(user_id=olga.user_id, by=olga, at=NOW)


def test_somebody_comes_back(bob, olga):
    operations.deactivate_user(user_id=bob.user_id, by=olga, at=NOW)
    assert [person.email for person in queries.list_people(actor=olga)] == ["olga@shop.example"]

    operations.reactivate_user(user_id=bob.user_id, by=olga, at=NOW)
    assert queries.actor_for_user(bob.user_id).role == "member"


@pytest.mark.parametrize(
    "email", ["", "no-at", "a@b", "x" * 250 + "@shop.example", "a b@shop.example", "a\n@shop.example"]
)
def test_an_address_that_is_none_is_refused(olga, email):
    with pytest.raises(operations.AccountRefused):
        operations.create_user(email=email, name="X", password=PASSWORD, by=olga, at=NOW)


def test_an_address_is_taken_whatever_its_case(bob, olga):
    with pytest.raises(operations.AccountRefused, match="has an account"):
        operations.create_user(email="BOB@shop.example", name="X", password=PASSWORD, by=olga, at=NOW)


def test_teams_have_members_and_searches_find_them(alice, bob, carol):
    operations.create_team(name="Back End", members=[bob.user_id], by=alice, at=NOW)
    operations.add_to_team(slug="back-end", user_id=carol.user_id, by=alice, at=NOW)
    operations.add_to_team(slug="back-end", user_id=carol.user_id, by=alice, at=NOW)
    operations.remove_from_team(slug="back-end", user_id=bob.user_id, by=alice, at=NOW)

    [team] = queries.list_teams(actor=bob)
    assert [person.name for person in team.members] == ["Carol Counter"]
    assert queries.ids_of_people(actor=bob, named="#back-end") == [carol.user_id]
    assert queries.person(actor=bob, who="carol@shop.example").teams == ("back-end",)
    with pytest.raises(operations.AccountRefused):
        operations.create_team(name="back end", by=alice, at=NOW)


def test_a_refusal_says_whether_the_role_or_the_token_is_too_weak(bob, alice):
    with pytest.raises(Forbidden, match="beyond the role member"):
        allow(bob, "org:admin")
    _, secret = operations.create_token(name="ci", scopes=["issue:read"], by=alice, at=NOW)
    with pytest.raises(Forbidden, match="lacks the scope org:admin"):
        allow(queries.actor_for_token(secret=secret, at=NOW), "org:admin")


@pytest.mark.parametrize(
    ("name", "letters"), [("Bob Builder", "BB"), ("bob", "B"), ("a.b@x.y", "AY"), ("Ünal de Ö", "ÜÖ"), ("?", "?")]
)
def test_initials(name, letters):
    assert queries.initials(name) == letters


@pytest.mark.parametrize("who", ["9" * 30, "9" * 18, "٣", "", "nobody@shop.example"])
def test_who_is_nobody_is_not_found(alice, who):
    with pytest.raises(queries.PersonNotFound):
        queries.person(actor=alice, who=who)
