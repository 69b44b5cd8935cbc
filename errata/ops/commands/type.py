"""`errata type list | template`."""

import argparse
from typing import Any

from errata.apps.workflows import operations, queries
from errata.ops import console, given


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("type", help="list issue types, and say what their descriptions begin with")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="list the issue types")
    listing.set_defaults(run=run_list)

    template = actions.add_parser("template", help="set what a description begins with that somebody writes by hand")
    template.add_argument("name")
    template.add_argument("file", help="Markdown; `-` reads standard input; an empty one takes the template away")
    template.set_defaults(run=run_template)
    console.add_json(listing)
    console.add_json(template)


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


def run_template(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    text = given.read_text(arguments.file)
    operations.set_type_template(name=arguments.name, template=text, by=by, at=console.now())
    found = next(one for one in queries.list_types(actor=by) if one.name == arguments.name)
    said = f"A new {found.name} begins {'with the template' if found.template else 'empty'}."
    return console.show(arguments, found, said)
