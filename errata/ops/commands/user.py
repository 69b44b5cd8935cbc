"""`errata user create | list | reset-password`."""

import argparse
import secrets
from typing import Any

import msgspec

from errata.apps.accounts import operations, queries
from errata.apps.accounts.permissions import ROLES
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("user", help="create and list people, let them in again")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    create = actions.add_parser("create", help="create a person who can sign in")
    create.add_argument("email")
    create.add_argument("--name", default="")
    create.add_argument("--role", choices=ROLES, default="member")
    create.add_argument("--password", help="made up and printed once when absent")
    console.add_json(create)
    create.set_defaults(run=run_create)

    listing = actions.add_parser("list", help="list the people")
    console.add_json(listing)
    listing.set_defaults(run=run_list)

    reset = actions.add_parser("reset-password", help="make a link with which somebody sets a new password")
    reset.add_argument("email")
    console.add_json(reset)
    reset.set_defaults(run=run_reset)


def run_create(arguments: argparse.Namespace) -> int:
    console.begin()
    password = arguments.password or secrets.token_urlsafe(12)
    person = operations.create_user(
        email=arguments.email,
        name=arguments.name or arguments.email.split("@")[0].replace(".", " ").title(),
        password=password,
        role=arguments.role,
        by=console.owner(),
        at=console.now(),
    )
    answer = msgspec.structs.asdict(person) | ({} if arguments.password else {"password": password})
    made_up = "" if arguments.password else f"\n\n  Password   {password}   (shown once)"
    return console.show(arguments, answer, f"{person.name} <{person.email}> is a {person.role}.{made_up}")


def run_reset(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    url = operations.make_reset_link(
        email=arguments.email,
        link=lambda secret: f"{settings.public_url.rstrip('/')}/reset/{secret}/",
        by=console.owner(),
        at=console.now(),
    )
    text = f"Give this link to {arguments.email}. It sets a new password, once, within an hour:\n\n  {url}"
    return console.show(arguments, {"email": arguments.email, "url": url}, text)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    people = queries.list_people(actor=console.owner(), include_inactive=True)
    rows = [
        (person.id, person.email, person.name, person.role, "active" if person.active else "inactive")
        for person in people
    ]
    answer = {"items": people, "next": None}
    return console.show(arguments, answer, console.table(("id", "e-mail", "name", "role", "state"), rows))
