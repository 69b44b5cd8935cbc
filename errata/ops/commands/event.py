"""`errata event show`."""

import argparse
from typing import Any

import msgspec

from errata.apps.issues import events
from errata.apps.issues.events import EventsUnavailable, EventWhole
from errata.core.event.view import view
from errata.ops import console, datadir
from errata.ops.event_text import describe


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("event", help="show events")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    show = actions.add_parser("show", help="show one event with its stack trace")
    show.add_argument("id", help="the event's id, or an issue's key for its newest event")
    show.add_argument("--payload", action="store_true", help="print the payload as it is stored")
    console.add_json(show)
    show.set_defaults(run=run_show)


def run_show(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    try:
        whole = _whole(arguments.id)
    except EventsUnavailable:
        if settings.events_url or datadir.is_in_use(settings):
            raise
        msg = "Events are read from the event store, which `errata serve` opens. Start it, then run this again."
        raise EventsUnavailable(msg) from None
    if arguments.payload:
        print(whole.body.payload.decode())
        return 0
    shown = view(whole.body.payload)
    return console.show(arguments, _answer(whole, msgspec.to_builtins(shown)), describe(whole, shown))


def _whole(wanted: str) -> EventWhole:
    by = console.owner()
    if "-" in wanted and len(wanted) < 32:
        return events.event(actor=by, key=wanted, event_id="latest")
    return events.find_event(actor=by, event_id=wanted)


def _answer(whole: EventWhole, shown: dict[str, Any]) -> dict[str, Any]:
    event = whole.body.event
    facts: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(event.facts))
    own = {"id": event.event_id, "issue": whole.issue.key, "timestamp": event.timestamp, "received": event.received}
    return facts | shown | own
