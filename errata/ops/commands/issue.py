"""`errata issue list | show | holders | export | create | assign | stage | parent | link | comment | wait …`."""

import argparse
import sys
from contextlib import nullcontext
from datetime import datetime
from typing import Any, get_args

import msgspec

from errata.apps.clocks import operations as clocks
from errata.apps.designations import standings
from errata.apps.issues import exporting, hindsight, operations, queries
from errata.apps.issues.linking import WORDS, LinkNotFound
from errata.apps.issues.types import IssueDetail, IssueRow, LinkKind, Page
from errata.core import past
from errata.core.search.errors import SearchError
from errata.ops import console, given
from errata.ops.issue_text import describe, describe_then, row_of, row_then

_GIVEN = ("description", "type", "priority", "severity", "assignee", "parent")


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("issue", help="list, show and work issues")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _register_reading(actions)
    _register_writing(actions)


def _register_reading(actions: Any) -> None:
    listing = actions.add_parser("list", help="list issues, newest first")
    listing.add_argument("query", nargs="*", help="the search language: is:unassigned level:error -24h …")
    listing.add_argument("--sort", default="", help="last_seen, first_seen, count, users, priority, severity …")
    listing.add_argument("--limit", type=console.positive, default=50, help="at most so many (default: 50)")
    listing.set_defaults(run=run_list)

    rank = actions.add_parser("rank", help="why an issue ranks where it does, part by part")
    rank.add_argument("key")
    rank.set_defaults(run=run_rank)
    console.add_json(rank)

    show = actions.add_parser("show", help="show one issue")
    show.add_argument("key")
    show.set_defaults(run=run_show)

    holders = actions.add_parser("holders", help="who held an issue, and was its deputy, when")
    holders.add_argument("key")
    holders.set_defaults(run=run_holders)
    for one in (listing, show, holders):
        console.add_json(one)
    for one in (listing, show):
        one.add_argument("--as-of", metavar="TIME", help="as it was then, in ISO 8601; in UTC without an offset")

    export = actions.add_parser("export", help="write all issues that a search finds to a file")
    export.add_argument("query", nargs="*", help="the search language; all issues without it")
    export.add_argument("--format", default="csv", help="csv, xlsx or jsonl")
    export.add_argument("--sort", default="", help="last_seen, first_seen, count, users, priority, severity …")
    export.add_argument("--out", metavar="FILE", help="where to; standard output without it")
    export.set_defaults(run=run_export)


def _register_writing(actions: Any) -> None:
    create = actions.add_parser("create", help="report an issue that no event raised")
    create.add_argument("project", help="slug or key of the project")
    create.add_argument("title")
    for field in ("description", "type", "priority", "severity", "assignee"):
        create.add_argument(f"--{field}")
    create.add_argument("--field", action="append", default=[], metavar="NAME=VALUE", help="a custom field; repeatable")
    create.add_argument("--parent", help="the key of the issue it is a part of")
    create.set_defaults(run=run_create)

    assign = actions.add_parser("assign", help="assign an issue; `none` takes the assignee away")
    assign.add_argument("key")
    assign.add_argument("email")
    assign.set_defaults(run=run_assign)

    stage = actions.add_parser("stage", help="move an issue to another stage")
    stage.add_argument("key")
    stage.add_argument("stage", help="a stage of the project's workflow, or a move: see `errata workflow show`")
    stage.add_argument("--comment", help="kept with the move; the reason, where it passes a retest without proof")
    stage.add_argument("--override", help="the reason to pass a retest without proof")
    stage.add_argument("--reason", help="why it is closed without a fix: duplicate, won't fix …")
    stage.add_argument("--assignee", help="who takes it, where the move needs somebody")
    stage.set_defaults(run=run_stage)

    parent = actions.add_parser("parent", help="make an issue a part of another; `none` takes it out")
    parent.add_argument("key")
    parent.add_argument("parent")
    parent.set_defaults(run=run_parent)

    _register_links(actions)
    comment = actions.add_parser("comment", help="comment on an issue, in Markdown")
    comment.add_argument("key")
    comment.add_argument("text", help="`-` reads standard input")
    comment.set_defaults(run=run_comment)
    wait = actions.add_parser("wait", help="say whom outside of the team an issue waits on; `none` goes on")
    wait.add_argument("key")
    wait.add_argument("on", help="such as `the customer`")
    wait.set_defaults(run=run_wait)

    acknowledge = actions.add_parser("acknowledge", help="say that it was seen: the escalation goes no further")
    acknowledge.add_argument("key")
    acknowledge.set_defaults(run=run_acknowledge)
    for action in (create, assign, stage, parent, comment, wait, acknowledge):
        console.add_json(action)


def _register_links(actions: Any) -> None:
    for name, what, run in (
        ("link", "say how an issue bears on another", run_link),
        ("unlink", "take such a link away", run_unlink),
    ):
        action = actions.add_parser(name, help=what)
        action.add_argument("key")
        action.add_argument("kind", choices=get_args(LinkKind), help="`blocks`: the other waits for it")
        action.add_argument("other", help="the other's key")
        console.add_json(action)
        action.set_defaults(run=run)


