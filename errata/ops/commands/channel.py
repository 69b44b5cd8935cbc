"""`errata channel list | add | test | remove`."""

import argparse
from typing import Any

import msgspec

from errata.apps.notices import operations, queries
from errata.apps.notices.ways import ChannelNotFound
from errata.core.notice.channels import CHANNEL_KINDS, HOURLY_MAX
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("channel", help="list, add, test and remove the organisation's channels")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list channels with their state")
    listing.set_defaults(run=run_list)
    add = actions.add_parser("add", help="add a channel; a webhook's secret is printed once")
    add.add_argument("name")
    add.add_argument("--kind", choices=tuple(CHANNEL_KINDS), required=True)
    add.add_argument("--address", required=True, help="where it leads: kept encrypted, and never shown again")
    add.add_argument("--hourly-max", type=int, default=HOURLY_MAX, help="messages an hour, at most")
    add.set_defaults(run=run_add)
    test = actions.add_parser("test", help="put a test message into the outbox")
    test.add_argument("name")
    test.set_defaults(run=run_test)
    remove = actions.add_parser("remove", help="remove a channel")
    remove.add_argument("name")
    remove.set_defaults(run=run_remove)
    for action in (listing, add, test, remove):
        console.add_json(action)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.channels(actor=console.owner())
    rows = [
        (one.name, one.kind, one.hint, "off" if not one.enabled else "failing" if one.failing_since else "on")
        for one in found
    ]
    return console.show(
        arguments, {"items": msgspec.to_builtins(found)}, console.table(("name", "kind", "leads to", "state"), rows)
    )


def run_add(arguments: argparse.Namespace) -> int:
    console.begin()
    made, secret = operations.create_channel(
        name=arguments.name, kind=arguments.kind, address=arguments.address, hourly_max=arguments.hourly_max,
        by=console.owner(), at=console.now(),
    )  # fmt: skip
    text = f"{made.name} is added." + (f"\n\n  Secret   {secret}   (shown once)" if secret else "")
    return console.show(arguments, msgspec.to_builtins(made) | {"secret": secret}, text)


def run_test(arguments: argparse.Namespace) -> int:
    console.begin()
    number = operations.send_test(channel_id=_id(arguments.name), by=console.owner(), at=console.now())
    return console.show(
        arguments, {"delivery": number}, f"In the outbox. `errata delivery show {number}` tells what comes of it."
    )


def run_remove(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.delete_channel(channel_id=_id(arguments.name), by=console.owner(), at=console.now())
    return console.show(arguments, {"removed": arguments.name}, f"{arguments.name} is removed.")


def _id(name: str) -> int:
    wanted = name.casefold()
    found = [one.id for one in queries.channels(actor=console.owner()) if one.name.casefold() == wanted]
    if not found:
        raise ChannelNotFound(f"There is no channel {name}.", name=name)
    return found[0]
