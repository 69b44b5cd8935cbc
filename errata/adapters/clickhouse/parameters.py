"""Server-side parameters: values travel beside the SQL, never inside it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from errata.adapters.clickhouse.columns import unix_ms


class Parameters:
    """Collects the values of one statement; each `…` method returns the placeholder to write in their place."""

    def __init__(self, **values: object) -> None:
        self.values: Final[dict[str, object]] = dict(values)

    def text(self, value: str) -> str:
        """A String."""
        return self._add(value, "String")

    def number(self, value: int) -> str:
        """An Int64."""
        return self._add(value, "Int64")

    def decimal(self, value: float) -> str:
        """A Float64."""
        return self._add(value, "Float64")

    def numbers(self, values: Sequence[int]) -> str:
        """An array of Int64."""
        return self._add(list(values), "Array(Int64)")

    def texts(self, values: Sequence[str]) -> str:
        """An array of String."""
        return self._add(list(values), "Array(String)")

    def moment(self, value: datetime) -> str:
        """A DateTime64(3)."""
        return f"fromUnixTimestamp64Milli({self.number(unix_ms(value))}, 'UTC')"

    def event_id(self, value: str) -> str:
        """A FixedString(16) from 32 hex digits."""
        return f"toFixedString(unhex({self.text(value)}), 16)"

    def _add(self, value: object, type_: str) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{type_}}}"
