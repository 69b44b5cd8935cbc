"""`errata calendar list | show | save | delete`."""

import argparse
from typing import Any

import msgspec

from errata.apps.calendars import operations, queries
from errata.apps.calendars.types import CalendarView, Definition
from errata.apps.clocks import operations as clocks
from errata.apps.clocks.plain import plain_preview
from errata.apps.clocks.queries import preview_calendar
from errata.core.sla import WEEKDAYS, parse_day, parse_week, write_day, write_spans
from errata.ops import clock_text, console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("calendar", help="say when teams work: hours, time zone, holidays")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the calendars")
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", help="show one calendar")
    show.add_argument("slug")
    show.set_defaults(run=run_show)
    delete = actions.add_parser("delete", help="delete a calendar")
    delete.add_argument("slug")
    delete.set_defaults(run=run_delete)
    save = actions.add_parser("save", help="create a calendar, or change the one of that name")
    _register_saving(save)
    for action in (listing, show, delete, save):
        console.add_json(action)


def _register_saving(save: argparse.ArgumentParser) -> None:
    save.add_argument("name")
    save.add_argument("--zone", default="", help="such as Europe/Berlin; UTC when absent")
    save.add_argument(
        "--hours",
        action="append",
        default=[],
        metavar="DAYS HOURS",
        help="`Mon-Fri 09:00-12:30,13:00-17:00`; repeat it",
    )
    save.add_argument("--country", default="", help="whose public holidays are kept: DE, US …")
    save.add_argument("--region", default="", help="a region of the country: BY, CA …")
    save.add_argument(
        "--day", action="append", default=[], help="a day of its own: `2026-12-24 09:00-12:00 Christmas Eve`; repeat it"
    )
    save.add_argument("--default", action="store_true", help="use it wherever a policy names no calendar")
    save.add_argument("--from-now", action="store_true", help="leave the past as it was reckoned")
    save.add_argument("--preview", action="store_true", help="only say what would change")
    save.set_defaults(run=run_save)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_calendars(actor=console.owner())
    rows = [
        (one.slug, one.name, one.definition.zone, one.definition.country or "\u2013", "yes" if one.is_default else "")
        for one in found
    ]
    answer = {"items": [_answer(one) for one in found], "next": None}
    return console.show(arguments, answer, console.table(("slug", "name", "zone", "holidays", "default"), rows))


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.calendar(actor=console.owner(), slug=arguments.slug)
    return console.show(arguments, _answer(found), _described(found))


def run_delete(arguments: argparse.Namespace) -> int:
    console.begin()
    clocks.delete_calendar(slug=arguments.slug, by=console.owner(), at=console.now())
    return console.show(arguments, {"deleted": arguments.slug}, f"{arguments.slug} is deleted.")


def run_save(arguments: argparse.Namespace) -> int:
    console.begin()
    by, now = console.owner(), console.now()
    known = next((one for one in queries.list_calendars(actor=by) if arguments.name in (one.name, one.slug)), None)
    definition = _definition(arguments, known)
    if arguments.preview:
        preview = preview_calendar(
            actor=by, slug=known.slug if known else "", name=arguments.name, definition=definition, now=now,
            is_default=arguments.default or None, from_now=arguments.from_now,
        )  # fmt: skip
        return console.show(arguments, plain_preview(preview), clock_text.compare(preview))
    if known is None:
        saved = operations.create_calendar(
            name=arguments.name, definition=definition, is_default=arguments.default, by=by, at=now
        )
    else:
        saved = operations.change_calendar(
            slug=known.slug, definition=definition, is_default=arguments.default or None, from_now=arguments.from_now,
            by=by, at=now,
        )  # fmt: skip
    return console.show(arguments, _answer(saved), _described(saved))


def _definition(arguments: argparse.Namespace, known: CalendarView | None) -> Definition:
    """What is given; where nothing is, a calendar stays as it is known."""
    if known and not any((arguments.zone, arguments.hours, arguments.country, arguments.region, arguments.day)):
        return known.definition
    try:
        week, days = parse_week(arguments.hours), [parse_day(line) for line in arguments.day]
    except ValueError as error:
        msg = f"“{error}” can't be read. Hours are written `Mon-Fri 09:00-17:00`, days `2026-12-24 09:00-12:00 Name`."
        raise operations.CalendarRefused(msg, field="week") from error
    return operations.draft_definition(
        zone=arguments.zone or "UTC",
        week=week,
        country=arguments.country,
        region=arguments.region,
        days=days,
        at=console.now(),
    )


def _described(view: CalendarView) -> str:
    told = view.definition
    lines = [
        f"{view.name} ({view.slug}), version {view.version}{', the default' if view.is_default else ''}",
        told.zone,
    ]
    lines += [f"  {name:<10} {write_spans(spans) or 'closed'}" for name, spans in zip(WEEKDAYS, told.week, strict=True)]
    lines += [f"  {write_day(day)}" for day in told.days]
    if told.country:
        lines.append(f"  {len(told.holidays)} holidays of {told.country} {told.region}".rstrip())
    return "\n".join(lines)


def _answer(view: CalendarView) -> dict[str, Any]:
    told = view.definition
    return {
        "slug": view.slug,
        "name": view.name,
        "default": view.is_default,
        "version": view.version,
        "zone": told.zone,
        "week": {name: write_spans(spans) for name, spans in zip(WEEKDAYS, told.week, strict=True)},
        "country": told.country,
        "region": told.region,
        "days": [write_day(day) for day in told.days],
        "holidays": [msgspec.to_builtins(day)["date"] + " " + day.name for day in told.holidays],
    }
