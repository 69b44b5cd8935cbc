"""`errata repository create | list | renew-secret | delete`."""

import argparse
from typing import Any

from errata.apps.releases import hooks, operations, queries
from errata.apps.releases.types import NewRepository
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("repository", help="set up the webhooks of repositories")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    create = actions.add_parser("create", help="set up a repository, with a webhook's address and secret")
    create.add_argument("name", help="shop/payments")
    create.add_argument("--forge", default="", choices=("", *hooks.FORGES), help="gitea serves Forgejo too")
    create.add_argument("--url", default="")
    create.add_argument("--branch", default="", help="whose commits count; the forge's default branch when absent")
    create.add_argument("--package", default="", help="of its releases: shop, of shop@1.2.3")
    create.add_argument("--project", default="", help="slug of the project that its releases are of")
    create.set_defaults(run=run_create)

    listing = actions.add_parser("list", help="list the repositories")
    listing.set_defaults(run=run_list)

    renew = actions.add_parser("renew-secret", help="replace the secret of a webhook")
    renew.add_argument("name")
    renew.set_defaults(run=run_renew)

    delete = actions.add_parser("delete", help="forget a repository with its commits and checks")
    delete.add_argument("name")
    delete.set_defaults(run=run_delete)
    for action in (create, listing, renew, delete):
        console.add_json(action)


def run_create(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    made = operations.create_repository(
        name=arguments.name,
        forge=arguments.forge,
        url=arguments.url,
        branch=arguments.branch,
        package=arguments.package,
        project=arguments.project,
        by=console.owner(),
        at=console.now(),
    )
    return _show_secret(arguments, made, settings.public_url)


def run_list(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    found = queries.list_repositories(actor=console.owner())
    url = settings.public_url
    rows = [
        (
            one.name,
            one.forge or "–",
            one.branch or "(default)",
            one.package or "–",
            hooks.address(url, one),
        )
        for one in found
    ]
    answer = {"items": found, "next": None}
    return console.show(arguments, answer, console.table(("name", "forge", "branch", "package", "webhook"), rows))


def run_renew(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    made = operations.renew_secret(which=arguments.name, by=console.owner(), at=console.now())
    return _show_secret(arguments, made, settings.public_url)


def run_delete(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.delete_repository(which=arguments.name, by=console.owner(), at=console.now())
    return console.show(arguments, {"deleted": arguments.name}, f"{arguments.name} is forgotten.")


def _show_secret(arguments: argparse.Namespace, made: NewRepository, url: str) -> int:
    repository = made.repository
    address = hooks.address(url, repository)
    text = f"{repository.name} is set up."
    if repository.forge:
        text += f"\n\n  Webhook   {address}\n  Secret    {made.secret}\n\nThe secret is shown this once."
    return console.show(arguments, {"repository": repository, "webhook": address, "secret": made.secret}, text)
