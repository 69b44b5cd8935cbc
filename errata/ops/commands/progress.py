"""`errata progress`: how the work went, in a few lines."""

import argparse
from typing import Any

from errata.apps.progress import queries
from errata.apps.progress.types import Filter, Progress
from errata.core.progress import Percentiles
from errata.ops import console

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser("progress", help="tell how the work goes: what stands where, and how long it takes")
    parser.add_argument("--days", type=int, default=30)
    for name in ("project", "team", "type", "severity"):
        parser.add_argument(f"--{name}", default="")
    parser.set_defaults(run=run)
    console.add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    console.begin()
    which = Filter(
        days=arguments.days, project=arguments.project, team=arguments.team, type=arguments.type,
        severity=arguments.severity,
    )  # fmt: skip
    found = queries.progress(actor=console.owner(), now=console.now(), which=which)
    return console.show(arguments, found, _told(found, arguments.days))


def _told(found: Progress, days: int) -> str:
    stages = [(count.stage, str(count.count)) for count in found.funnel]
    times = [
        ("to take up", *_times(found.time_to_take_up)),
        ("to end", *_times(found.time_to_end)),
        *((f"in {stage.stage}", *_times(stage.time)) for stage in found.stages),
    ]
    promises = [
        (name, str(kept.met), str(kept.missed), str(kept.breached), "–" if kept.share is None else f"{kept.percent} %")
        for name, kept in (("response", found.response), ("resolution", found.resolution))
    ]
    return (
        f"The last {days} days: {found.opened} opened, {found.ended} ended, {found.returned} came back.\n\n"
        f"{console.table(('open in', 'issues'), stages)}\n\n"
        f"{console.table(('time', 'issues', 'half', '4 of 5', '9 of 10'), times)}\n\n"
        f"{console.table(('promise', 'kept', 'missed', 'late now', 'share kept'), promises)}"
    )


def _times(times: Percentiles) -> tuple[str, ...]:
    return (str(times.count), *(_spelt(seconds) for seconds in (times.p50, times.p80, times.p90)))


def _spelt(seconds: int | None) -> str:
    if seconds is None:
        return "–"
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size or size == 1)
    return f"{seconds / size:.1f}{unit}".replace(".0", "")
