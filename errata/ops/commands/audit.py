"""`errata audit verify | export | head`."""

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from errata.apps.audit import queries
from errata.apps.audit.types import Verification
from errata.ops import console, given


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("audit", help="verify and export the audit log")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    verify = actions.add_parser("verify", help="check the chain of hashes; exit code 1 when it is broken")
    verify.add_argument("--head", default="", help="a head kept from `errata audit head`: proves nothing was cut off")
    verify.add_argument("--file", type=Path, help="check an exported log instead; needs no data directory")
    console.add_json(verify)
    verify.set_defaults(run=run_verify)

    export = actions.add_parser("export", help="write the log as JSON lines, its head last")
    export.add_argument("file", nargs="?", type=Path, help="standard output when absent")
    export.set_defaults(run=run_export)

    head = actions.add_parser("head", help="print the signed head, to keep elsewhere")
    console.add_json(head)
    head.set_defaults(run=run_head)


def run_verify(arguments: argparse.Namespace) -> int:
    result = _verified_file(arguments.file) if arguments.file else _verified_log(arguments.head)
    answer = {"ok": result.ok, "entries": result.entries, "head": result.head, "faults": result.faults}
    if result.withheld:
        answer["withheld"] = result.withheld
    if result.ok:
        text = f"The audit log is whole: {result.entries} entries, head {result.head.hash[:16]}…"
        if result.withheld:
            text += f"\nOf {result.withheld} of them, other organisations’, only the hashes are there."
    else:
        told = "\n".join(f"  entry {fault.sequence}: {fault.message}" for fault in result.faults)
        text = f"The audit log is BROKEN in {len(result.faults)} place(s):\n{told}"
    console.show(arguments, msgspec.to_builtins(answer), text)
    return 0 if result.ok else 1


def run_export(arguments: argparse.Namespace) -> int:
    console.begin()
    if arguments.file is None:
        queries.export(sys.stdout.buffer)
        return 0
    with given.written(arguments.file) as file:
        count = queries.export(file)
    print(f"{count} entries are in {arguments.file}. `errata audit verify --file {arguments.file}` checks them.")
    return 0


def run_head(arguments: argparse.Namespace) -> int:
    console.begin()
    head = queries.signed_head()
    return console.show(arguments, {"head": head}, head)


def _verified_log(kept: str) -> Verification:
    console.begin()
    return queries.verify(kept=kept)


def _verified_file(path: Path) -> Verification:
    try:
        with path.open("rb") as file:
            return queries.verify_export(file)
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}."
        raise given.FileUnreadable(msg) from None
