"""The table on the screen, and the numbers in BENCHMARKS.md."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench import machine

PAGE = Path(__file__).resolve().parent.parent / "BENCHMARKS.md"
BEGIN, END = "<!-- numbers: written by `make bench` -->\n", "<!-- end of numbers -->\n"
VERSIONS = ("Django", "granian", "msgspec", "chdb", "clickhouse-connect", "zstandard", "sentry-sdk")


class Row(msgspec.Struct, frozen=True):
    """One measured number."""

    what: str
    number: float
    unit: str
    limit: str
    note: str = ""

    def cells(self) -> list[str]:
        """The row as text."""
        return [self.what, f"**{self._spoken()}** {self.unit}", self.limit, self.note]

    def _spoken(self) -> str:
        return (
            f"{self.number:,.0f}"
            if abs(self.number) >= 100 or self.number == int(self.number)
            else f"{self.number:.1f}"
        )


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | limit | |", "|---|---:|---:|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row.cells())} |" for row in rows)]) + "\n"


def write(measured: Mapping[str, Sequence[Row]]) -> None:
    """Put the numbers of these measures in their place; those of others stay."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    old, _, after = rest.partition(END)
    today = f"Taken {datetime.now(UTC):%Y-%m-%d}."
    sections = {**_sections(old), **{name: f"{today}\n\n{table(rows)}" for name, rows in measured.items()}}
    body = "".join(f"### {name}\n{text}\n" for name, text in sections.items() if name != "machine")
    PAGE.write_text(f"{before}{BEGIN}\n{_machine()}\n{body}{END}{after}", encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    parts = text.split("### ")[1:]
    return {part.split("\n", 1)[0]: part.split("\n", 1)[1].strip("\n") + "\n" for part in parts}


def _machine() -> str:
    facts = {**machine.describe(), "interpreter": f"Python {platform.python_version()} ({platform.python_build()[1]})"}
    facts |= {name: importlib.metadata.version(name) for name in VERSIONS}
    spoken = " · ".join(f"{name} {value}" for name, value in facts.items())
    return f"The generator on the same machine: {spoken}.\n"
