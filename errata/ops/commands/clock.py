"""`errata clock explain | list | preview | advise`."""

import argparse
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from errata.apps.clocks import queries
from errata.apps.clocks.plain import (
    counted_words,
    plain_advised,
    plain_clocks,
    plain_forecast,
    plain_preview,
    plain_reading,
    working_words,
)
from errata.apps.clocks.queries import ClockFilter
from errata.apps.clocks.types import ClockRow
from errata.apps.projects import queries as projects
from errata.core.errors import Refusal
from errata.ops import clock_text, console


class PolicyUnreadable(Refusal):
    """A file that holds no policy."""

    code = "policy_unreadable"
    status = 422


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("clock", help="explain the clocks of issues, and preview other policies")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    explain = actions.add_parser("explain", help="account for every minute of an issue's clocks")
    explain.add_argument("key")
    explain.set_defaults(run=run_explain)

    listing = actions.add_parser("list", help="list the clocks that run, the one that breaches first at the top")
    listing.add_argument("--state", default="", help="running, at_risk, breached or paused")
    listing.add_argument("--kind", default="", help="response, update or resolution; without it, what is due first")
    listing.add_argument("--project", default="")
    listing.add_argument("--team", default="")
    listing.add_argument("--limit", type=int, default=50)
    listing.set_defaults(run=run_list)

    preview = actions.add_parser("preview", help="say what another policy would do to a project's clocks")
    preview.add_argument("project", help="slug or key of the project")
    preview.add_argument("file", type=Path, help="the policy as JSON, as a template's maximum_time")
    preview.set_defaults(run=run_preview)
    advise = actions.add_parser("advise", help="say what could be promised in a project, from how its issues went")
    advise.add_argument("project", help="slug or key of the project")
    advise.set_defaults(run=run_advise)
    for action in (explain, listing, preview, advise):
        console.add_json(action)


def run_explain(arguments: argparse.Namespace) -> int:
    console.begin()
    clocks = queries.issue_clocks(actor=console.owner(), key=arguments.key, now=console.now())
    return console.show(arguments, plain_clocks(clocks), clock_text.describe(clocks))


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    chosen = ClockFilter(project=arguments.project, team=arguments.team, kind=arguments.kind, state=arguments.state)
    by, now = console.owner(), console.now()
    page = queries.list_clocks(actor=by, now=now, chosen=chosen, limit=arguments.limit)
    forecast = queries.forecast(actor=by, now=now, chosen=chosen)
    items = [
        {
            "key": row.issue.key, "reason": row.reason, "probability": row.probability.value,
            "reasons": row.probability.reasons, **plain_reading(row.reading),
        }
        for row in page.items
    ]  # fmt: skip
    rows = [_row(row) for row in page.items]
    header = ("key", "clock", "state", "elapsed", "left", "risk", "assignee", "title")
    answer = {"items": items, "next": page.next, "forecast": plain_forecast(forecast)}
    return console.show(arguments, answer, f"{console.table(header, rows)}\n\n{clock_text.foretell(forecast)}")


def _row(row: ClockRow) -> tuple[str, ...]:
    who = row.issue.assignee.name if row.issue.assignee else "\u2013"
    told = partial(counted_words, calendar=row.reading.calendar)
    spent, left = told(row.reading.elapsed), told(row.reading.left)
    risk = "\u2013" if row.probability.percent is None else f"{row.probability.percent} %"
    return (row.issue.key, row.reading.kind, row.reading.state, spent, left, risk, who, row.issue.title[:60])


def run_preview(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    try:
        document = msgspec.json.decode(arguments.file.read_bytes())
    except (OSError, ValueError) as error:
        raise PolicyUnreadable(f"{arguments.file} holds no policy: {error}.") from error
    project = projects.project(actor=by, which=arguments.project)
    preview = queries.preview_policy(
        actor=by, project_ids=[project.id], policy=queries.policy_from(document), now=console.now()
    )
    return console.show(arguments, plain_preview(preview), clock_text.compare(preview))


def run_advise(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.list_advice(actor=console.owner(), which=arguments.project)
    if not found:
        text = "Nothing was learnt yet: it takes thirty resolved issues whose time was promised, and up to an hour."
        return console.show(arguments, {"items": [], "next": None}, text)
    rows = [
        (one.severity, one.priority, str(one.advice.resolved), _minutes(one.advice.promised),
         "\u2013" if one.advice.kept is None else f"{one.advice.kept:.0%}", _minutes(one.advice.p80),
         _minutes(one.advice.p90), one.advice.verdict)
        for one in found
    ]  # fmt: skip
    header = ("severity", "priority", "resolved", "promised", "kept", "4 of 5 in", "9 of 10 in", "promise")
    answer = {"items": [plain_advised(one) for one in found], "next": None}
    return console.show(arguments, answer, console.table(header, rows))


def _minutes(minutes: float | None) -> str:
    return "\u2013" if minutes is None else working_words(timedelta(minutes=minutes))
