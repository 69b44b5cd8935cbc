"""A `worker` process: the HTTP front, intake and pages."""

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import uvloop
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from errata.adapters.mmap.quotas import SharedQuotas
from errata.apps.projects import snapshot
from errata.core.errors import Refusal
from errata.ingest import Intake
from errata.ops import datadir, families, feed, http, metrics, process, wiring
from errata.ops.front import Front
from errata.ops.keyring import KeyRing
from errata.ops.live import Live
from errata.ops.pages import Pages, Peers
from errata.ops.settings import Settings
from errata.ops.status import Status
from errata.ports import Ports
from errata.ports.keys import KeySnapshot

_METRICS_S = 1.0


class NotReady(Refusal):
    """A part has yet to begin."""

    code = "not_ready"
    status = 503


class Worker:
    """Everything one worker holds, built and ended in order."""

    def __init__(self, settings: Settings, *, name: str) -> None:
        self._settings, self._name = settings, name
        self._ports = wiring.install(settings)
        self._keys = KeyRing(load=_load_keys())
        self._journal = self._ports.journals.writer(name)
        self._peers = Peers(settings.trusted_proxies)
        self._pages = Pages(
            WSGIHandler(), threads=settings.web_threads, peers=self._peers, public_url=settings.public_url
        )
        self._live = Live(newest=feed.newest, run=self._pages.run)
        self._status = Status(_checks(settings, self._ports, self._keys), needed=frozenset({"records", "keys", "disk"}))
        self._intake = Intake(
            keys=self._keys, journal=self._journal, blobs=self._ports.blobs, dictionaries=wiring.dictionaries,
            quotas=SharedQuotas(settings.run / "quotas"), clock=process.now, address=self._peers.address,
        )  # fmt: skip
        self._front = Front(
            intake=self._intake, pages=self._pages, live=self._live, open_feed=feed.open_feed, status=self._status,
            scrape=self._scrape, prefix=settings.path_prefix,
        )  # fmt: skip
        self._stopped = threading.Event()
        self._counting = threading.Thread(target=self._count, name="metrics", daemon=True)

    def run(self) -> int:
        """Serve until SIGTERM; then finish what is under way and put the last record on disk."""
        self._keys.start()
        self._intake.start()
        self._status.start()
        self._counting.start()
        # What was loaded stays: the collector need not look through it again and again.
        gc.freeze()
        uvloop.run(self._serve())
        self._intake.stop()
        self._journal.close()
        self._pages.close()
        self._keys.stop()
        self._status.stop()
        self._stopped.set()
        return 0

    async def _serve(self) -> None:
        self._live.start(asyncio.get_running_loop())
        await http.listen(self._front, host=self._settings.host, port=self._settings.port, on_stop=self._stopping)

    def _stopping(self) -> None:
        process.end_after(self._settings.stop_grace_s)
        self._live.stop()

    def _count(self) -> None:
        while not self._stopped.wait(_METRICS_S):
            metrics.write(self._settings.run, process=self._name, families=self._families())

    def _families(self) -> list[metrics.Family]:
        return families.of_worker(
            latency=self._front.latency, followers=self._live.followers, accepted=self._intake.accepted,
            dropped=self._intake.dropped(),
        )  # fmt: skip

    def _scrape(self, scope: Any) -> str | None:
        token = self._settings.metrics_token
        if token and scope.headers.get("authorization") != f"Bearer {token}":
            return None
        if not token and self._peers.address(scope) not in ("127.0.0.1", "::1"):
            return None
        return metrics.render({**metrics.read(self._settings.run), self._name: self._families()})


def _load_keys() -> Callable[[], KeySnapshot]:
    """Return what reads the snapshot, and with it the dictionaries that intake will ask for."""
    known: KeySnapshot | None = None

    def load() -> KeySnapshot:
        nonlocal known
        known = snapshot.intake_snapshot(known)
        for number in {project.dictionary for project in known.projects.values()} - {0}:
            wiring.dictionaries.get(number)
        return known

    return load


def _checks(settings: Settings, ports: Ports, keys: KeyRing) -> dict[str, Callable[[], None]]:
    def records() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def known() -> None:
        if not keys.known:
            msg = "The project keys were not read yet."
            raise NotReady(msg)

    return {
        "records": records,
        "keys": known,
        "event_store": ports.events.ping,
        "disk": lambda: datadir.check_disk(settings),
    }
