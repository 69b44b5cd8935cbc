"""Quotas counted in this process alone: for tests, and for one worker."""

import threading
from collections.abc import Sequence

from errata.ports.quotas import MINUTE_MS, Granted, Quota


class MemoryQuotas:
    """Counts of the current minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._taken: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def take(self, quotas: Sequence[Quota], *, wanted: int, at_ms: int) -> Granted:
        """Count as many as all quotas allow in the minute of `at_ms`, up to `wanted`."""
        with self._lock:
            if at_ms // MINUTE_MS != self._minute:
                self._minute, self._taken = at_ms // MINUTE_MS, {}
            left = {quota: quota.per_minute - self._taken.get(quota[:2], 0) for quota in quotas}
            quantity = max(0, min([wanted, *left.values()]))
            for quota in quotas:
                self._taken[quota[:2]] = self._taken.get(quota[:2], 0) + quantity
        return Granted(quantity, min(left, key=left.__getitem__) if quantity < wanted else None)
