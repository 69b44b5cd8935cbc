"""What the values of a search mean: wildcards, numbers, and times in relation to now."""

import re
from datetime import UTC, datetime, time, timedelta

import msgspec

from errata.core.search.ast import Operator

_SCALE = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
_UNIT = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}
_SPAN_MAX = timedelta(days=365 * 100)
_YEAR_MIN = 1970  # Nothing was seen before, and neither store holds it.
_DAY = timedelta(days=1)
_NUMBER = re.compile(r"([+-]?\d{1,15}(?:\.\d{1,6})?)([kmb]?)", re.IGNORECASE | re.ASCII)
_LENGTH = re.compile(r"([-+]?)(\d{1,9})([smhdwy])", re.IGNORECASE | re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?P<seconds>:\d\d(?P<fraction>\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_WILDCARD = re.compile(r"\\([*\\])|(\*)")


class Interval(msgspec.Struct, frozen=True):
    """From `since` on and before `until`; None is without end."""

    since: datetime | None = None
    until: datetime | None = None


def pattern(value: str) -> tuple[str, ...]:
    r"""The literal pieces between the wildcards: `a*b` → ("a", "b"), one piece when there is none. `\*` is a star."""
    pieces = [""]
    end = 0
    for match in _WILDCARD.finditer(value):
        pieces[-1] += value[end : match.start()] + (match[1] or "")
        if match[2]:
            pieces.append("")
        end = match.end()
    pieces[-1] += value[end:]
    return tuple(pieces)


def literal(text: str) -> str:
    """The value that means exactly this text: the opposite of pattern, for one piece."""
    return text.replace("\\", "\\\\").replace("*", "\\*")


def find_number(text: str) -> int | float | None:
    """A number with an optional k, m or b; None when it is something else."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    number = float(match[1]) * _SCALE[match[2].lower()]
    return int(number) if number.is_integer() else number


def number(text: str) -> int | float:
    """The number a parsed term holds."""
    found = find_number(text)
    assert found is not None, f"parse lets no {text!r} through as a number"
    return found


def find_interval(*, value: str, operator: Operator, now: datetime) -> Interval | None:
    """The stretch of time that a date term means; None when the value is no time.

    `-24h` is newer than a day, `+7d` older than a week. A day without a time is the whole day, where `now` is.
    """
    length = _LENGTH.fullmatch(value)
    if length is not None:
        return _relative(length, operator, now)
    whole = _stretch(value, now)
    return whole and _compared(whole, operator)


def find_age(*, value: str, operator: Operator, now: datetime) -> Interval | None:
    """The stretch of time in which something of that age began: `-24h` or `<24h` is younger, `+7d` or `>7d` older."""
    length = _LENGTH.fullmatch(value)
    if length is None or (operator == "=" and not length[1]) or (operator != "=" and length[1]):
        return None
    moment = _before(now, length[2], length[3])
    younger = length[1] == "-" or operator in ("<", "<=")
    return _one_sided(moment, newer=younger)


def find_ahead(*, value: str, operator: Operator, now: datetime) -> Interval | None:
    """The stretch of time that lies so far ahead: `<4h` or `4h` is sooner, `>2d` later. Dates mean what they mean."""
    length = _LENGTH.fullmatch(value)
    if length is None:
        return find_interval(value=value, operator=operator, now=now)
    if length[1]:
        return None
    span = timedelta(seconds=int(length[2]) * (_UNIT[length[3].lower()] / timedelta(seconds=1)))
    if span > _SPAN_MAX:
        return None
    return Interval(since=now + span) if operator in (">", ">=") else Interval(until=now + span)


FIND = {"date": find_interval, "age": find_age, "ahead": find_ahead}


def day_from(moment: datetime) -> str:
    """The first day that begins at the moment or later, as days are kept: their order is that of their texts."""
    day = moment.date() if moment.time() == time() else moment.date() + timedelta(days=1)
    return day.isoformat()


def interval(*, value: str, operator: Operator, now: datetime, kind: str = "date") -> Interval:
    """The stretch of time a parsed term of that kind means."""
    found = FIND[kind](value=value, operator=operator, now=now)
    assert found is not None, f"parse lets no {value!r} through as a time"
    return found


def _relative(length: re.Match[str], operator: Operator, now: datetime) -> Interval | None:
    sign, amount, unit = length.groups()
    if not sign:
        return None
    moment = _before(now, amount, unit)
    newer = operator in (">", ">=") or (operator == "=" and sign == "-")
    return _one_sided(moment, newer=newer)


def _one_sided(moment: datetime | None, *, newer: bool) -> Interval | None:
    if moment is None:
        return None
    return Interval(since=moment) if newer else Interval(until=moment)


def _before(now: datetime, amount: str, unit: str) -> datetime | None:
    span = int(amount) * (_UNIT[unit.lower()] / timedelta(seconds=1))
    return now - timedelta(seconds=span) if span <= _SPAN_MAX.total_seconds() else None


def _stretch(value: str, now: datetime) -> Interval | None:
    """The day, minute, second or instant that the value names."""
    today = datetime.combine(now.date(), time(), tzinfo=now.tzinfo or UTC)
    match value.casefold():
        case "today":
            return Interval(today, today + _DAY)
        case "yesterday":
            return Interval(today - _DAY, today)
        case "now":
            return Interval(now, now)
    match = _MOMENT.fullmatch(value)
    if match is None:
        return None
    try:
        start = datetime.fromisoformat(value)
        start = start if start.tzinfo else start.replace(tzinfo=now.tzinfo or UTC)
        if start.year < _YEAR_MIN:
            return None
        return Interval(start, start + _width(value, match))
    except (ValueError, OverflowError):
        return None


def _width(value: str, match: re.Match[str]) -> timedelta:
    if len(value) == len("2026-11-23"):
        return _DAY
    if match["fraction"]:
        return timedelta(microseconds=1)
    return timedelta(seconds=1) if match["seconds"] else timedelta(minutes=1)


def _compared(whole: Interval, operator: Operator) -> Interval:
    match operator:
        case "=":
            return whole
        case ">":
            return Interval(since=whole.until)
        case ">=":
            return Interval(since=whole.since)
        case "<":
            return Interval(until=whole.since)
        case "<=":
            return Interval(until=whole.until)
