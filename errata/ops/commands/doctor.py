"""`errata doctor`."""

import argparse
import json
from typing import Any

import msgspec

from errata.ops import logs
from errata.ops.doctor import examine
from errata.ops.settings import load


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("doctor", help="look at every part of this installation and say what to do")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = load()
    logs.configure(settings, process="command")
    findings = list(examine(settings))
    well = all(finding.well for finding in findings)
    if arguments.json:
        print(json.dumps({"well": well, "parts": msgspec.to_builtins(findings)}, indent=2))
    else:
        for finding in findings:
            mark = "ok  " if finding.well else "FAIL"
            print(f"  {mark}  {finding.part:<15} {finding.text}")
    return 0 if well else 1
