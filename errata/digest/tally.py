"""Adding a batch up: what the records need to know of it. Pure."""

from collections.abc import Iterable

import msgspec

from errata.core.signal import EventFacts, Signal
from errata.digest.batch import Item


class Group(msgspec.Struct):
    """The events of one project and fingerprint in a batch."""

    project_id: int
    fingerprint: int
    first: Item  # by the client's clock, as are first_ms and last_ms
    last: Item
    items: list[Item]
    users: set[str]
    releases: set[str]
    unhandled: bool = False

    def add(self, item: Item, facts: EventFacts) -> None:
        """Count one more event."""
        self.items.append(item)
        if item.signal.timestamp_ms < self.first.signal.timestamp_ms:
            self.first = item
        if item.signal.timestamp_ms >= self.last.signal.timestamp_ms:
            self.last = item
        self.releases.add(facts.release)
        if facts.user:
            self.users.add(facts.user)
        if facts.handled == 0:
            self.unhandled = True


def groups(items: Iterable[Item]) -> list[Group]:
    """Add the events up per project and fingerprint, in the order in which each group was first met."""
    found: dict[tuple[int, int], Group] = {}
    for item in items:
        signal = item.signal
        facts = signal.facts
        if signal.kind != "event" or facts is None:
            continue
        key = (signal.project_id, facts.fingerprint)
        group = found.get(key)
        if group is None:
            group = found[key] = Group(
                project_id=signal.project_id,
                fingerprint=facts.fingerprint,
                first=item,
                last=item,
                items=[],
                users=set(),
                releases=set(),
            )
        group.add(item, facts)
    return list(found.values())


def signals_of(items: Iterable[Item]) -> list[Signal]:
    """The signals alone."""
    return [item.signal for item in items]