def run_list(arguments: argparse.Namespace) -> int:
    console.begin()
    now = console.now()
    query = " ".join(arguments.query)
    at = past.moment(arguments.as_of, now=now) if arguments.as_of else None
    asked = {"actor": console.owner(), "query": query, "sort": arguments.sort, "limit": arguments.limit, "whole": True}
    try:
        page = hindsight.list_issues_as_of(**asked, as_of=at) if at else queries.list_issues(**asked, now=now)
    except SearchError as error:
        if not arguments.json:
            print(f"  {query}\n  {' ' * error.position}^", file=sys.stderr)
        raise
    if page.partial:
        print(f"errata: {page.partial}", file=sys.stderr)
    if at:
        return _list_then(arguments, page, at)
    header = ("key", "stage", "priority", "severity", "events", "users", "seen", "assignee", "title")
    rows = [row_of(row, now=now) for row in page.items]
    return console.show(
        arguments, {"items": [answer(row) for row in page.items], "next": page.next}, console.table(header, rows)
    )


def _list_then(arguments: argparse.Namespace, page: Page, at: datetime) -> int:
    header = ("key", "stage", "priority", "severity", "events", "seen", "assignee", "title")
    rows = [row_then(row, counted=row.id not in page.uncounted, at=at) for row in page.items]
    items = [answer_then(row, counted=row.id not in page.uncounted, at=at) for row in page.items]
    return console.show(arguments, {"items": items, "next": page.next}, console.table(header, rows))


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    if arguments.as_of:
        return _show_then(arguments, past.moment(arguments.as_of, now=console.now()))
    issue = queries.issue(actor=by, key=arguments.key)
    activity = queries.activity(actor=by, key=arguments.key)
    text = describe(issue, activity, queries.comments(actor=by, key=arguments.key), now=console.now())
    return console.show(arguments, detail(issue), text)


def _show_then(arguments: argparse.Namespace, at: datetime) -> int:
    by, key = console.owner(), arguments.key
    then = hindsight.issue_as_of(actor=by, key=key, as_of=at)
    activity = hindsight.activity_as_of(actor=by, key=key, as_of=at)
    text = describe_then(then, activity, hindsight.comments_as_of(actor=by, key=key, as_of=at), at=at)
    known = answer_then(then.row, counted=then.counted, at=at) | {"users": then.users, "description": then.description}
    return console.show(arguments, known, text)


def run_holders(arguments: argparse.Namespace) -> int:
    console.begin()
    found = queries.holders(actor=console.owner(), key=arguments.key)
    rows = [
        (
            one.name,
            one.post,
            f"{one.since:%Y-%m-%d %H:%M}",
            f"{one.until:%Y-%m-%d %H:%M}" if one.until else "now",
            one.by,
            one.reason,
        )
        for one in found
    ]
    return console.show(
        arguments,
        {"items": found, "next": None},
        console.table(("holder", "as", "from", "until", "given by", "because"), rows),
    )


def run_rank(arguments: argparse.Namespace) -> int:
    console.begin()
    found = standings.standing(actor=console.owner(), key=arguments.key, at=console.now())
    rows = [(part.text, f"{part.value:.2f}", part.words) for part in found.summands]
    head = f"{found.key} has {found.score:.2f}: place {found.above + 1} of {found.open} open issues of its project."
    text = "\n".join([head, "", console.table(("part", "value", "because"), rows), found.partial])
    return console.show(arguments, found, text)


def run_create(arguments: argparse.Namespace) -> int:
    console.begin()
    by = console.owner()
    told = {field: getattr(arguments, field) for field in _GIVEN}
    changed = operations.create_issue(
        project=arguments.project,
        title=arguments.title,
        **{field: value for field, value in told.items() if value is not None},
        fields=dict(given.pair(text, sides="NAME=VALUE") for text in arguments.field),
        by=by,
        at=console.now(),
    )
    return _changed(arguments, changed.key, "created")


def run_assign(arguments: argparse.Namespace) -> int:
    console.begin()
    to = None if arguments.email.casefold() in {"none", "nobody", ""} else arguments.email
    operations.assign_issue(key=arguments.key, to=to, by=console.owner(), at=console.now())
    return _changed(arguments, arguments.key, f"assigned to {to or 'nobody'}")


