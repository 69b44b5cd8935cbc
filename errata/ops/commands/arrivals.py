"""`errata arrivals show | set | inherit`."""

import argparse
from typing import Any

import msgspec

from errata.apps.workflows import operations, queries
from errata.core.arrivals import DEFAULT_ARRIVALS, EVENT_TYPES, ArrivalRules
from errata.core.vocabulary import LEVELS
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
    rules, inherited = _in_force(arguments.project)
    return _show(arguments, rules, inherited=inherited)


def run_set(arguments: argparse.Namespace) -> int:
    console.begin()
    rules, _ = _in_force(arguments.project)
    sent = {value: rules.types.get(value, rules.type) for value in EVENT_TYPES} | _pairs(arguments.type, "SENT=TYPE")
    changed = ArrivalRules(
        type=sent["error"],
        types={value: name for value, name in sent.items() if value != "error" and name != sent["error"]},
        priorities={**rules.priorities, **_pairs(arguments.priority, "LEVEL=PRIORITY")},
        severities={**rules.severities, **_pairs(arguments.severity, "LEVEL=SEVERITY")},
        priority=rules.priority,
        severity=rules.severity,
    )
    operations.set_arrivals(rules=changed, project=arguments.project, by=console.owner(), at=console.now())
    return run_show(arguments)


def run_inherit(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.forget_arrivals(project=arguments.project, by=console.owner(), at=console.now())
    return run_show(arguments)


def _in_force(project: str | None) -> tuple[ArrivalRules, bool]:
    """The rules that hold there, and whether they are the organisation's."""
    by = console.owner()
    own = queries.arrivals(actor=by, project=project)
    return own or queries.arrivals(actor=by) or DEFAULT_ARRIVALS, own is None


def _show(arguments: argparse.Namespace, rules: ArrivalRules, *, inherited: bool) -> int:
    sent = [(words, rules.types.get(value, rules.type)) for value, words in EVENT_TYPES.items()]
    levels = [
        (level, rules.priorities.get(level, rules.priority), rules.severities.get(level, rules.severity))
        for level in reversed(LEVELS)
    ]
    text = f"{console.table(('sent', 'type'), sent)}\n\n{console.table(('level', 'priority', 'severity'), levels)}"
    if inherited:
        text += "\n\nAs the organisation has it."
    answer = {"project": arguments.project or "", "inherited": inherited} | msgspec.to_builtins(rules)
    return console.show(arguments, answer, text)


def _pairs(texts: list[str], sides: str) -> dict[str, str]:
    return dict(given.pair(text, sides=sides) for text in texts)
