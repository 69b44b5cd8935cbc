"""Clocks in a terminal."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from errata.apps.clocks.plain import counted_words, words
from errata.apps.clocks.types import Forecast, IssueClocks, Preview
from errata.core.sla import Part, Reading
from errata.ops.console import table

_STATES = {
    "running": "runs",
    "at_risk": "at risk",
    "breached": "breached",
    "paused": "stands still",
    "met": "met",
    "missed": "missed",
}
_KINDS = {
    "counted": "counted",
    "outside": "outside hours",
    "holiday": "holiday",
    "closed": "closed",
    "paused": "paused",
    "waiting": "waiting",
    "stopped": "finished",
    "switch": "switch",
}


def describe(clocks: IssueClocks) -> str:
    """Every clock of an issue, with every minute accounted for."""
    if not clocks.readings:
        return f"{clocks.key} has no clocks: its policy promises nothing about it."
    zone = ZoneInfo(clocks.zone)
    blocks = [f"{clocks.key}, times in {clocks.zone}", *(_reading(reading, zone) for reading in clocks.readings)]
    if clocks.escalations:
        rows = [(_at(step.at, zone), step.kind, f"{step.percent} %", step.outcome) for step in clocks.escalations]
        blocks.append("Escalation\n" + table(("at", "clock", "share", "what was done"), rows))
    return "\n\n".join(blocks)


def compare(preview: Preview) -> str:
    """What a change would do."""
    head = (
        f"{preview.checked:,} clocks looked at: {preview.moved:,} get another due time, {preview.breaches:,} would be "
        f"breached, {preview.rescues:,} would be in time again, {preview.risks:,} would be at risk."
    )
    if not preview.flips:
        return head
    rows = [
        (
            flip.key,
            flip.kind,
            f"{_STATES.get(flip.before, 'none')} → {_STATES.get(flip.after, 'none')}",
            flip.title[:60],
        )
        for flip in preview.flips
    ]
    return f"{head}\n\n{table(('key', 'clock', 'state', 'title'), rows)}"


def _reading(reading: Reading, zone: ZoneInfo) -> str:
    due = f", due {_at(reading.due_at, zone)}" if reading.due_at and reading.is_live else ""
    told = partial(counted_words, calendar=reading.calendar)
    left = f"{told(reading.left)} left" if reading.left.total_seconds() > 0 else f"{told(-reading.left)} over"
    used = f"{told(reading.elapsed)} of {told(reading.target)} ({reading.share:.0%})"
    head = f"{reading.kind.capitalize()}: {_STATES[reading.state]}, {used}, {left}{due}"
    return f"{head}\n{_parts(reading.parts, zone)}"


def _parts(parts: Sequence[Part], zone: ZoneInfo) -> str:
    rows = [
        (
            _at(part.since, zone),
            _at(part.until, zone) if part.kind != "switch" else "",
            words(part.length) if part.kind != "switch" else "",
            _KINDS[part.kind],
            part.label,
        )
        for part in parts
    ]
    return table(("from", "to", "length", "what", "why"), rows)


def _at(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"


def foretell(forecast: Forecast) -> str:
    """How many clocks will probably run out; "" where nothing can be told."""
    if forecast.expected is None:
        return ""
    clocks = "clock" if forecast.covered == 1 else "clocks"
    beyond = f"; {forecast.beyond:,} more are due after them" if forecast.beyond else ""
    return (
        f"About {forecast.rounded:,} of the {forecast.covered:,} resolution {clocks} in time due first"
        f" will probably run out{beyond}."
    )
