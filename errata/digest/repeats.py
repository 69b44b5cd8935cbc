"""Leaving out what a client has sent before."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from errata.core.signal import Signal
from errata.digest.batch import Item


class Sifted(NamedTuple):
    fresh: list[Item]
    repeats: list[Item]
    seen: list[int]  # the hashes of what is fresh


def sift(items: Sequence[Item], *, known: Callable[[Sequence[int]], set[int]]) -> Sifted:
    """Part what is fresh from what was seen before, in an earlier batch or earlier in this one."""
    keys = [repeat_key(item.signal) for item in items]
    seen = known([key for key in keys if key is not None])
    return _part(zip(items, keys, strict=True), seen)


def repeat_key(signal: Signal) -> int | None:
    """What a client's repeat has in common with the original; None where nothing says that it is one.

    A retry repeats the whole envelope. Events and transactions have ids of their own; several attachments, reports and
    profiles may belong to one event and differ by name or body. Check-ins and sessions send one id again on purpose.
    """
    if not signal.event_id:
        return None
    if signal.kind == "event":
        return _hash(f"{signal.project_id}:{signal.event_id}".encode())
    if signal.kind == "transaction":
        return _hash(f"{signal.project_id}:{signal.event_id}:transaction".encode())
    if signal.kind in ("attachment", "feedback", "profile"):
        what = f"{signal.project_id}:{signal.event_id}:{signal.kind}:{signal.blob}:{signal.name}:"
        return _hash(what.encode("utf-8", "surrogatepass") + signal.body)
    return None


def _part(keyed: Iterable[tuple[Item, int | None]], seen: set[int]) -> Sifted:
    sifted = Sifted([], [], [])
    for item, key in keyed:
        if key is None:
            sifted.fresh.append(item)
        elif key in seen:
            sifted.repeats.append(item)
        else:
            seen.add(key)
            sifted.fresh.append(item)
            sifted.seen.append(key)
    return sifted


def _hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
