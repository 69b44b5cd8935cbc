"""What the commands of this machine share: whom they speak for, and how they print."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor
from errata.core.errors import Refusal
from errata.ops import datadir, logs, wiring
from errata.ops.settings import Settings, load


class NotSetUp(Refusal):
    """There is no organisation yet."""

    code = "not_set_up"
    status = 409


def begin() -> Settings:
    """Open the data directory's records and ports for one command."""
    settings = load()
    datadir.require(settings)
    logs.configure(settings, process="command")
    wiring.install(settings)
    return settings


def owner() -> Actor:
    """Whom commands speak for: whoever can read the data directory can do what an owner can.

    The audit log names the account of this machine, not a person of the organisation.
    """
    actor = accounts.find_owner()
    if actor is None:
        msg = "Nothing is set up yet. Run `errata init`, or open the address of `errata serve` in a browser."
        raise NotSetUp(msg)
    name = f"{_account()} (command line)"
    return msgspec.structs.replace(actor, kind="system", user_id=None, email="", name=name, scopes=None)


def _account() -> str:
    """The account of this machine. In a container its number need not have a name."""
    try:
        return getpass.getuser()
    except KeyError:
        return f"uid {os.getuid()}"


def now() -> datetime:
    """The time of this command."""
    return datetime.now(UTC)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the `--json` that every command with an answer has."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def show(arguments: argparse.Namespace, answer: Any, text: str) -> int:
    """Print the answer: as JSON when asked, else as text."""
    sys.stdout.write(to_json(answer) if arguments.json else text.rstrip() + "\n")
    return 0


def to_json(answer: Any) -> str:
    """JSON for a script: indented, keys as named, times in ISO 8601."""
    return json.dumps(msgspec.to_builtins(answer, str_keys=True), indent=2, ensure_ascii=False) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns under a header, as wide as they need to be; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return "Nothing to list."
    widths = [max(len(row[column]) for row in [list(header), *cells]) for column in range(len(header))]
    right = [all(isinstance(row[column], int) for row in rows) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        aligned = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line([name.upper() for name in header]), *map(line, cells)])


def positive(word: str) -> int:
    """An argument that counts something: 1 or more."""
    number = int(word)
    if number < 1:
        msg = f"{word} is less than 1"
        raise argparse.ArgumentTypeError(msg)
    return number


def size(number: int) -> str:
    """How large, in one unit: `812 B`, `14.2 KiB`, `3.1 GiB`."""
    amount = float(number)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def ago(at: datetime, *, now: datetime) -> str:
    """How long ago, in one unit: `now`, `5m`, `3h`, `12d`."""
    seconds = int((now - at).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "now"
