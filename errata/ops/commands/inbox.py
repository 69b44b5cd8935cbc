"""`errata inbox list | done | back | read | mute | unmute | snooze`."""

import argparse
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from errata.apps.accounts import queries as people
from errata.apps.accounts.types import Actor
from errata.apps.notices import operations, queries
from errata.ops import console

_DEEDS: dict[str, tuple[Callable[..., list[int]], str]] = {
    "done": (operations.done, "put issues away"),
    "back": (operations.bring_back, "bring issues back"),
    "read": (operations.mark_read, "say that issues were read"),
    "mute": (operations.mute, "hear of issues no more, unless named"),
    "unmute": (operations.unmute, "take a mute back"),
}


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("inbox", help="read and empty somebody's inbox")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the inbox, newest first")
    listing.add_argument("--view", choices=("inbox", "snoozed", "done"), default="inbox")
    listing.add_argument("--limit", type=int, default=50)
    listing.set_defaults(run=run_list)
    snooze = actions.add_parser("snooze", help="hide issues for a while")
    snooze.add_argument("keys", nargs="+", metavar="KEY")
    snooze.add_argument("--hours", type=float, default=1.0)
    snooze.set_defaults(run=run_snooze)
    made = [listing, snooze]
    for name, (deed, words) in _DEEDS.items():
        action = actions.add_parser(name, help=words)
        action.add_argument("keys", nargs="+", metavar="KEY")
        action.set_defaults(run=run_deed, deed=deed)
        made.append(action)
    for action in made:
        action.add_argument("--for", dest="person", metavar="EMAIL", help="whose inbox; the first owner's when absent")
        console.add_json(action)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    now = console.now()
    found = queries.inbox(actor=_whose(arguments), now=now, view=arguments.view, limit=arguments.limit)
    rows = [
        (
            line.key,
            line.unread,
            console.ago(line.newest_at, now=now),
            line.stage,
            line.title[:50],
            f"{line.notices[0].text} ({line.notices[0].reason})" if line.notices else "",
        )
        for line in found.lines
    ]
    text = console.table(("key", "unread", "when", "stage", "title", "what"), rows) if rows else "Nothing waits."
    return console.show(arguments, {"unread": found.unread, "items": msgspec.to_builtins(found.lines)}, text)


def run_deed(arguments: argparse.Namespace) -> int:
    console.begin()
    actor = _whose(arguments)
    items = queries.item_ids(actor=actor, keys=arguments.keys)
    changed = arguments.deed(item_ids=items, by=actor, at=console.now())
    return console.show(arguments, {"changed": len(changed)}, f"{len(changed)} changed.")


def run_snooze(arguments: argparse.Namespace) -> int:
    console.begin()
    actor, now = _whose(arguments), console.now()
    items = queries.item_ids(actor=actor, keys=arguments.keys)
    until = now + timedelta(hours=arguments.hours)
    changed = operations.snooze(item_ids=items, until=until, by=actor, at=now)
    return console.show(
        arguments,
        {"changed": len(changed), "until": until},
        f"{len(changed)} snoozed until {until:%Y-%m-%d %H:%M} UTC.",
    )


def _whose(arguments: argparse.Namespace) -> Actor:
    """A person: an inbox is somebody's."""
    if arguments.person:
        person = people.person(actor=console.owner(), who=arguments.person)
        actor = people.actor_for_user(person.id)
    else:
        actor = people.find_owner()
    if actor is None:
        raise console.NotSetUp("There is nobody yet whose inbox it could be. Run `errata init`.")
    return actor
