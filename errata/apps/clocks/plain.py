"""Clocks as plain values for programs: the REST API and the command line say the same."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from errata.apps.clocks.types import Advised, Forecast, IssueClocks, Preview
from errata.core.sla import ALWAYS, Part, Reading


def plain_clocks(clocks: IssueClocks) -> dict[str, Any]:
    """The clocks of an issue. Times are ISO 8601 in UTC, lengths are seconds."""
    return {
        "key": clocks.key,
        "zone": clocks.zone,
        "clocks": [plain_reading(reading) for reading in clocks.readings],
        "escalations": [
            {
                "clock": step.kind,
                "percent": step.percent,
                "action": step.action,
                "told": list(step.told),
                "outcome": step.outcome,
                "due_at": _moment(step.due_at),
                "at": _moment(step.at),
            }
            for step in clocks.escalations
        ],
        "chains": [
            {"clock": chain.kind, "percent": chain.percent, "next": chain.next_to, "next_at": _moment(chain.next_at)}
            for chain in clocks.chains
        ],
    }


def plain_reading(reading: Reading) -> dict[str, Any]:
    """One clock; the lengths of its parts sum to the wall time, and those that are counted to what has elapsed."""
    return {
        "clock": reading.kind,
        "state": reading.state,
        "target_s": _seconds(reading.target),
        "elapsed_s": _seconds(reading.elapsed),
        "left_s": _seconds(reading.left),
        "share": round(reading.share, 6),
        "risk": reading.risk,
        "started_at": _moment(reading.started_at),
        "stopped_at": _moment(reading.stopped_at),
        "due_at": _moment(reading.due_at),
        "next_at": _moment(reading.next_at),
        "next_percent": reading.next_percent,
        "paused_by": reading.paused_by,
        "calendar": reading.calendar,
        "as_of": _moment(reading.as_of),
        "parts": [_part(part) for part in reading.parts],
    }


def plain_preview(preview: Preview) -> dict[str, Any]:
    """What a change would do."""
    return {
        "checked": preview.checked,
        "moved": preview.moved,
        "breaches": preview.breaches,
        "rescues": preview.rescues,
        "risks": preview.risks,
        "flips": [
            {
                "key": flip.key,
                "title": flip.title,
                "clock": flip.kind,
                "before": flip.before,
                "after": flip.after,
                "due_before": _moment(flip.due_before),
                "due_after": _moment(flip.due_after),
            }
            for flip in preview.flips
        ],
    }


def plain_advised(one: Advised) -> dict[str, Any]:
    """What could be promised of a kind of issue; times in minutes."""
    return {"priority": one.priority, "severity": one.severity, **msgspec.structs.asdict(one.advice)}


def plain_forecast(found: Forecast) -> dict[str, Any]:
    """How many clocks will probably run out, of how many."""
    told = msgspec.structs.asdict(found)
    return told | {"expected": None if found.expected is None else round(found.expected, 2)}


def words(length: timedelta) -> str:
    """A length of wall time as people say it: at most two units."""
    seconds = _rounded(length)
    return _signed(length, [(seconds // 86_400, "d"), *_clock(seconds % 86_400)])


def counted_words(length: timedelta, *, calendar: str) -> str:
    """A length of a clock's time, in days too where its calendar counts every hour."""
    return words(length) if calendar == ALWAYS.name else working_words(length)


def working_words(length: timedelta) -> str:
    """A length of working time: in hours, for its days are no days of 24."""
    return _signed(length, _clock(_rounded(length)))


def _rounded(length: timedelta) -> int:
    """Seconds below a minute, whole minutes above: nobody is promised seconds."""
    seconds = round(abs(length.total_seconds()))
    return seconds if seconds < 60 else (seconds + 30) // 60 * 60


def _clock(seconds: int) -> list[tuple[int, str]]:
    return [(seconds // 3_600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]


def _signed(length: timedelta, units: list[tuple[int, str]]) -> str:
    first = next((place for place, (amount, _) in enumerate(units) if amount), len(units) - 1)
    # Seconds matter to nobody where there are minutes.
    last = first + 2 if units[first][1] in ("d", "h") else first + 1
    told = " ".join(f"{amount} {unit}" for amount, unit in units[first:last] if amount) or "0 min"
    return f"\u2212{told}" if length < timedelta() and told != "0 min" else told


def _part(part: Part) -> dict[str, Any]:
    return {
        "since": _moment(part.since),
        "until": _moment(part.until),
        "seconds": _seconds(part.length),
        "kind": part.kind,
        "label": part.label,
    }


def _seconds(length: timedelta) -> int | float:
    seconds = length.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
