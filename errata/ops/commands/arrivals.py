"""`errata arrivals show | set | inherit`."""

import argparse
from typing import Any

import msgspec

from errata.apps.workflows import operations, queries
from errata.core.arrivals import EVENT_TYPES, ArrivalRules
from errata.ops import console, given


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("arrivals", help="say which type, priority and severity events open issues with")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    show = actions.add_parser("show", help="what holds now")
    show.add_argument("project", nargs="?", help="slug or key of a project; the organisation when absent")
    show.set_defaults(run=run_show)

    change = actions.add_parser("set", help="change what is named, and leave the rest as it holds now")
    change.add_argument("project", nargs="?", help="slug or key of a project; the organisation when absent")
    change.add_argument(
        "--type", action="append", default=[], metavar="SENT=TYPE", help=f"of {', '.join(EVENT_TYPES)}; repeatable"
    )
    change.add_argument("--priority", action="append", default=[], metavar="LEVEL=PRIORITY", help="warning=Medium")
    change.add_argument("--severity", action="append", default=[], metavar="LEVEL=SEVERITY", help="fatal=Critical")
    change.set_defaults(run=run_set)

    inherit = actions.add_parser("inherit", help="let a project follow its organisation again")
    inherit.add_argument("project")
    inherit.set_defaults(run=run_inherit)
    for action in (show, change, inherit):
        console.add_json(action)


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    rules, inherited = queries.arrivals_in_force(actor=console.owner(), project=arguments.project)
    return _show(arguments, rules, inherited=inherited)


def run_set(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    rules, _ = queries.arrivals_in_force(actor=by, project=arguments.project)
    changed = msgspec.structs.replace(
        rules.sending(rules.sent() | _pairs(arguments.type, "SENT=TYPE")),
        priorities={**rules.priorities, **_pairs(arguments.priority, "LEVEL=PRIORITY")},
        severities={**rules.severities, **_pairs(arguments.severity, "LEVEL=SEVERITY")},
    )
    operations.set_arrivals(rules=changed, project=arguments.project, by=by, at=console.now())
    return run_show(arguments)


def run_inherit(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.forget_arrivals(project=arguments.project, by=console.owner(), at=console.now())
    return run_show(arguments)


def _show(arguments: argparse.Namespace, rules: ArrivalRules, *, inherited: bool) -> int:
    sent = [(EVENT_TYPES[value], name) for value, name in rules.sent().items()]
    levels = console.table(("level", "priority", "severity"), rules.levels())
    text = f"{console.table(('sent', 'type'), sent)}\n\n{levels}"
    if inherited:
        text += "\n\nAs the organisation has it."
    answer = {"project": arguments.project or "", "inherited": inherited} | msgspec.to_builtins(rules)
    return console.show(arguments, answer, text)


def _pairs(texts: list[str], sides: str) -> dict[str, str]:
    return dict(given.pair(text, sides=sides) for text in texts)
