"""`errata designation show | set | try | apply | import-codeowners | people | skills | away`."""

import argparse
from datetime import UTC, datetime
from typing import Any

import msgspec

from errata.apps.designations import operations, queries
from errata.apps.designations.types import Colleague, Trial
from errata.core.designation import PathMapping, format_rule
from errata.ops import console, given

_RULE_WIDTH = 70


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("designation", help="say who gets a project's issues, and see why")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    show = actions.add_parser("show", help="the rules in force, in the order they are looked at")
    show.add_argument("project", help="slug or key of the project")
    show.set_defaults(run=run_show)

    change = actions.add_parser("set", help="replace a project's own rules")
    change.add_argument("project")
    change.add_argument("file", help="a file with a rule a line; `-` reads standard input")
    change.set_defaults(run=run_set)

    trial = actions.add_parser("try", help="who would get an issue, and why")
    trial.add_argument("what", help="an issue's key; or, with --project, a path, module, URL or tag (name=value)")
    trial.add_argument("--project", help="slug or key of the project")
    trial.set_defaults(run=run_try)

    apply = actions.add_parser("apply", help="designate the open issues of a project that nobody holds")
    apply.add_argument("project")
    apply.set_defaults(run=run_apply)

    taking = actions.add_parser("import-codeowners", help="take a CODEOWNERS file as rules")
    taking.add_argument("project")
    taking.add_argument("file", help="`-` reads standard input")
    taking.add_argument("--owner", action="append", default=[], metavar="NAME=OWNER", help="@octocat=bob@shop.example")
    taking.add_argument("--map", action="append", default=[], metavar="STACK=SOURCE", help="/app/=backend/")
    taking.add_argument("--dry-run", action="store_true", help="say what it would bring, and keep nothing")
    taking.set_defaults(run=run_import)
    people = actions.add_parser("people", help="everybody's skills, load and absences")
    people.set_defaults(run=run_people)

    skills = actions.add_parser("skills", help="say what somebody can")
    skills.add_argument("email")
    skills.add_argument("skills", nargs="*")
    skills.set_defaults(run=run_skills)

    away = actions.add_parser("away", help="say when somebody is away, and who stands in")
    away.add_argument("email")
    away.add_argument("until", type=_moment, help="2026-12-24, or 2026-12-24T18:00+01:00; a day without a zone is UTC")
    away.add_argument("--since", type=_moment, help="now when absent")
    away.add_argument("--stand-in", help="e-mail address")
    away.add_argument("--note", default="")
    away.set_defaults(run=run_away)
    for one in (show, change, trial, apply, taking, people, skills, away):
        console.add_json(one)


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    found = queries.ownership(actor=by, which=arguments.project)
    rules, total = queries.list_rules(actor=by, which=arguments.project, now=console.now())
    rows = [
        (one.place, one.origin, one.line, _short(format_rule(one.rule)), ", ".join(_problems(one.owners)))
        for one in rules
    ]
    text = console.table(("place", "from", "line", "rule", "owners that mean nobody"), rows)
    if not found.enabled:
        text = "Designation is switched off for this project."
    elif total > len(rows):
        text += f"\n… and {total - len(rows)} more."
    answer = msgspec.to_builtins(found) | {"order": msgspec.to_builtins(rules), "rules_in_force": total}
    return console.show(arguments, answer, text)


