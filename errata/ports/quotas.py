"""How many events a minute a key or a project may send: counted as they are accepted."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

MINUTE_MS = 60_000


class Quota(NamedTuple):
    """One limit that applies to what is being accepted."""

    scope: Literal["key", "project"]
    id: int
    per_minute: int  # more than 0


class Granted(NamedTuple):
    quantity: int
    exhausted: Quota | None  # the quota that allowed no more, when fewer were granted than wanted


class Quotas(Protocol):
    def take(self, quotas: Sequence[Quota], *, wanted: int, at_ms: int) -> Granted:
        """Count as many as all quotas allow in the minute of `at_ms`, up to `wanted`."""
