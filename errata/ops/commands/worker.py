"""`errata worker`."""

import argparse
from typing import Any

from errata.ops import process
from errata.ops.settings import load
from errata.ops.worker import Worker


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("worker", help="answer requests (serve starts as many as there are cores)")
    parser.add_argument("--number", type=int, default=1, help="tells workers of one data directory apart")
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings, name = load(), f"worker-{arguments.number}"
    process.begin(settings, name=name, parent=arguments.parent)
    if settings.workers_pinned:
        process.pin(arguments.number)
    return Worker(settings, name=name).run()
