"""`errata init`."""

import argparse
from typing import Any

import msgspec
from django.core.management import call_command

from errata.apps.accounts import operations as accounts
from errata.apps.accounts import queries as people
from errata.apps.accounts.permissions import ROLE_SCOPES
from errata.apps.projects import operations as projects
from errata.apps.projects import queries as listed
from errata.ops import console, datadir
from errata.ops.settings import load


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("init", help="set up without a browser: first person, organisation, first project")
    parser.add_argument("--email", required=True, help="the first person, who becomes an owner")
    parser.add_argument("--password", required=True)
    parser.add_argument("--name", default="", help="how others see the first person; made from the e-mail when absent")
    parser.add_argument("--organization", required=True)
    parser.add_argument("--project", default="Main", help="the first project's name (default: Main)")
    parser.add_argument("--platform", default="other", help="what the project runs on: python, django, node, browser …")
    console.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    datadir.prepare(load())
    settings = console.begin()
    call_command("migrate", interactive=False, verbosity=0)
    now = console.now()
    owner, project = projects.set_up(
        email=arguments.email,
        name=arguments.name or arguments.email.split("@")[0].replace(".", " ").title(),
        password=arguments.password,
        organization=arguments.organization,
        project=arguments.project,
        platform=arguments.platform,
        at=now,
    )
    key = listed.list_keys(actor=owner, which=project.id)[0]
    _, secret = accounts.create_token(name="errata init", scopes=ROLE_SCOPES["owner"], by=owner, at=now)
    organization = people.organization(actor=owner)
    dsn = listed.dsn(url=settings.public_url, key=key)
    answer = {
        "organization": msgspec.structs.asdict(organization),
        "project": {"id": project.id, "key": project.key, "slug": project.slug, "name": project.name, "dsn": dsn},
        "token": secret,
    }
    text = (
        f"{organization.name} is set up; {owner.email} is its owner.\n\n"
        f"  DSN of {project.name}   {dsn}\n"
        f"  API token   {secret}   (shown once)\n"
    )
    return console.show(arguments, answer, text)
