"""What is given to a command: files, standard input, pairs and moments, each refused in a sentence."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO

from errata.core.errors import Refusal


class FileUnreadable(Refusal):
    """A file that was named can't be opened, or isn't what it should be."""

    code = "file_unreadable"
    status = 422


class FileUnwritable(Refusal):
    """A file that was named can't be written there."""

    code = "file_unwritable"
    status = 422


class PairUnclear(Refusal):
    """Two sides that were to be given with a = between them."""

    code = "pair_unclear"
    status = 422


def read_bytes(file: str | Path) -> bytes:
    """What a file holds, or standard input for `-`. Raises FileUnreadable."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else Path(file).read_bytes()
    except OSError as error:
        raise FileUnreadable(f"{file} can't be read: {error.strerror}.") from None


def read_text(file: str | Path) -> str:
    """The same as text. Raises FileUnreadable."""
    try:
        return read_bytes(file).decode()
    except UnicodeDecodeError:
        raise FileUnreadable(f"{file} can't be read: it is no text in UTF-8.") from None


@contextmanager
def written(file: str | Path) -> Iterator[BinaryIO]:
    """A file to write to. Raises FileUnwritable."""
    try:
        with Path(file).open("wb") as opened:
            yield opened
    except OSError as error:
        raise FileUnwritable(f"{file} can't be written: {error.strerror}.") from None


def pair(text: str, *, sides: str) -> tuple[str, str]:
    """The two sides of a text like `Revise=To Do`; `sides` names them: OLD=NEW. Raises PairUnclear."""
    left, sign, right = text.partition("=")
    if not sign:
        raise PairUnclear(f"“{text}” isn't {sides}.")
    return left.strip(), right.strip()


def moment(text: str, *, zone: tzinfo | None = None) -> datetime:
    """A type of argument: a day or a moment in ISO 8601, in that zone, or this machine's, where it names none."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo:
            return found
        return found.replace(tzinfo=zone) if zone else found.astimezone()
    except (ValueError, OverflowError):
        msg = f"“{text}” is no moment. Write it like 2026-12-24 or 2026-12-24T18:00+01:00"
        raise argparse.ArgumentTypeError(msg) from None
