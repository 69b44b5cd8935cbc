"""Every way in which clients write a time → unix milliseconds."""

from datetime import UTC, datetime
from typing import Any

from errata.core import limits

# Seconds until the year 5138, and milliseconds since 1973: no client means the other.
_MILLISECONDS_FROM = 10**11
_SECONDS_MAX = 4_102_444_800  # 2100


def milliseconds(value: Any) -> int | None:
    """Unix milliseconds of an ISO 8601 text (nine decimals and missing zones included) or a number of seconds."""
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return None


def _from_text(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        pass
    try:
        return _from_number(float(text))
    except ValueError:
        return None


def _from_number(number: float) -> int | None:
    if not 0 < number < _SECONDS_MAX * 1000:  # First: Python's integers may be too large to divide.
        return None
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    return round(seconds * 1000) if seconds < _SECONDS_MAX else None


def corrected(timestamp_ms: int | None, *, received_ms: int, sent_at_ms: int | None) -> int:
    """A client's time on our clock: shifted by the client's drift, and never further back or ahead than is credible."""
    if timestamp_ms is None:
        return received_ms
    drift_ms = received_ms - sent_at_ms if sent_at_ms is not None else 0
    if abs(drift_ms) > limits.CLOCK_DRIFT_S_MIN * 1000:
        timestamp_ms += drift_ms
    age_ms = received_ms - timestamp_ms
    credible = -limits.EVENT_FUTURE_S_MAX * 1000 <= age_ms <= limits.EVENT_AGE_S_MAX * 1000
    return timestamp_ms if credible else received_ms
