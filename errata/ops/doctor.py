"""What `errata doctor` looks at: each part by itself, with what to do when it isn't well."""

import os
import resource
import smtplib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import django
import msgspec
from django.db import Error, connection

from errata.adapters.clickhouse.event_store import ClickHouseEventStore
from errata.adapters.memory.event_store import MemoryDictionaries
from errata.adapters.nats import address as journal_address
from errata.adapters.nats.journal import NatsJournals
from errata.core.errors import Refusal
from errata.ops import datadir, process
from errata.ops.databases import waiting_migrations
from errata.ops.settings import Settings
from errata.ports.event_store import StoreUnavailable
from errata.ports.journal import JournalUnavailable

_BUNDLE = Path(__file__).parent.parent / "web" / "static" / "dist" / "manifest.json"
# Connections of clients, and files of the event store's parts.
_DESCRIPTORS_MIN = 4096
# The first with `sync_interval: always`.
_NATS_MIN = (2, 10, 0)

_EXPECTED = (Refusal, Error, StoreUnavailable, JournalUnavailable, OSError, HTTPException, smtplib.SMTPException)


class Finding(msgspec.Struct, frozen=True):
    """One part's state."""

    part: str
    well: bool
    text: str


class Unwell(Refusal):
    """A part is not as it should be."""

    code = "unwell"


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at every part, whatever the others say."""
    parts: dict[str, Callable[[Settings], str]] = {
        "python": _python,
        "bundle": _bundle,
        "data directory": _directory,
        "disk": _disk,
        "limits": _limits,
        "records": _records,
        "followers": _followers,
        "journals": _journals,
        "server": _server,
        "event store": _event_store,
        "mail": _mail,
    }
    for part, look in parts.items():
        try:
            yield Finding(part=part, well=True, text=look(settings))
        except _EXPECTED as error:
            yield Finding(part=part, well=False, text=str(error) or type(error).__name__)


def _python(_settings: Settings) -> str:
    return f"{sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}"


def _bundle(_settings: Settings) -> str:
    if not _BUNDLE.exists():
        raise Unwell("The browser bundle is missing, so pages have no styles. Run `make setup`.")
    return "built"


def _directory(settings: Settings) -> str:
    datadir.require(settings)
    mode = settings.data.stat().st_mode & 0o077
    if mode:
        raise Unwell(f"{settings.data} can be read by other users of this machine. Run `chmod 700 {settings.data}`.")
    return str(settings.data)


def _disk(settings: Settings) -> str:
    datadir.require(settings)
    datadir.check_disk(settings)
    return f"{datadir.free_bytes(settings.data) / 2**30:.1f} GiB free"


def _limits(_settings: Settings) -> str:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _DESCRIPTORS_MIN:
        raise Unwell(f"This user may open {hard} files; raise the limit (ulimit -Hn) to {_DESCRIPTORS_MIN} or more.")
    return f"{'any number of' if hard == resource.RLIM_INFINITY else hard} open files"


def _records(settings: Settings) -> str:
    datadir.require(settings)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "errata.ops.django_settings")
    django.setup()
    waiting = waiting_migrations()
    if waiting:
        raise Unwell(
            f"{waiting} migrations are not applied. `errata serve` applies them, and so does `errata migrate`."
        )
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            [verdict] = cursor.fetchone()
        if verdict != "ok":
            raise Unwell(f"The records are damaged: {verdict}. Restore the last backup with `errata restore`.")
    return f"{connection.vendor}, up to date"


def _followers(settings: Settings) -> str:
    datadir.require(settings)
    # Models are there once `_records` has set Django up, without which doctor must start.
    from errata.apps.issues import queries

    found = queries.count_set_aside()
    if found:
        counts = ", ".join(f"{follower} {number}" for follower, number in found.items())
        raise Unwell(
            f"Activities were set aside because a follower trips over them: {counts}. `errata follower list` says which"
            " and why; please report it. After an upgrade or a fix, `errata follower retry` tries them again."
        )
    return "nothing set aside"


def _journals(settings: Settings) -> str:
    if settings.journal_url:
        return _journal_server(settings)
    files = list((settings.data / "journals").glob("*"))
    damaged = [path.name for path in files if ".damaged" in path.name]
    if damaged:
        names = ", ".join(damaged)
        raise Unwell(f"Damaged and set aside, after all that could be read was digested: {names}. Keep or remove them.")
    return f"{sum(path.stat().st_size for path in files) / 2**20:.1f} MiB"


def _journal_server(settings: Settings) -> str:
    address = journal_address.parse(settings.journal_url)
    with closing(NatsJournals(address, bytes_max=settings.journal_bytes_max, clock=process.now)) as journals:
        used = sum(reader.bytes_used() for reader in journals.readers())
        version = journals.link.server_version
    if version < _NATS_MIN and address.replicas == 1:
        found = ".".join(map(str, version))
        raise Unwell(
            f"NATS {found} acknowledges before it syncs: it survives a kill, not a power cut. Run 2.10 or newer with"
            " sync_interval: always, or three servers with ?replicas=3."
        )
    return f"{used / 2**20:.1f} MiB at {len(address.servers)} servers, NATS {'.'.join(map(str, version))}"


def _server(settings: Settings) -> str:
    if not datadir.is_in_use(settings):
        return "not running"
    asked = HTTPConnection(urlsplit(settings.local_url).netloc, timeout=5)
    asked.request("GET", f"{settings.path_prefix}/readyz")
    answer = asked.getresponse()
    body = answer.read().decode()
    if answer.status != 200:
        raise Unwell(f"It answers, and isn't ready: {body}")
    return f"ready on {settings.local_url}"


def _event_store(settings: Settings) -> str:
    if not settings.events_url and not datadir.is_in_use(settings):
        return "embedded, opened by `errata serve`"
    url = datadir.events_url(settings)
    try:
        ClickHouseEventStore(url, MemoryDictionaries()).ping()
    except StoreUnavailable as error:
        raise Unwell(
            f"Nothing answers at {urlsplit(url).hostname}:{urlsplit(url).port}: what is accepted waits in the journals"
            f" meanwhile. {_where_to_look(settings)}"
        ) from error
    return "answers"


def _where_to_look(settings: Settings) -> str:
    if settings.events_url:
        return "Start ClickHouse, or correct ERRATA_EVENTS_URL."
    return "After a start it opens for some seconds: look again, then in the log of `errata serve`."


def _mail(settings: Settings) -> str:
    parts = urlsplit(settings.mail_url)
    if parts.scheme not in ("smtp", "smtps"):
        return "printed" if parts.scheme == "console" else "written to files; set ERRATA_MAIL_URL to send it"
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with kind(
        parts.hostname or "localhost", parts.port or (465 if parts.scheme == "smtps" else 25), timeout=5
    ) as server:
        server.noop()
    return f"{parts.hostname} answers"
