"""`errata rule list | show | create | change | try | mode | undo | delete`: what is done when something happens."""

import argparse
from typing import Any

from errata.apps.automations import operations, queries
from errata.apps.automations.types import Backtest, RunView
from errata.ops import console, given


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("rule", help="rules: when something happens, if it fits, then do")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list rules with how they did in the last 30 days")
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", help="show a rule and its latest runs")
    show.set_defaults(run=run_show)
    create = actions.add_parser("create", help="write a rule; it begins dry")
    create.set_defaults(run=run_create)
    change = actions.add_parser("change", help="write a rule anew, or give it another name; its mode stays")
    change.add_argument("--rename", metavar="NAME")
    change.set_defaults(run=run_change)
    trial = actions.add_parser("try", help="say what a rule would have done")
    trial.add_argument("--days", type=console.positive, default=30)
    trial.set_defaults(run=run_try)
    mode = actions.add_parser("mode", help="switch a rule on, dry or off")
    mode.set_defaults(run=run_mode)
    undo = actions.add_parser("undo", help="take back what a run did; `rule show` has the numbers of runs")
    undo.add_argument("run_number", metavar="RUN", type=int)
    undo.set_defaults(run=run_undo)
    delete = actions.add_parser("delete", help="delete a rule with the log of its runs")
    delete.set_defaults(run=run_delete)
    for action in (show, create, change, mode, delete):
        action.add_argument("name", help="the rule's name or number")
    mode.add_argument("mode", choices=["on", "dry", "off"])
    for action in (create, trial):
        action.add_argument("--file", default="-", help="the rule, line by line; `-` reads standard input")
        action.add_argument("--project", default="")
    change.add_argument("--file", help="the rule, line by line; `-` reads standard input; without it the text stays")
    change.add_argument("--project", help="`all` is every project; without it, it stays where it is")
    for action in (listing, show, create, change, trial, mode, undo, delete):
        console.add_json(action)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_automations(actor=console.owner(), now=console.now())
    rows = [(one.name, one.mode, str(one.runs), str(one.acted_on), one.text.replace("\n", "; ")) for one in found]
    table = console.table(("name", "mode", "runs", "acted on", "rule"), rows)
    return console.show(arguments, {"items": found, "next": None}, table)


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    found = queries.automation(actor=by, which=arguments.name)
    runs = queries.list_runs(actor=by, which=arguments.name, limit=10)
    rows = [
        (str(run.id), run.key, f"{run.at:%Y-%m-%d %H:%M}", "taken back" if run.undone_at else run.outcome, _did(run))
        for run in runs
    ]
    table = console.table(("run", "issue", "at", "outcome", "what it did"), rows)
    text = f"{found.name} ({found.mode})\n\n{found.text}\n\n{table}"
    return console.show(arguments, {"rule": found, "runs": runs}, text)


def run_create(arguments: argparse.Namespace) -> int:
    console.begin()
    made = operations.create_automation(
        name=arguments.name, text=given.read_text(arguments.file), project=arguments.project, by=console.owner(),
        at=console.now(),
    )  # fmt: skip
    return console.show(arguments, made, f"{made.name} is written down, and dry. `errata rule mode` switches it on.")


def run_change(arguments: argparse.Namespace) -> int:
    console.begin()
    project = {"all": ""}.get(arguments.project, arguments.project)
    found = operations.update_automation(
        which=arguments.name, name=arguments.rename, project=project, by=console.owner(), at=console.now(),
        text=given.read_text(arguments.file) if arguments.file else None,
    )  # fmt: skip
    return console.show(arguments, found, f"{found.name} ({found.mode})\n\n{found.text}")


def run_undo(arguments: argparse.Namespace) -> int:
    console.begin()
    undone = operations.undo_run(run_id=arguments.run_number, by=console.owner(), at=console.now())
    words = "Took one change back." if undone == 1 else f"Took {undone} changes back."
    return console.show(arguments, {"undone": undone}, words)


def run_try(arguments: argparse.Namespace) -> int:
    console.begin()
    told = queries.backtest(
        actor=console.owner(), text=given.read_text(arguments.file), project=arguments.project, days=arguments.days,
        now=console.now(),
    )  # fmt: skip
    return console.show(arguments, told, _told(told))


def run_mode(arguments: argparse.Namespace) -> int:
    console.begin()
    found = operations.set_mode(which=arguments.name, mode=arguments.mode, by=console.owner(), at=console.now())
    return console.show(arguments, found, f"{found.name} is {found.mode}.")


def run_delete(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.delete_automation(which=arguments.name, by=console.owner(), at=console.now())
    return console.show(arguments, {"deleted": arguments.name}, f"{arguments.name} is deleted.")


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count:,} times")


def _issues(count: int) -> str:
    return "one issue" if count == 1 else f"{count:,} issues"


def _did(run: RunView) -> str:
    return "; ".join(f"{one['action']}: {one['refused']}" if one.get("refused") else one["action"] for one in run.did)


def _told(told: Backtest) -> str:
    rows = [(one.key, f"{one.at:%Y-%m-%d %H:%M}", "yes" if one.acted_on else "no", one.title) for one in told.examples]
    head = (
        f"In the last {told.days} days it would have fired {_times(told.firings)}, for {_issues(told.issues)};"
        f" a person then did something within a day: {_times(told.acted_on)}."
    )
    held = f" Its limits would have held {told.limited} more back." if told.limited else ""
    return f"{head}{held}\n{told.partial}\n{console.table(('issue', 'at', 'acted on', 'title'), rows)}"
