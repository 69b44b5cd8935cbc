"""Durations as people write them: 30m, 4h, 2d, 1d 12h."""

import re

from errata.core.errors import Refusal

# Five years. Longer is no promise, and far inside what a column of minutes holds.
DURATION_MIN_MAX = 5 * 366 * 24 * 60
_PART = re.compile(r"\s*(\d{1,7}(?:\.\d{1,4})?)\s*([a-z]+)\s*", re.ASCII | re.IGNORECASE)
_UNITS = {
    "m": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1,
    "h": 60, "hour": 60, "hours": 60,
    "d": 1_440, "day": 1_440, "days": 1_440,
    "w": 10_080, "week": 10_080, "weeks": 10_080,
}  # fmt: skip
_HOW = "Write it like 30m, 4h, 2d or 1d 12h."


class DurationRefused(Refusal):
    """A text that is no duration."""

    code = "duration_refused"
    status = 422


def parse_duration(text: str) -> int | None:
    """The minutes that a text says; None for an empty one or a dash, which promise nothing. Raises DurationRefused."""
    rest = text.strip()
    if rest in ("", "-", "–", "none"):
        return None
    minutes, at = 0.0, 0
    while at < len(rest):
        part = _PART.match(rest, at)
        if part is None or part[2].lower() not in _UNITS:
            raise DurationRefused(f"“{rest}” is not a duration. {_HOW}", duration=rest)
        minutes += float(part[1]) * _UNITS[part[2].lower()]
        at = part.end()
    if minutes != int(minutes) or not 1 <= minutes <= DURATION_MIN_MAX:
        raise DurationRefused(f"“{rest}” is no whole number of minutes from 1m to 5 years. {_HOW}", duration=rest)
    return int(minutes)


def print_duration(minutes: int | None) -> str:
    """The same, back: the largest units first, and a dash for no promise."""
    if minutes is None:
        return "–"
    days, rest = divmod(minutes, 1_440)
    hours, left = divmod(rest, 60)
    parts = [f"{amount}{unit}" for amount, unit in ((days, "d"), (hours, "h"), (left, "m")) if amount]
    return " ".join(parts) or "0m"
