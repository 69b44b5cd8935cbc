"""Counters for Prometheus, in every process, without a library.

Each process keeps its own numbers in memory and writes them to a small file in `run/` once a second. Whichever
worker answers `/metrics` joins the files and labels each sample with its process: nothing is shared, so nothing is
locked, and a process that restarts is a counter reset, which Prometheus knows.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

Labels = tuple[tuple[str, str], ...]
Kind = Literal["counter", "gauge", "histogram"]


class Family(msgspec.Struct):
    """A metric with all its samples: (suffix, labels) → value."""

    name: str
    kind: Kind
    help: str
    samples: list[tuple[str, Labels, float]]


class Counter:
    """A number that grows, one for each combination of labels."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._help = name, text
        self._values: dict[Labels, float] = {}

    def add(self, amount: float = 1, **labels: str) -> None:
        """Grow by an amount."""
        key = tuple(labels.items())
        self._values[key] = self._values.get(key, 0) + amount

    def family(self) -> Family:
        return Family(
            self._name, "counter", self._help, [("", key, value) for key, value in list(self._values.items())]
        )


# Seconds. Intake answers in single milliseconds, pages in tens; the objective for both is 0.1 and below.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Histogram:
    """How durations spread over fixed buckets."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._help = name, text
        self._series: dict[Labels, list[float]] = {}

    def observe(self, seconds: float, **labels: str) -> None:
        """Count one duration. Buckets, then the sum."""
        row = self._series.setdefault(tuple(labels.items()), [0.0] * (len(_BUCKETS) + 2))
        row[bisect_left(_BUCKETS, seconds)] += 1
        row[-1] += seconds

    def family(self) -> Family:
        return Family(self._name, "histogram", self._help, list(self._samples()))

    def _samples(self) -> Iterator[tuple[str, Labels, float]]:
        for labels, row in list(self._series.items()):
            total = 0.0
            for bound, count in zip([*map(str, _BUCKETS), "+Inf"], row[:-1], strict=True):
                total += count
                yield "_bucket", (*labels, ("le", bound)), total
            yield "_sum", labels, row[-1]
            yield "_count", labels, total


def gauge(name: str, text: str, values: Mapping[Labels, float] | float) -> Family:
    """Make a family of numbers that go up and down, measured just now."""
    samples = values if isinstance(values, Mapping) else {(): values}
    return Family(name, "gauge", text, [("", labels, float(value)) for labels, value in samples.items()])


def count(name: str, text: str, values: Mapping[Labels, float] | float) -> Family:
    """Make a family of totals that something else has counted."""
    return msgspec.structs.replace(gauge(name, text, values), kind="counter")


def write(directory: Path, *, process: str, families: Iterable[Family]) -> None:
    """Leave this process's numbers where the others find them."""
    path = directory / f"{process}.metrics"
    fresh = path.with_suffix(".metrics-new")
    fresh.write_bytes(msgspec.msgpack.encode(list(families)))
    fresh.replace(path)


def read(directory: Path) -> dict[str, list[Family]]:
    """Return every process's numbers by its name."""
    return {path.stem: list(_decoded(path)) for path in sorted(directory.glob("*.metrics"))}


def _decoded(path: Path) -> Iterable[Family]:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=list[Family])
    except (FileNotFoundError, msgspec.DecodeError):
        return []


def render(by_process: Mapping[str, Iterable[Family]]) -> str:
    """Write the text format of Prometheus, with the process as a label of each sample."""
    heads: dict[str, Family] = {}
    lines: dict[str, list[str]] = {}
    for process, families in by_process.items():
        for family in families:
            heads.setdefault(family.name, family)
            lines.setdefault(family.name, []).extend(_lines(family, process))
    blocks = (
        "\n".join([f"# HELP {name} {head.help}", f"# TYPE {name} {head.kind}", *lines[name]])
        for name, head in sorted(heads.items())
    )
    return "\n".join(blocks) + "\n"


def _lines(family: Family, process: str) -> Iterator[str]:
    for suffix, labels, value in family.samples:
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in (*labels, ("process", process)))
        yield (
            f"{family.name}{suffix}{{{shown}}} {value:g}"
            if value % 1
            else f"{family.name}{suffix}{{{shown}}} {int(value)}"
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
