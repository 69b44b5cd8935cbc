"""`errata workflow list | show | versions | save | adopt | archive`."""

import argparse
from typing import Any

import msgspec

from errata.apps.issues import operations as issues
from errata.apps.issues import queries as previews
from errata.apps.issues.adopting import Adoption
from errata.apps.workflows import operations, queries
from errata.apps.workflows.types import VersionView, WorkflowView
from errata.core.workflow import Rule, Workflow
from errata.ops import console, given


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("workflow", help="list, show and save workflows; let projects have them")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="list your workflows, and those of the gallery")
    listing.set_defaults(run=run_list)

    show = actions.add_parser("show", help="show a workflow's stages and moves")
    show.add_argument("name")
    show.add_argument("--version", type=int, help="an older version; the newest when absent")
    show.set_defaults(run=run_show)

    versions = actions.add_parser("versions", help="who changed a workflow, and what, newest first")
    versions.add_argument("name")
    versions.set_defaults(run=run_versions)

    archive = actions.add_parser("archive", help="put a workflow away that no project uses")
    archive.add_argument("name")
    archive.set_defaults(run=run_archive)

    save = actions.add_parser("save", help="keep a workflow, or its next version, from JSON as `show --json` prints it")
    save.add_argument("file", help="`-` reads standard input")
    save.add_argument("--name", default="", help="the workflow that gets a new version; a new workflow when absent")
    save.add_argument("--note", default="", help="what changed, for the history")
    save.set_defaults(run=run_save)

    adopt = actions.add_parser("adopt", help="give a project another workflow, or another version, with its issues")
    adopt.add_argument("project", help="slug or key of the project")
    adopt.add_argument("name")
    adopt.add_argument("--version", type=int)
    adopt.add_argument(
        "--stage", action="append", default=[], metavar="OLD=NEW", help="where the issues of a stage go; repeatable"
    )
    adopt.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
    adopt.set_defaults(run=run_adopt)
    for action in (listing, show, versions, archive, save, adopt):
        console.add_json(action)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_workflows(actor=console.owner())
    rows = [
        (
            view.slug,
            view.number,
            "gallery" if view.built_in else "yours",
            " → ".join(stage.name for stage in view.workflow.stages),
            ", ".join(use.key for use in view.projects) or "–",
        )
        for view in found
    ]
    answer = {"items": [_answer(view) for view in found], "next": None}
    return console.show(arguments, answer, console.table(("name", "version", "from", "stages", "projects"), rows))


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.workflow(actor=console.owner(), which=arguments.name, number=arguments.version)
    return console.show(arguments, _answer(found), _described(found))


def run_versions(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_versions(actor=console.owner(), which=arguments.name)
    told = [(one, [f"{line.sign} {line.text}" for line in one.changes]) for one in found]
    items = [
        {"version": one.number, "note": one.note, "by": one.created_by, "at": one.created_at, "changes": changes}
        for one, changes in told
    ]
    lines = [line for one, changes in told for line in (_headed(one), *(f"  {change}" for change in changes))]
    return console.show(arguments, {"items": items, "next": None}, "\n".join(lines))


def run_archive(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.archive_workflow(which=arguments.name, by=console.owner(), at=console.now())
    return console.show(arguments, {"archived": arguments.name}, f"{arguments.name} is put away.")


def run_save(arguments: argparse.Namespace) -> int:
    console.begin()
    saved = operations.save_workflow(
        which=arguments.name, workflow=_read(arguments.file), note=arguments.note, by=console.owner(), at=console.now()
    )
    return console.show(arguments, _answer(saved), f"{saved.name} is saved as {saved.slug}, version {saved.number}.")


def run_adopt(arguments: argparse.Namespace) -> int:
    console.begin()
    stages = dict(given.pair(text, sides="OLD=NEW, such as Revise=To Do") for text in arguments.stage)
    asked: dict[str, Any] = {"which": arguments.name, "number": arguments.version, "stages": stages}
    by = console.owner()
    if arguments.dry_run:
        done = previews.preview_adoption(actor=by, project=arguments.project, **asked)
    else:
        done = issues.adopt_workflow(project=arguments.project, by=by, at=console.now(), **asked)
    return console.show(arguments, done, _adopted(done, dry=arguments.dry_run))


def _answer(view: WorkflowView) -> dict[str, Any]:
    return {
        "name": view.slug,
        "title": view.name,
        "summary": view.summary,
        "version": view.number,
        "built_in": view.built_in,
        "projects": [{"key": use.key, "slug": use.slug, "version": use.number} for use in view.projects],
        "workflow": msgspec.to_builtins(view.workflow),
    }


def _described(view: WorkflowView) -> str:
    moves = view.workflow
    lines = [f"{view.name}, version {view.number}{' (gallery)' if view.built_in else ''}", view.summary, ""]
    lines.append(console.table(("stage", "category", "means"), [(s.name, s.category, s.meaning) for s in moves.stages]))
    rows = [
        (rule.name, rule.label, f"{', '.join(rule.sources)} → {rule.to}", "; ".join(_terms(rule)))
        for rule in moves.rules
    ]
    lines += ["", console.table(("move", "says", "leads", "on terms"), rows)]
    lines += ["", f"Issue types: {', '.join(moves.types)}"] if moves.types else []
    return "\n".join(lines)


def _terms(rule: Rule) -> list[str]:
    """What stands before a move, and what comes with it."""
    return [
        *(["by itself"] if rule.on else []),
        *(f"asks {' or '.join(need.fields)}" for need in rule.requires),
        *([f"proof {', '.join(rule.evidence)}"] if rule.evidence else []),
        *(f"guard {guard}" for guard in rule.guards),
        *(" ".join(filter(None, (act.kind.replace("_", " "), act.field, act.value))) for act in rule.actions),
    ]


def _headed(one: VersionView) -> str:
    when = f", {one.created_at:%Y-%m-%d %H:%M} UTC" if one.created_at else ""
    return f"Version {one.number}{when}, {one.created_by}{f': {one.note}' if one.note else ''}"


def _adopted(done: Adoption, *, dry: bool) -> str:
    rows = [(step.stage, step.to, step.issues, " ".join(step.lost)) for step in done.migration.steps]
    head = f"{done.project}: {done.before} → {done.after}, {done.migration.issues} issues {'would ' * dry}move."
    return "\n".join([head, "", console.table(("from", "to", "issues", "lost"), rows), *done.migration.lost])


def _read(file: str) -> Workflow:
    text = given.read_bytes(file)
    try:
        found = msgspec.json.decode(text)
        return msgspec.convert(found.get("workflow", found) if isinstance(found, dict) else found, Workflow)
    except msgspec.DecodeError as error:
        raise given.FileUnreadable(f"{file} holds no workflow: {error}.") from None
