"""Settings → adapters → Ports: the one place where technologies are chosen."""

from errata import ports
from errata.adapters.apprise.relays import AppriseRelays
from errata.adapters.clickhouse.event_store import ClickHouseEventStore
from errata.adapters.files.blobs import FileBlobs
from errata.adapters.http.guard import Guard
from errata.adapters.http.outgoing import GuardedHttp
from errata.adapters.nats import address as journal_address
from errata.adapters.nats.journal import NatsJournals
from errata.adapters.sqlite.journal import SqliteJournals
from errata.apps.projects import queries as projects
from errata.ops import datadir, process
from errata.ops.settings import Settings
from errata.ports import Ports
from errata.ports.journal import Journals


class Dictionaries:
    """The records' compression dictionaries, each read once. They are never changed."""

    def __init__(self) -> None:
        self._known: dict[int, bytes] = {}

    def get(self, number: int) -> bytes | None:
        """Return a dictionary's bytes."""
        body = self._known.get(number)
        if body is None:
            body = projects.dictionary(number)
            if body is not None:
                self._known[number] = body
        return body


def install(settings: Settings) -> Ports:
    """Build the ports of this process and install them."""
    guard = Guard(settings.outgoing_allow)
    made = Ports(
        journals=journals(settings),
        events=ClickHouseEventStore(datadir.events_url(settings), dictionaries),
        blobs=FileBlobs(settings.data / "blobs"),
        outgoing=GuardedHttp(guard),
        relays=AppriseRelays(guard),
    )
    ports.install(made)
    return made


dictionaries = Dictionaries()


def journals(settings: Settings) -> Journals:
    """Return what leads to the journals: the servers' when they are given, or else files."""
    if settings.journal_url:
        address = journal_address.parse(settings.journal_url)
        return NatsJournals(address, bytes_max=settings.journal_bytes_max, clock=process.now)
    return SqliteJournals(
        settings.data / "journals",
        bytes_max=settings.journal_bytes_max,
        free_bytes_min=settings.disk_free_bytes_min,
        clock=process.now,
    )
