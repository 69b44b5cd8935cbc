"""`errata token create | list | revoke`."""

import argparse
from typing import Any

import msgspec

from errata.apps.accounts import operations, queries
from errata.apps.accounts.permissions import SCOPES
from errata.apps.accounts.types import Actor, TokenView
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("token", help="create, list and revoke API tokens")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    create = actions.add_parser("create", help="create a token; its secret is printed once")
    create.add_argument("--name", default="command line")
    create.add_argument("--scopes", required=True, help=f"separated by commas: {', '.join(SCOPES)}")
    create.add_argument(
        "--for", dest="person", metavar="EMAIL", help="whose token it is; the first owner's when absent"
    )
    create.add_argument("--days", type=int, help="how long it lasts; for ever when absent")
    console.add_json(create)
    create.set_defaults(run=run_create)

    listing = actions.add_parser("list", help="list the tokens that work")
    console.add_json(listing)
    listing.set_defaults(run=run_list)

    revoke = actions.add_parser("revoke", help="make a token stop working")
    revoke.add_argument("id", type=int)
    console.add_json(revoke)
    revoke.set_defaults(run=run_revoke)


def run_create(arguments: argparse.Namespace) -> int:
    console.begin()
    now = console.now()
    token, secret = operations.create_token(
        name=arguments.name,
        scopes=[scope for word in arguments.scopes.split(",") if (scope := word.strip())],
        by=_person(arguments.person),
        at=now,
        expires_at=None if arguments.days is None else operations.token_end(days=arguments.days, at=now),
    )
    answer = _answer(token) | {"token": secret}
    text = f"{token.name}: {', '.join(token.scopes)}\n\n  Token   {secret}   (shown once)"
    return console.show(arguments, answer, text)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    tokens = queries.list_tokens(actor=console.owner(), at=console.now(), everybodys=True)
    rows = [(token.id, token.name, f"{token.prefix}…", token.owner.email, " ".join(token.scopes)) for token in tokens]
    answer = {"items": [_answer(token) for token in tokens], "next": None}
    return console.show(arguments, answer, console.table(("id", "name", "token", "owner", "scopes"), rows))


def run_revoke(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.revoke_token(token_id=arguments.id, by=console.owner(), at=console.now())
    return console.show(arguments, {"id": arguments.id, "revoked": True}, f"Token {arguments.id} no longer works.")


def _answer(token: TokenView) -> dict[str, Any]:
    owner = {"id": token.owner.id, "email": token.owner.email, "name": token.owner.name}
    return msgspec.structs.asdict(token) | {"owner": owner}


def _person(email: str | None) -> Actor:
    """A token belongs to a person, so this one command acts as them."""
    owner = console.owner()
    if email is None:
        found = queries.find_owner(organization_id=owner.organization_id)
    else:
        found = queries.actor_for_user(queries.person(actor=owner, who=email).id)
    assert found is not None, "an organisation has an owner"
    return found
