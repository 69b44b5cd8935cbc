"""`errata key create | list | disable | enable`."""

import argparse
from typing import Any

import msgspec

from errata.apps.projects import operations, queries
from errata.apps.projects.types import KeyView
from errata.core.errors import Refusal
from errata.ops import console


class KeyUnknown(Refusal):
    """No key of that number, name or public part."""

    code = "key_not_found"
    status = 404


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("key", help="create, list, disable and enable project keys")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    create = actions.add_parser("create", help="create a further key of a project")
    create.add_argument("project", help="slug, key or number of the project")
    create.add_argument("--name", default="Default")
    create.add_argument("--quota", type=int, default=0, metavar="N", help="accepted events a minute; 0 = no quota")
    create.set_defaults(run=run_create)

    listing = actions.add_parser("list", help="list a project's keys")
    listing.add_argument("project", nargs="?", help="slug, key or number; all projects when absent")
    listing.set_defaults(run=run_list)

    for name, meaning in (("disable", "stop accepting with a key"), ("enable", "accept with a key again")):
        switch = actions.add_parser(name, help=meaning)
        switch.add_argument("key", help="the key's number or public part")
        switch.set_defaults(run=run_switch, active=name == "enable")
        console.add_json(switch)
    console.add_json(create)
    console.add_json(listing)


def run_create(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    key = operations.create_key(
        which=arguments.project,
        name=arguments.name,
        quota_per_minute=arguments.quota,
        by=console.owner(),
        at=console.now(),
    )
    answer = _answer(key, settings.public_url)
    return console.show(arguments, answer, f"Key {key.id}, {key.name}\n\n  DSN   {answer['dsn']}")


def run_list(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    keys = _keys(arguments.project)
    slugs = {
        project.id: project.slug for project in queries.list_projects(actor=console.owner(), include_archived=True)
    }
    rows = [
        (
            key.id,
            slugs.get(key.project_id, ""),
            key.name,
            key.public_key,
            "active" if key.active else "disabled",
            key.quota_per_minute or "none",
        )
        for key in keys
    ]
    answer = {"items": [_answer(key, settings.public_url) for key in keys], "next": None}
    return console.show(
        arguments, answer, console.table(("id", "project", "name", "public key", "state", "quota/min"), rows)
    )


def run_switch(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    key = next((key for key in _keys(None) if arguments.key in (str(key.id), key.public_key)), None)
    if key is None:
        msg = f"There is no key {arguments.key}. `errata key list` shows them."
        raise KeyUnknown(msg)
    switch = operations.enable_key if arguments.active else operations.disable_key
    key = switch(key_id=key.id, by=console.owner(), at=console.now())
    state = "accepts events" if key.active else "is answered 403 from now on"
    return console.show(arguments, _answer(key, settings.public_url), f"Key {key.id}, {key.name}, {state}.")


def _keys(project: str | None) -> list[KeyView]:
    by = console.owner()
    projects = [project] if project else [each.id for each in queries.list_projects(actor=by)]
    return [key for which in projects for key in queries.list_keys(actor=by, which=which)]


def _answer(key: KeyView, url: str) -> dict[str, Any]:
    return msgspec.structs.asdict(key) | {"dsn": queries.dsn(url=url, key=key)}
