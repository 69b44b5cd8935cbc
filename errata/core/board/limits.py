"""How many issues a column should hold at most, as it stands in an address: `Assigned:5,Retest:3`."""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from errata.core.errors import Refusal
from errata.core.numeral import whole_number

# Beyond this a limit says nothing about work in progress any more.
LIMIT_MAX = 999
# More columns than any workflow has stages; what is longer was not written by a board.
_COLUMNS_MAX = 50


class LimitsRefused(Refusal):
    """Limits that can't be read."""

    code = "limits_refused"
    status = 422


def read_limits(text: str) -> dict[str, int]:
    """The limits by column. Raises LimitsRefused."""
    limits: dict[str, int] = {}
    parts = [part for part in text.split(",") if part.strip()]
    if len(parts) > _COLUMNS_MAX:
        raise LimitsRefused(f"Limits are for at most {_COLUMNS_MAX} columns.", field="limits")
    for part in parts:
        name, _, limit = part.rpartition(":")
        name, number = unquote(name).strip(), whole_number(limit.strip())
        if not (name and number and number <= LIMIT_MAX):
            msg = f"“{part}” is no limit. A limit is a column and a number to {LIMIT_MAX}, like Assigned:5."
            raise LimitsRefused(msg, field="limits")
        limits[name] = number
    return limits


def write_limits(limits: Mapping[str, int]) -> str:
    """The limits as they stand in an address; zero is none."""
    return ",".join(f"{quote(name, safe=' ')}:{number}" for name, number in limits.items() if number)
