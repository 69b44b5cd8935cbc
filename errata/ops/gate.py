"""A gate between the digest and a backup: while a backup looks, no batch is under way.

Records and events then agree to the last count, and the journals hold exactly what is in neither. Intake and pages
go on.
The kernel opens the gate when its holder ends, however it ends.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from errata.digest.loop import DigestLoop
from errata.ports import Ports
from errata.ports.dictionaries import Dictionaries


class Gate:
    """Two locks. The first is held for an instant only by each batch, so that a backup that waits behind many short
    batches gets its turn; the second for as long as the batch takes.
    """

    def __init__(self, run: Path) -> None:
        self._turnstile, self._room = run / "gate-turnstile", run / "gate-room"

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Hold the gate open for one batch; wait while a backup has closed it."""
        with _held(self._turnstile, fcntl.LOCK_SH):
            room = _take(self._room, fcntl.LOCK_SH)
        try:
            yield
        finally:
            os.close(room)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Wait for the batch under way, then keep the next one out."""
        with _held(self._turnstile, fcntl.LOCK_EX), _held(self._room, fcntl.LOCK_EX):
            yield


@contextmanager
def _held(path: Path, kind: int) -> Iterator[None]:
    descriptor = _take(path, kind)
    try:
        yield
    finally:
        os.close(descriptor)


def _take(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, kind)
    return descriptor


class GatedDigest(DigestLoop):
    """The digest, behind the gate."""

    def __init__(self, *, gate: Gate, ports: Ports, dictionaries: Dictionaries, clock: Callable[[], datetime]) -> None:
        super().__init__(ports=ports, dictionaries=dictionaries, clock=clock)
        self._gate = gate

    def step(self) -> float:
        """Take a turn when the gate lets it. Return the seconds to wait before the next."""
        with self._gate.batch():
            return super().step()
