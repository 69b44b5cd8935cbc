"""`errata store`."""

import argparse
from typing import Any

from errata.ops import process, store
from errata.ops.settings import load


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("store", help="hold the event store, digest and keep the clock (serve starts one)")
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = load()
    process.begin(settings, name="store", parent=arguments.parent)
    return store.run(settings)
