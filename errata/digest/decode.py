"""From journal records to signals."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from errata.apps.digests.types import Poison
from errata.core.signal import Signal
from errata.digest.batch import Item
from errata.ports.journal import Entry

_decode = msgspec.msgpack.Decoder(Signal).decode


class Decoded(NamedTuple):
    items: list[Item]
    poison: list[Poison]


def decode(entries: Iterable[tuple[str, Entry]]) -> Decoded:
    """Decode each record; set aside what is not a signal."""
    items: list[Item] = []
    poison: list[Poison] = []
    for journal, entry in entries:
        try:
            items.append(Item(journal, entry, _decode(entry.record)))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            reason = f"Not a signal: {error}"
            poison.append(Poison(journal=journal, position=entry.position, record=entry.record, reason=reason))
    return Decoded(items, poison)
