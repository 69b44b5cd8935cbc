"""What Errata needs of the world, as Protocols; and `Ports`, the one struct that holds them.

`ops.wiring` builds Ports once and installs them. Tests say `with ports.installed(memory_ports()):`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from errata.ports.blobs import Blobs
from errata.ports.event_store import EventStore
from errata.ports.journal import Journals
from errata.ports.outgoing import NoOutgoing, NoRelays, Outgoing, Relays


class Ports(msgspec.Struct, frozen=True):
    journals: Journals
    events: EventStore
    blobs: Blobs
    outgoing: Outgoing = NoOutgoing()
    relays: Relays = NoRelays()


_installed: Ports | None = None


def install(ports: Ports) -> None:
    """Make these the ports of the process."""
    global _installed
    _installed = ports


def current() -> Ports:
    """The installed ports. A process without them is miswired."""
    if _installed is None:
        msg = "No ports are installed: call errata.ports.install() first."
        raise RuntimeError(msg)
    return _installed


@contextmanager
def installed(ports: Ports) -> Iterator[Ports]:
    """Install for the length of a block, then restore what was there."""
    global _installed
    before, _installed = _installed, ports
    try:
        yield ports
    finally:
        _installed = before
