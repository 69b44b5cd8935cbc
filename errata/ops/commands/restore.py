"""`errata restore`."""

import argparse
from pathlib import Path
from typing import Any

from errata.ops import backup, console, logs, process
from errata.ops.settings import load


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("restore", help="verify an archive of `errata backup`, and put it in place")
    parser.add_argument("file", type=Path)
    parser.add_argument("--force", action="store_true", help="move aside what the data directory holds")
    console.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = load()
    logs.configure(settings, process="command")
    manifest = backup.restore(settings, arguments.file, force=arguments.force, now=process.now())
    text = f"{settings.data} holds the backup of {manifest.created_at}. Start it with `errata serve`."
    return console.show(arguments, {"data": str(settings.data), **backup.summary(manifest)}, text)
