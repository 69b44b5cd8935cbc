"""`errata retest show | link | unlink`."""

import argparse
from typing import Any

from errata.apps.retests import operations, queries
from errata.apps.retests.types import RetestView
from errata.ops import console

_SIGNS = {"pass": "✓", "fail": "✗", "wait": "…", "none": "–"}


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("retest", help="show what is proven of a fix, and link fixes")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    show = actions.add_parser("show", help="show what is proven of an issue's fix")
    show.add_argument("key")
    show.set_defaults(run=run_show)

    link = actions.add_parser("link", help="link a commit, a release or a check as an issue's fix")
    link.add_argument("key")
    what = link.add_mutually_exclusive_group(required=True)
    what.add_argument("--commit", default="", metavar="SHA")
    what.add_argument("--release", default="", metavar="VERSION")
    what.add_argument("--check", default="", metavar="NAME")
    link.add_argument("--repository", default="", help="of the commit: shop/payments")
    link.set_defaults(run=run_link)

    unlink = actions.add_parser("unlink", help="take a link away; `errata retest show` has their numbers")
    unlink.add_argument("key")
    unlink.add_argument("link", type=int)
    unlink.set_defaults(run=run_unlink)
    for action in (show, link, unlink):
        console.add_json(action)


def run_show(arguments: argparse.Namespace) -> int:
    console.begin()
    return _show(arguments)


def run_link(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.link_fix(
        key=arguments.key,
        commit=arguments.commit,
        release=arguments.release,
        check=arguments.check,
        repository=arguments.repository,
        by=console.owner(),
        at=console.now(),
    )
    return _show(arguments)


def run_unlink(arguments: argparse.Namespace) -> int:
    console.begin()
    operations.unlink_fix(key=arguments.key, link_id=arguments.link, by=console.owner(), at=console.now())
    return _show(arguments)


def _show(arguments: argparse.Namespace) -> int:
    view = queries.retest(actor=console.owner(), key=arguments.key)
    return console.show(arguments, view, _described(view))


def _described(view: RetestView) -> str:
    lines = [f"{view.key}  {view.stage}"]
    if view.verdict:
        lines += ["", view.verdict.words, ""]
        lines += [f"  {_SIGNS[proof.state]} {proof.name:<9} {proof.words}" for proof in view.verdict.proofs]
    else:
        lines += ["", "Nothing is judged yet: an issue is judged while it is in retest."]
    if view.fixes:
        lines += ["", "Linked"]
        lines += [f"  {fix.id:>4}  {fix.kind:<8} {fix.name}  {fix.title}" for fix in view.fixes]
    return "\n".join(lines)
