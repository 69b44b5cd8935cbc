"""`errata serve`."""

import argparse
from typing import Any

from errata.ops.serve import serve
from errata.ops.settings import load


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("serve", help="run Errata: workers, store and clock, from one data directory")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    return serve(load())
