"""Quotas counted by all workers together, in a small file that each of them maps.

A table of slots, each (subject, minute, count). A slot of another minute than the current is free, so nothing is ever
cleared. The kernel holds the lock on the file: a count is exact across processes, and the lock ends with its holder. It
costs 2 µs, to those who have a quota.
"""

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Sequence
from pathlib import Path

from errata.adapters.memory.quotas import MemoryQuotas
from errata.ports.quotas import MINUTE_MS, Granted, Quota

# Keys and projects with a quota that send within the same minute. With more, those beyond are counted by worker.
SLOTS = 8_192
_SLOT = struct.Struct("<QQQ")
_PROBES_MAX = 32
# Knuth's multiplicative hash: neighbouring ids land far apart.
_SPREAD = 2_654_435_761


class SharedQuotas:
    """Counts of the current minute, shared through a file."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._descriptor, SLOTS * _SLOT.size)
        self._table = mmap.mmap(self._descriptor, SLOTS * _SLOT.size)
        self._lock = threading.Lock()  # The file's lock is the process's, not the thread's.
        self._beyond = MemoryQuotas()

    def take(self, quotas: Sequence[Quota], *, wanted: int, at_ms: int) -> Granted:
        """Count as many as all quotas allow in the minute of `at_ms`, up to `wanted`."""
        with self._lock:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            try:
                granted = self._take(quotas, wanted, at_ms // MINUTE_MS)
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
        return granted or self._beyond.take(quotas, wanted=wanted, at_ms=at_ms)

    def close(self) -> None:
        """Let go of the file."""
        self._table.close()
        os.close(self._descriptor)

    def _take(self, quotas: Sequence[Quota], wanted: int, minute: int) -> Granted | None:
        found = {quota: self._find(_subject(quota), minute) for quota in quotas}
        left: dict[Quota, int] = {}
        for quota, slot in found.items():
            if slot is None:
                return None
            left[quota] = quota.per_minute - slot[1]
        quantity = max(0, min([wanted, *left.values()]))
        for quota, slot in found.items():
            assert slot is not None
            _SLOT.pack_into(self._table, slot[0], _subject(quota), minute, slot[1] + quantity)
        return Granted(quantity, min(left, key=left.__getitem__) if quantity < wanted else None)

    def _find(self, subject: int, minute: int) -> tuple[int, int] | None:
        """Where the subject's count is, or may be put, and the count. None when its part of the table is full."""
        free: int | None = None
        start = subject * _SPREAD
        for probe in range(_PROBES_MAX):
            at = (start + probe) % SLOTS * _SLOT.size
            its_subject, its_minute, count = _SLOT.unpack_from(self._table, at)
            if its_minute != minute:
                free = at if free is None else free
            elif its_subject == subject:
                return at, count
        return None if free is None else (free, 0)


def _subject(quota: Quota) -> int:
    return quota.id * 2 + (quota.scope == "project")
