"""`errata field list | add | archive | restore`."""

import argparse
from typing import Any

import msgspec

from errata.apps.workflows import operations, queries
from errata.core.fields import EVERY, KINDS, CustomField
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("field", help="list, add and put away custom fields")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="list the custom fields")
    listing.set_defaults(run=run_list)

    add = actions.add_parser("add", help="add a custom field")
    add.add_argument("name")
    add.add_argument("--kind", choices=tuple(KINDS), default="text")
    add.add_argument("--help-text", default="", help="what people are told to put there")
    add.add_argument("--choice", action="append", default=[], help="a value of a choice; repeatable")
    add.add_argument("--type", action="append", default=[], help="an issue type that has it; all when absent")
    add.add_argument("--workflow", action="append", default=[], help="a workflow whose projects have it")
    add.add_argument("--required", action="store_true", help="nobody reports such an issue by hand without it")
    add.set_defaults(run=run_add)

    archive = actions.add_parser("archive", help="put a field away; the values stay on their issues")
    archive.add_argument("slug")
    archive.set_defaults(run=run_archive)
    restore = actions.add_parser("restore", help="take a field back, with the values it had")
    restore.add_argument("slug")
    restore.set_defaults(run=run_restore)
    for action in (listing, add, archive, restore):
        console.add_json(action)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = [view.field for view in queries.list_fields(actor=console.owner())]
    rows = [
        (each.slug, each.name, each.kind, ", ".join(each.types) or "all", ", ".join(each.choices)) for each in found
    ]
    answer = {"items": [msgspec.to_builtins(each) for each in found], "next": None}
    return console.show(arguments, answer, console.table(("slug", "name", "kind", "types", "choices"), rows))


def run_add(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    field = CustomField(
        slug=operations.free_slug(name=arguments.name, by=by),
        name=arguments.name,
        kind=arguments.kind,
        help=arguments.help_text,
        choices=tuple(arguments.choice),
        types=tuple(arguments.type),
        required=(EVERY,) if arguments.required else (),
        workflows=tuple(arguments.workflow),
    )
    operations.save_field(field=field, new=True, by=by, at=console.now())
    return console.show(arguments, msgspec.to_builtins(field), f"{field.name} is field.{field.slug} in searches.")


def run_archive(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.archive_field(slug=arguments.slug, by=console.owner(), at=console.now())
    text = f"{arguments.slug} is put away. Its values stay on the issues."
    return console.show(arguments, {"slug": arguments.slug, "archived": True}, text)


def run_restore(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.restore_field(slug=arguments.slug, by=console.owner(), at=console.now())
    text = f"{arguments.slug} is back, with the values it had."
    return console.show(arguments, {"slug": arguments.slug, "archived": False}, text)
