"""`errata delivery list | show | resend`: what was sent through channels and by mail, and what came of it."""

import argparse
from typing import Any

import msgspec

from errata.apps.notices import operations, queries
from errata.apps.notices.types import DeliveryView
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("delivery", help="list, show and repeat what was sent")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list messages, newest first")
    listing.add_argument("--state", default="", choices=("waiting", "sent", "failed", "dropped"))
    listing.add_argument("--limit", type=console.positive, default=20)
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", help="show a message with every attempt and its answer")
    show.set_defaults(run=run_show)
    resend = actions.add_parser("resend", help="send a message again, under its own id")
    resend.set_defaults(run=run_resend)
    for action in (show, resend):
        action.add_argument("number", type=int)
    for action in (listing, show, resend):
        console.add_json(action)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    now = console.now()
    found = queries.deliveries(actor=console.owner(), state=arguments.state, limit=arguments.limit)
    rows = [
        (
            str(one.id),
            console.ago(one.created_at, now=now),
            one.state_words,
            one.channel,
            one.key or "–",
            one.title[:60],
        )
        for one in found
    ]
    table = console.table(("id", "when", "state", "through", "issue", "title"), rows)
    return console.show(arguments, {"items": msgspec.to_builtins(found), "next": None}, table)


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.delivery(actor=console.owner(), delivery_id=arguments.number)
    return console.show(arguments, msgspec.to_builtins(found), _told(found))


def run_resend(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.resend(delivery_id=arguments.number, by=console.owner(), at=console.now())
    return console.show(arguments, {"resent": arguments.number}, "It is in the outbox again.")


def _told(one: DeliveryView) -> str:
    rows = [
        (f"{tried.at:%Y-%m-%d %H:%M:%S}", "yes" if tried.ok else "no", str(tried.status or "–"), tried.answer)
        for tried in one.attempts
    ]
    head = f"{one.title}\n{one.text}\n\n{one.state_words}, through {one.channel}. {one.why}".rstrip()
    return f"{head}\n\n{console.table(('attempt', 'taken', 'status', 'answer'), rows)}"
