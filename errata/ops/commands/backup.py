"""`errata backup`."""

import argparse
from pathlib import Path
from typing import Any

from errata.ops import backup, console, process


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("backup", help="write everything into one archive, while Errata runs")
    parser.add_argument("file", type=Path, help="the archive to write, for instance errata-2026-11-23.tar.zst")
    console.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = console.begin()
    manifest = backup.backup(settings, arguments.file, now=process.now())
    facts = backup.summary(manifest)
    text = f"{arguments.file} holds {facts['files']} files, {console.size(arguments.file.stat().st_size)}."
    if manifest.events == "elsewhere":
        text += "\nThe events are not in it: the server of ERRATA_EVENTS_URL has backups of its own."
    return console.show(arguments, {"file": str(arguments.file), **facts}, text)
