"""`errata field list | add`."""

import argparse
from typing import Any

import msgspec

from errata.apps.workflows import operations, queries
from errata.core.fields import EVERY, KINDS, CustomField, slug_of
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("field", help="list and add custom fields")
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
    console.add_json(listing)
    console.add_json(add)


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
    field = CustomField(
        slug=slug_of(arguments.name),
        name=arguments.name,
        kind=arguments.kind,
        help=arguments.help_text,
        choices=tuple(arguments.choice),
        types=tuple(arguments.type),
        required=(EVERY,) if arguments.required else (),
        workflows=tuple(arguments.workflow),
    )
    operations.save_field(field=field, new=True, by=console.owner(), at=console.now())
    return console.show(arguments, msgspec.to_builtins(field), f"{field.name} is field.{field.slug} in searches.")
