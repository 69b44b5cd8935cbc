"""The journals on NATS JetStream: a stream for each intake worker.

    errata-journal-worker-1  the stream; its subject is errata.journal.worker-1
    errata.journal.worker-1.writer  who writes it answers here, for as long as its process lives

Messages are frames of records (frame.py). A position is the writer's, not the stream's sequence: it goes on growing
when a server comes back with less than it had, or when the stream was deleted.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from errata.adapters.nats import stream
from errata.adapters.nats.address import Address
from errata.adapters.nats.journal_reader import NatsJournalReader
from errata.adapters.nats.journal_writer import NatsJournalWriter
from errata.adapters.nats.link import Link
from errata.adapters.nats.stream import Stream

_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")


class NatsJournals:
    """All journals below a prefix. The connection is made when the first is asked for."""

    def __init__(self, address: Address, *, bytes_max: int, clock: Callable[[], datetime]) -> None:
        self._address = address
        self._bytes_max = bytes_max
        self._clock = clock
        self._readers: dict[str, NatsJournalReader] = {}

    @cached_property
    def link(self) -> Link:
        """The connection that all of them share."""
        return Link(self._address.servers)

    def writer(self, name: str) -> NatsJournalWriter:
        """Open the journal of this name for writing. Raise JournalInUse when another process has it."""
        if not _NAME.match(name):
            msg = f"A journal can't be called {name!r}: letters, digits, dashes and underscores are allowed."
            raise ValueError(msg)
        return NatsJournalWriter(
            self._stream(name), bytes_max=self._bytes_max, replicas=self._address.replicas, clock=self._clock
        )

    def readers(self) -> list[NatsJournalReader]:
        """The readers of all journals there are now. Raise JournalUnavailable."""
        found = stream.names(self.link, prefix=self._address.prefix)
        for name in found:
            if name not in self._readers:
                self._readers[name] = NatsJournalReader(self._stream(name))
        return [self._readers[name] for name in found]

    def close(self) -> None:
        """Disconnect. Writers are closed before."""
        if "link" in self.__dict__:
            self.link.close()

    def _stream(self, name: str) -> Stream:
        return Stream(self.link, prefix=self._address.prefix, journal=name)
