"""What was not accepted: counted in memory, and carried to the records through the journal like everything else.

Accepted items are counted by the digest, from their signals: exactly once, as they are stored. Items that were refused
leave no signal, so their counts travel in one of their own, a `client_report` named `intake` for each key every few
seconds. What a killed worker had counted and not yet sent is lost: some counts of what was never acknowledged.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

# The name of a client report that is our own. What clients send is named "client_report".
REPORT_NAME = "intake"

Outcome = Literal["rate_limited", "filtered", "invalid"]


class Dropped(NamedTuple):
    """One sort of item that was not accepted."""

    outcome: Outcome
    category: str  # "error", "transaction", "attachment" …
    reason: str


class _Entry(msgspec.Struct):
    category: str
    reason: str
    quantity: int
    outcome: str


class _Report(msgspec.Struct):
    discarded_events: list[_Entry]


_encode = msgspec.json.Encoder().encode

Key = tuple[int, int]  # project, key


class Counts:
    """Counts since they were last taken, and since the beginning. Safe to share between threads."""

    def __init__(self) -> None:
        self._counts: dict[Key, Counter[Dropped]] = {}
        self._total: Counter[Dropped] = Counter()
        self._lock = threading.Lock()

    def add(self, key: Key, dropped: Iterable[Dropped]) -> None:
        """Count items that were not accepted."""
        fresh = Counter(dropped)
        with self._lock:
            self._counts.setdefault(key, Counter()).update(fresh)
            self._total.update(fresh)

    def take(self) -> dict[Key, Counter[Dropped]]:
        """Return what was counted, and begin anew."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken

    def total(self) -> dict[Dropped, int]:
        """Return the counts of all keys since the beginning."""
        with self._lock:
            return dict(self._total)


def report(counted: Counter[Dropped]) -> bytes:
    """Counts in the form of a client report, with an outcome for each entry."""
    return _encode(
        _Report([_Entry(d.category, d.reason, quantity, d.outcome) for d, quantity in sorted(counted.items())])
    )
