"""`errata migrate`."""

import argparse
from typing import Any

from django.core.management import call_command

from errata.ops import datadir, logs
from errata.ops.settings import load


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("migrate", help="bring the records up to this version (serve does it by itself)")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    settings = load()
    datadir.prepare(settings)
    logs.configure(settings, process="migrate")
    call_command("migrate", interactive=False, verbosity=0)
    return 0
