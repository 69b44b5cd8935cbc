"""`errata type list | add | archive | template`."""

import argparse
from typing import Any

from errata.apps.workflows import operations, queries
from errata.apps.workflows.types import TypeView
from errata.ops import console, given


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("type", help="list, add and put away issue types")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="list the issue types")
    listing.set_defaults(run=run_list)

    add = actions.add_parser("add", help="add an issue type, or take one back")
    add.add_argument("name")
    add.add_argument("--meaning", default="", help="what people are told it is for")
    add.set_defaults(run=run_add)

    archive = actions.add_parser("archive", help="put a type away: no new issue gets it")
    archive.add_argument("name")
    archive.set_defaults(run=run_archive)

    template = actions.add_parser("template", help="set what a description begins with that somebody writes by hand")
    template.add_argument("name")
    template.add_argument("file", help="Markdown; `-` reads standard input; an empty one takes the template away")
    template.set_defaults(run=run_template)
    for action in (listing, add, archive, template):
        console.add_json(action)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_types(actor=console.owner())
    rows = [
        (
            one.name,
            "put away" if one.archived else "built in" if one.built_in else "yours",
            one.meaning,
            one.template.partition("\n")[0],
        )
        for one in found
    ]
    text = console.table(("type", "from", "means", "begins with"), rows)
    return console.show(arguments, {"items": found, "next": None}, text)


def run_add(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    added = operations.add_type(name=arguments.name, meaning=arguments.meaning, by=by, at=console.now())
    return console.show(arguments, _type(added), f"{added} can be chosen from now on.")


def run_archive(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.archive_type(name=arguments.name, by=console.owner(), at=console.now())
    return console.show(arguments, _type(arguments.name), f"{arguments.name} is put away. Issues that have it keep it.")


def run_template(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    text = given.read_text(arguments.file)
    operations.set_type_template(name=arguments.name, template=text, by=by, at=console.now())
    found = _type(arguments.name)
    said = f"A new {found.name} begins {'with the template' if found.template else 'empty'}."
    return console.show(arguments, found, said)


def _type(name: str) -> TypeView:
    return next(one for one in queries.list_types(actor=console.owner()) if one.name == name)
