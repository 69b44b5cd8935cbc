"""`errata demo`."""

import argparse
import sys
import urllib.error
import urllib.request
from typing import Any

from errata.apps.accounts.types import Actor
from errata.apps.projects import operations, queries
from errata.core.errors import Refusal
from errata.ops import console
from errata.ops.demo.scenarios import SCENARIOS, SERVICES
from errata.ops.demo.send import Sent, send
from errata.ops.demo.work import work

_BAR_WIDTH = 28


class ServerNotRunning(Refusal):
    """The demo sends to a running server."""

    code = "server_not_running"
    status = 503


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("demo", help="send a believable shop's errors to the running server")
    parser.add_argument("--scale", type=float, default=1.0, help="how many events: 1 = about 750")
    parser.add_argument("--remove", action="store_true", help="remove the demo's projects with their issues")
    console.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    by = console.owner()
    if arguments.remove:
        removed = _remove(by)
        text = f"Removed {', '.join(removed)}." if removed else "There are no demo projects."
        return console.show(arguments, {"removed": removed}, text)
    _require_server(settings.local_url)
    dsns = {
        service.name: _dsn(service.project, service.key, service.platform, by, settings.local_url)
        for service in SERVICES
    }
    last = Sent(0, 0, "")
    for last in send(dsns, now=console.now(), scale=arguments.scale):
        _progress(last)
    own = {service.project for service in SERVICES}
    slugs = [each.slug for each in queries.list_projects(actor=by) if each.name in own]
    worked = work(slugs, kinds=len(SCENARIOS), by=by, now=console.now)
    answer = {"events": last.done, "projects": sorted(own), "kinds": len(SCENARIOS), "worked": worked}
    some = f"; {worked} issues were worked, so that there is something in every stage" if worked else ""
    text = f"{last.done} events of {len(SCENARIOS)} kinds are sent{some}. See them at {settings.public_url}/issues/"
    return console.show(arguments, answer, text)


def _dsn(name: str, key: str, platform: str, by: Actor, url: str) -> str:
    """The DSN of the demo's project of that name, made if it isn't there, at this machine's address."""
    project = next((each for each in queries.list_projects(actor=by) if each.name == name), None)
    if project is None:
        taken = {each.key for each in queries.list_projects(actor=by)}
        free = None if key in taken else key
        project = operations.create_project(name=name, platform=platform, key=free, by=by, at=console.now())
    active = next(each for each in queries.list_keys(actor=by, which=project.id) if each.active)
    return queries.dsn(url=url, key=active)


def _remove(by: Actor) -> list[str]:
    names = {service.project for service in SERVICES}
    found = [each for each in queries.list_projects(actor=by, include_archived=True) if each.name in names]
    for project in found:
        operations.delete_project(which=project.id, by=by, at=console.now())
    return [project.name for project in found]


def _require_server(url: str) -> None:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5):  # noqa: S310 - our own address
            return
    except (urllib.error.URLError, OSError):
        msg = f"No server answers at {url}. Start it with `errata serve` (or `make run`), then run this again."
        raise ServerNotRunning(msg) from None


def _progress(sent: Sent) -> None:
    if not sys.stderr.isatty():
        return
    filled = round(_BAR_WIDTH * sent.done / sent.total)
    bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
    sys.stderr.write(f"\r  {bar}  {sent.done:>4} of {sent.total}  {sent.service:<12}")
    if sent.done == sent.total:
        sys.stderr.write("\n")
    sys.stderr.flush()