def run_set(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    text = given.read_text(arguments.file)
    changed = operations.set_ownership(which=arguments.project, rules=text, by=by, at=console.now())
    rules, _ = queries.list_rules(actor=by, which=arguments.project, now=console.now())
    lines = [f"The rules of {changed.project} are saved (version {changed.version})."]
    lines += [
        f"  line {one.line}: {problem}"
        for one in rules
        if one.origin == "ownership"
        for problem in _problems(one.owners)
    ]
    return console.show(arguments, changed, "\n".join(lines))


def run_try(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    if arguments.project:
        trial = queries.try_text(actor=by, which=arguments.project, text=arguments.what, now=console.now())
    else:
        trial = queries.try_issue(actor=by, key=arguments.what, now=console.now())
    answer = msgspec.to_builtins(trial.outcome) | {
        "assignee": trial.assignee.email if trial.assignee else None,
        "deputy": trial.deputy.email if trial.deputy else None,
    }
    return console.show(arguments, answer, _trial(trial))


def run_apply(arguments: argparse.Namespace) -> int:
    console.begin()
    done = operations.designate_unheld(which=arguments.project, by=console.owner(), at=console.now())
    text = f"Assigned {len(done.assigned)}: {', '.join(done.assigned) or 'none'}. Nobody holds {done.left} more."
    return console.show(arguments, done, text)


def run_import(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    text = given.read_text(arguments.file)
    before = queries.ownership(actor=by, which=arguments.project)
    owners = dict(before.owners) | dict(given.pair(one, sides="NAME=OWNER") for one in arguments.owner)
    mappings = [PathMapping(*given.pair(one, sides="STACK=SOURCE")) for one in arguments.map] or list(before.mappings)
    found = queries.preview_codeowners(actor=by, which=arguments.project, text=text, owners=owners, now=console.now())
    known = {name: owner for name, owner in found.named.items() if owner}
    if not arguments.dry_run:
        operations.set_ownership(
            which=arguments.project, codeowners=text, owners=known, mappings=mappings, by=by, at=console.now()
        )
    unmapped = [name for name, owner in found.named.items() if not owner]
    count = len(found.read.rules)
    lines = [f"{count} rule{'s' * (count != 1)}{' would be' * arguments.dry_run} taken."]
    lines += [f"  {name} means {owner}" for name, owner in known.items()]
    lines += [f"  {name} means nobody here: --owner {name}=ADDRESS or #team" for name in unmapped]
    lines += [f"  line {one.line} is left out: {one.why}" for one in found.read.problems]
    answer = {"rules": count, "owners": known, "unmapped": unmapped, "problems": found.read.problems}
    return console.show(arguments, answer, "\n".join(lines))


def run_people(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_colleagues(actor=console.owner(), now=console.now())
    rows = [
        (one.person.name, one.person.email, one.issues, one.load, ", ".join(one.skills), _absences(one))
        for one in found
    ]
    text = console.table(("name", "address", "open", "load", "skills", "away"), rows)
    return console.show(arguments, {"items": found, "next": None}, text)


def run_skills(arguments: argparse.Namespace) -> int:
    console.begin()
    kept = operations.set_skills(who=arguments.email, skills=arguments.skills, by=console.owner(), at=console.now())
    return console.show(arguments, kept, f"{arguments.email}: {', '.join(kept) or 'no skills'}.")


def run_away(arguments: argparse.Namespace) -> int:
    console.begin()
    made = operations.add_absence(
        who=arguments.email,
        since=arguments.since or console.now(),
        until=arguments.until,
        stand_in=arguments.stand_in,
        note=arguments.note,
        by=console.owner(),
        at=console.now(),
    )
    text = f"{arguments.email} is away until {arguments.until:%Y-%m-%d %H:%M %Z}."
    return console.show(arguments, {"id": made}, text)


def _absences(one: Colleague) -> str:
    return ", ".join(
        f"{each.since:%Y-%m-%d} to {each.until:%Y-%m-%d}" + (f" ({each.stand_in.name})" if each.stand_in else "")
        for each in one.absences
    )


def _moment(text: str) -> datetime:
    return given.moment(text, zone=UTC)


def _trial(trial: Trial) -> str:
    outcome = trial.outcome
    lines = [
        f"{trial.key} {trial.title}".strip(),
        f"  Assignee  {_person(trial.assignee)}",
        f"  Deputy    {_person(trial.deputy)}{f' ({outcome.deputy_reason})' if outcome.deputy_reason else ''}",
        f"  Why       {outcome.reason}",
    ]
    if outcome.matched:
        lines.append(f"  Rule      {outcome.matched.origin}, line {outcome.matched.line}; {outcome.rules} looked at")
    lines += [f"  Passed    {one.rule} ({one.what}): {one.why}" for one in outcome.passed]
    lines += [f"  Declined  {one.who}: {one.why}" for one in outcome.declined]
    if outcome.considered:
        rows = [(one.name, one.issues, one.load, ", ".join(one.skills)) for one in outcome.considered]
        lines += ["", console.table(("considered", "open", "load", "skills"), rows)]
    return "\n".join(lines)


def _person(person: Any) -> str:
    return f"{person.name} <{person.email}>" if person else "nobody"


def _problems(owners: Any) -> list[str]:
    return [f"{owner.named}: {owner.problem}" for owner in owners if owner.problem]


def _short(text: str) -> str:
    return text if len(text) <= _RULE_WIDTH else text[: _RULE_WIDTH - 1] + "…"
