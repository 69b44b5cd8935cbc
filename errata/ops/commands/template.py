"""`errata template show | set | take | try-ranking | gallery | drift | versions`."""

import argparse
from pathlib import Path
from typing import Any

import msgspec

from errata.apps.designations import standings
from errata.apps.templates import operations, queries
from errata.apps.templates.types import Scope, TemplateView
from errata.core.errors import Refusal
from errata.core.template import GALLERY, DocumentRefused, to_document
from errata.ops import console, given
from errata.ops.template_text import described, drift_text, place, trial_text, versions_text


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("template", help="show and change what teams write down once")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    show = actions.add_parser("show", help="what is in force, and where it comes from")
    show.set_defaults(run=run_show)
    change = actions.add_parser("set", help="replace the template with a JSON file, or single fields")
    change.add_argument("--file", type=Path, help="as `show --json` prints under `own`; - is standard input")
    change.add_argument("--ranking", help="a scoring expression; `inherit` takes it back")
    change.add_argument("--note", default="", help="why; kept with the version")
    change.set_defaults(run=run_set)
    take = actions.add_parser("take", help="take maximum time and ranking from the gallery")
    take.add_argument("ready", help="the slug of a ready template")
    take.set_defaults(run=run_take)
    versions = actions.add_parser("versions", help="who changed what, newest first")
    versions.set_defaults(run=run_versions)
    trial = actions.add_parser("try-ranking", help="what another ranking would move up and down; nothing is written")
    trial.add_argument("expression", help="such as 'severity * 40 + log(users) * 10'")
    trial.set_defaults(run=run_try_ranking)
    for action in (show, change, take, versions, trial):
        _add_scope(action)

    gallery = actions.add_parser("gallery", help="list the ready templates")
    gallery.set_defaults(run=run_gallery)
    drift = actions.add_parser("drift", help="who deviates from the organisation's template, and in what")
    drift.set_defaults(run=run_drift)
    for action in (show, change, take, versions, trial, gallery, drift):
        console.add_json(action)


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    view = queries.template(actor=console.owner(), scope=_scope(arguments))
    return console.show(arguments, _answer(view), described(view))


def run_set(arguments: argparse.Namespace) -> int:
    console.begin()
    by, scope, now = console.owner(), _scope(arguments), console.now()
    version = None
    if arguments.file is not None:
        document = _document(arguments.file)
        version = operations.replace_template(scope=scope, document=document, by=by, at=now, note=arguments.note)
    if arguments.ranking is not None:
        ranking = None if arguments.ranking == "inherit" else arguments.ranking
        changed = operations.change_template(scope=scope, ranking=ranking, by=by, at=now, note=arguments.note)
        version = changed or version
    return _told(arguments, scope, list(version.words) if version else [])


def run_take(arguments: argparse.Namespace) -> int:
    console.begin()
    scope = _scope(arguments)
    version = operations.apply_gallery(slug=arguments.ready, scope=scope, by=console.owner(), at=console.now())
    return _told(arguments, scope, list(version.words) if version else [])


def run_try_ranking(arguments: argparse.Namespace) -> int:
    console.begin()
    now, by = console.now(), console.owner()
    found = standings.try_ranking(actor=by, scope=_scope(arguments), expression=arguments.expression, at=now)
    return console.show(arguments, found, trial_text(found))


def run_versions(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.versions(actor=console.owner(), scope=_scope(arguments))
    items = [
        {
            "version": each.number,
            "changes": each.words,
            "note": each.note,
            "by": each.by_name,
            "at": each.at,
            "own": to_document(each.overrides),
        }
        for each in found
    ]
    return console.show(arguments, {"items": items, "next": None}, versions_text(found))


def run_gallery(arguments: argparse.Namespace) -> int:
    rows = [(ready.slug, ready.name, ready.audience) for ready in GALLERY.values()]
    items = [
        {"slug": each.slug, "name": each.name, "audience": each.audience, "template": to_document(each.template)}
        for each in GALLERY.values()
    ]
    text = console.table(("slug", "name", "for"), rows)
    return console.show(arguments, {"items": items, "next": None}, text)


def run_drift(arguments: argparse.Namespace) -> int:
    console.begin()
    report = queries.drift(actor=console.owner())
    return console.show(arguments, report, drift_text(report))


def _add_scope(parser: Any) -> None:
    parser.add_argument("project", nargs="?", help="slug or key of a project")
    parser.add_argument("--team", help="the slug of a team, instead of a project")
    parser.add_argument("--organization", action="store_true", help="the organisation's own, instead of a project's")


def _scope(arguments: argparse.Namespace) -> Scope:
    named = [bool(arguments.project), bool(arguments.team), arguments.organization]
    if sum(named) != 1:
        msg = "Whose template? Name a project, or --team SLUG, or --organization."
        raise ScopeUnclear(msg)
    if arguments.project:
        return Scope("project", arguments.project)
    return Scope("team", arguments.team) if arguments.team else Scope()


class ScopeUnclear(Refusal):
    """Neither or more than one of project, team and organisation."""

    code = "scope_unclear"


def _document(path: Path) -> Any:
    content = given.read_bytes(path)
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise DocumentRefused(f"{path} is no JSON: {error}.") from None


def _told(arguments: argparse.Namespace, scope: Scope, words: list[str]) -> int:
    view = queries.template(actor=console.owner(), scope=scope)
    text = "\n".join([f"{place(view.scope, view.name)} has version {view.number}.", *(f"  {line}" for line in words)])
    return console.show(arguments, _answer(view), text if words else "Nothing changed: it says so already.")


def _answer(view: TemplateView) -> dict[str, Any]:
    return {
        "scope": view.scope,
        "name": view.name,
        "version": view.number,
        "own": to_document(view.overrides),
        "in_force": to_document(view.template),
        "sources": view.sources,
    }
