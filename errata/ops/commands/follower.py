"""`errata follower list | retry`."""

import argparse
from typing import Any

from errata.apps.issues import operations, queries
from errata.core.errors import Refusal
from errata.ops import console


class NothingSetAside(Refusal):
    """No follower has set aside what is asked for."""

    code = "nothing_set_aside"
    status = 404


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("follower", help="see and try again the activities that were set aside")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="list what was set aside, with the reason")
    console.add_json(listing)
    listing.set_defaults(run=run_list)

    retry = actions.add_parser("retry", help="let followers try again what they set aside")
    retry.add_argument("follower", nargs="?", default="", help="of this one alone, such as notices")
    retry.add_argument("--activity", type=console.positive, help="this one alone, by its number in the list")
    console.add_json(retry)
    retry.set_defaults(run=run_retry)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.set_aside()
    now = console.now()
    rows = [
        (one.follower, one.activity, one.key, one.kind, console.ago(one.at, now=now), one.reason.splitlines()[0][:80])
        for one in found
    ]
    header = ("follower", "activity", "issue", "kind", "since", "reason")
    return console.show(arguments, {"items": found, "next": None}, console.table(header, rows))


def run_retry(arguments: argparse.Namespace) -> int:
    console.begin()
    count = operations.try_again(
        by=console.owner(), at=console.now(), follower=arguments.follower, activity=arguments.activity
    )
    if not count:
        msg = "Nothing of that was set aside. `errata follower list` shows what was."
        raise NothingSetAside(msg)
    text = (
        f"{count} to be tried again, within a second where `errata serve` runs. What fails again is back in the list."
    )
    return console.show(arguments, {"tried_again": count}, text)