def run_stage(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.transition_issue(
        key=arguments.key,
        to=arguments.stage,
        comment=arguments.comment,
        reason=arguments.reason,
        assignee=arguments.assignee,
        # Who moves it here is a person, though commands act as the installation: what they say is their reason.
        override=arguments.override or arguments.comment,
        by=console.owner(),
        at=console.now(),
    )
    return _changed(arguments, arguments.key, "moved")


def run_parent(arguments: argparse.Namespace) -> int:
    console.begin()
    above = None if arguments.parent.casefold() in {"none", ""} else arguments.parent
    operations.set_parent(key=arguments.key, parent=above, by=console.owner(), at=console.now())
    return _changed(arguments, arguments.key, f"is a part of {above.upper()}" if above else "stands by itself")


def run_link(arguments: argparse.Namespace) -> int:
    console.begin()
    key, kind, other = arguments.key, arguments.kind, arguments.other
    operations.link_issues(key=key, kind=kind, other=other, by=console.owner(), at=console.now())
    return _changed(arguments, key, f"{WORDS[kind][0]} {other.upper()}")


def run_unlink(arguments: argparse.Namespace) -> int:
    console.begin()
    by, key, kind, other = console.owner(), arguments.key, arguments.kind, arguments.other.upper()
    found = [
        link
        for link in queries.issue(actor=by, key=key).links
        if link.outward and (link.kind, link.issue_key) == (kind, other)
    ]
    if not found:
        msg = f"There is no link: {key.upper()} {WORDS[kind][0]} {other}. See `errata issue show {key.upper()}`."
        raise LinkNotFound(msg, key=key)
    operations.unlink_issues(link_id=found[0].id, by=by, at=console.now())
    return _changed(arguments, key, f"no longer {WORDS[kind][0]} {other}")


def run_export(arguments: argparse.Namespace) -> int:
    console.begin()
    chosen = exporting.checked_format(arguments.format)
    if chosen == "xlsx" and not arguments.out:
        msg = "A workbook is no text for a terminal. Say where to with --out FILE."
        raise exporting.FormatUnknown(msg, format=chosen)
    found = exporting.export_issues(
        actor=console.owner(), query=" ".join(arguments.query), sort=arguments.sort, format=chosen, now=console.now()
    )
    with given.written(arguments.out) if arguments.out else nullcontext(sys.stdout.buffer) as file:
        if chosen == "xlsx":
            exporting.write_xlsx(found, file)
        else:
            file.writelines(exporting.lines(found, chosen))
    if arguments.out:
        print(f"{found.total} issues are in {arguments.out}.")
    return 0


def run_comment(arguments: argparse.Namespace) -> int:
    console.begin()
    body = sys.stdin.read() if arguments.text == "-" else arguments.text
    comment = operations.comment_on_issue(key=arguments.key, body=body, by=console.owner(), at=console.now())
    return console.show(arguments, comment, f"{arguments.key.upper()} has a new comment.")


def run_wait(arguments: argparse.Namespace) -> int:
    console.begin()
    on = "" if arguments.on.casefold() in {"none", "nobody", ""} else arguments.on
    operations.wait_on(key=arguments.key, on=on, by=console.owner(), at=console.now())
    return _changed(arguments, arguments.key, f"waits on {on}" if on else "goes on")


def run_acknowledge(arguments: argparse.Namespace) -> int:
    console.begin()
    clocks.acknowledge(key=arguments.key, by=console.owner(), at=console.now())
    return _changed(arguments, arguments.key, "acknowledged")


def _changed(arguments: argparse.Namespace, key: str, what: str) -> int:
    issue = queries.issue(actor=console.owner(), key=key)
    return console.show(arguments, detail(issue), f"{issue.key} {what}: {issue.row.stage}.")


def answer(row: IssueRow) -> dict[str, Any]:
    """An issue for scripts: the names of the REST API, with the assignee's e-mail address and the project's slug."""
    fields = msgspec.structs.asdict(row)
    for internal in ("id", "seq", "groups", "is_unhandled"):
        fields.pop(internal)
    return fields | {
        "fields": fields.pop("values"),
        "unhandled": row.is_unhandled,
        "assignee": row.assignee.email if row.assignee else None,
        "deputy": row.deputy.email if row.deputy else None,
        "project": row.project.slug,
        "labels": [label.name for label in row.labels],
    }


# What is only known of today.
_UNTOLD = (
    "users", "unhandled", "regressed_at", "last_release", "score", "clock_state", "clock_from", "due_at", "parts",
    "parts_done", "blockers", "version",
)  # fmt: skip


def answer_then(row: IssueRow, *, counted: bool, at: datetime) -> dict[str, Any]:
    """An issue of the past for scripts, without what is only known of today."""
    told = {name: value for name, value in answer(row).items() if name not in _UNTOLD}
    return told | ({} if counted else {"count": None, "last_seen": None}) | {"as_of": at}


def detail(issue: IssueDetail) -> dict[str, Any]:
    """One issue for scripts."""
    return answer(issue.row) | {
        "description": issue.description,
        "watchers": [person.email for person in issue.watchers],
        "links": [
            {"kind": link.kind, "words": link.words, "issue": link.issue_key, "stage": link.issue_stage}
            for link in issue.links
        ],
        "moves": list(dict.fromkeys(move.to for move in issue.moves if move.allowed)),
    }
