"""What runs where, and since when with the fixes: from deploys, and where nobody tells of those, from events."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from errata.apps.releases.types import Run
from errata.core.release import is_older, parse
from errata.core.retest import Environment

Has = Callable[[str], bool | None]


class _Line(msgspec.Struct, frozen=True):
    """What one package's releases do in one environment."""

    running: str
    carries: bool | None
    since: datetime | None
    lost: str
    deployed: bool


def environments(
    runs: Sequence[Run], *, has: Has, occurred: Collection[str], packages: Collection[str]
) -> list[Environment]:
    """The environments of which it is known what runs there, and how the fixes stand in each.

    Several packages may run in one: those count whose events the issue has, or else all. Once deploys are told of an
    environment where it occurred, an environment of which none is told (a developer's own) is not waited for.
    """
    places: dict[str, dict[str, list[Run]]] = {}
    for run in runs:
        package = parse(run.version).package
        if not packages or package in packages:
            places.setdefault(run.environment, {}).setdefault(package, []).append(run)
    lines = {name: [_line(own, has) for own in of_packages.values()] for name, of_packages in places.items()}
    told = {name for name, own in lines.items() if any(line.deployed for line in own)}
    wanted = (set(occurred) & told) if told else set(occurred)
    return [_environment(name, own, occurred=name in wanted) for name, own in sorted(lines.items())]


def _environment(name: str, lines: Iterable[_Line], *, occurred: bool) -> Environment:
    best = max(lines, key=_weight)
    return Environment(
        name=name or "(no environment)",
        occurred=occurred,
        running=best.running,
        carries=best.carries,
        since=best.since,
        lost=best.lost,
    )


def _weight(line: _Line) -> tuple[int, bool]:
    """A fix is in one of the packages: the one that has it counts, then one that had it."""
    order = {True: 3, None: 1, False: 0}[line.carries]
    return (2 if line.lost and line.carries is False else order), line.deployed


def _line(runs: Sequence[Run], has: Has) -> _Line:
    deployed = any(run.deployed for run in runs)
    running, since, lost = "", None, ""
    for run in runs:
        # Where deploys are told, they alone say what runs; else a release does from its first event on, unless it is
        # older than what ran already: an old instance that spoke late.
        if deployed and not run.deployed:
            continue
        if not deployed and running and is_older(run.version, running):
            continue
        if has(run.version):
            since, lost = since or run.at, ""
        else:
            lost = running if since else lost
            since = None
        running = run.version
    return _Line(running=running, carries=has(running), since=since, lost=lost, deployed=deployed)
