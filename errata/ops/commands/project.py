"""`errata project create | list`."""

import argparse
from typing import Any

from errata.apps.issues import queries as issues
from errata.apps.projects import operations, queries
from errata.apps.projects.types import ProjectView
from errata.apps.workflows import operations as workflows
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("project", help="create and list projects")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    create = actions.add_parser("create", help="create a project with its first key")
    create.add_argument("name")
    create.add_argument("--key", help="the prefix of its issues' keys, such as PAY")
    create.add_argument("--platform", default="other")
    create.add_argument("--team", help="the slug of the team that owns it")
    create.add_argument("--template", default="", help="the workflow it begins with: see `errata workflow list`")
    console.add_json(create)
    create.set_defaults(run=run_create)

    listing = actions.add_parser("list", help="list the projects")
    console.add_json(listing)
    listing.set_defaults(run=run_list)


def run_create(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    by = console.owner()
    given = {name: getattr(arguments, name) for name in ("name", "platform", "key", "team")}
    if arguments.template:
        project = workflows.create_project(template=arguments.template, by=by, at=console.now(), **given)
    else:
        project = operations.create_project(by=by, at=console.now(), **given)
    answer = _answer(project, by, settings.public_url, open_issues=0)
    return console.show(
        arguments, answer, f"{project.name} ({project.key}) is project {project.id}.\n\n  DSN   {answer['dsn']}"
    )


def run_list(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    by = console.owner()
    projects = queries.list_projects(actor=by)
    opened = issues.count_open(actor=by)
    rows = [
        (project.id, project.key, project.slug, project.name, project.platform, opened.get(project.id, 0))
        for project in projects
    ]
    items = [_answer(each, by, settings.public_url, open_issues=opened.get(each.id, 0)) for each in projects]
    answer = {"items": items, "next": None}
    return console.show(arguments, answer, console.table(("id", "key", "slug", "name", "platform", "open"), rows))


def _answer(project: ProjectView, by: Any, url: str, *, open_issues: int) -> dict[str, Any]:
    keys = [key for key in queries.list_keys(actor=by, which=project.id) if key.active]
    return {
        "id": project.id,
        "key": project.key,
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "active": project.active,
        "open_issues": open_issues,
        "dsn": queries.dsn(url=url, key=keys[0]) if keys else None,
    }
