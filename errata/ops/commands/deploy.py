"""`errata deploy new | list`."""

import argparse
from typing import Any

from errata.apps.releases import operations, queries
from errata.ops import console, given


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("deploy", help="tell of deploys, and list them")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    new = actions.add_parser("new", help="tell that a release runs in an environment")
    new.add_argument("version", help="the release, as programs send it: shop@1.2.3")
    new.add_argument("environment", help="production, staging …")
    new.add_argument("--at", type=given.moment, help="since when, in ISO 8601; now when absent")
    new.add_argument("--url", default="", help="of the run that deployed it")
    new.set_defaults(run=run_new)

    listing = actions.add_parser("list", help="list the deploys, newest first")
    listing.add_argument("--environment", default="")
    listing.add_argument("--limit", type=console.positive, default=50)
    listing.set_defaults(run=run_list)
    console.add_json(new)
    console.add_json(listing)


def run_new(arguments: argparse.Namespace) -> int:
    console.begin()
    deploy = operations.create_deploy(
        version=arguments.version,
        environment=arguments.environment,
        url=arguments.url,
        deployed_at=arguments.at,
        by=console.owner(),
        at=console.now(),
    )
    return console.show(arguments, deploy, f"{deploy.version} runs in {deploy.environment}.")


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_deploys(actor=console.owner(), environment=arguments.environment, limit=arguments.limit)
    now = console.now()
    rows = [(console.ago(one.at, now=now), one.environment, one.version, one.url) for one in found]
    answer = {"items": found, "next": None}
    return console.show(arguments, answer, console.table(("ago", "environment", "release", "run"), rows))
