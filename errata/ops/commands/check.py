"""`errata check report | list`."""

import argparse
from typing import Any

from errata.apps.releases import operations, queries
from errata.ops import console


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("check", help="tell how tests and checks ended, and list them")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    report = actions.add_parser("report", help="tell how a check ended, on a commit or a release")
    report.add_argument("name", help="e2e, unit tests …")
    report.add_argument("state", help="passed, failed, pending or neutral")
    what = report.add_mutually_exclusive_group(required=True)
    what.add_argument("--commit", default="", metavar="SHA")
    what.add_argument("--release", default="", metavar="VERSION")
    report.add_argument("--repository", default="", help="of the commit: shop/payments")
    report.add_argument("--url", default="", help="of the run")
    report.set_defaults(run=run_report)

    listing = actions.add_parser("list", help="list the newest results")
    listing.add_argument("--name", default="")
    listing.add_argument("--limit", type=console.positive, default=50)
    listing.set_defaults(run=run_list)
    console.add_json(report)
    console.add_json(listing)


def run_report(arguments: argparse.Namespace) -> int:
    console.begin()
    check = operations.report_check(
        name=arguments.name,
        state=arguments.state,
        sha=arguments.commit,
        version=arguments.release,
        repository=arguments.repository,
        url=arguments.url,
        by=console.owner(),
        at=console.now(),
    )
    return console.show(arguments, check, f"{check.name} {check.state} on {check.sha[:7] or check.version}.")


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_checks(actor=console.owner(), name=arguments.name, limit=arguments.limit)
    now = console.now()
    rows = [(console.ago(one.at, now=now), one.state, one.name, one.sha[:7] or one.version, one.url) for one in found]
    answer = {"items": found, "next": None}
    return console.show(arguments, answer, console.table(("ago", "state", "check", "on", "run"), rows))
