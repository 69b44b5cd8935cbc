"""The `store` process: the embedded event store, the digest, and the clock."""

import signal
import threading
import time
from urllib.parse import unquote, urlsplit

import structlog
from django.db import Error

from errata.adapters.clickhouse.embedded import Engine
from errata.apps.notices import operations as notices
from errata.digest.loop import DigestLoop
from errata.ops import datadir, duties, families, metrics, process, replies, wiring
from errata.ops.aside import AsideCounts
from errata.ops.gate import Gate, GatedDigest
from errata.ops.settings import Settings
from errata.ports.event_store import EventStore, StoreUnavailable

_PREPARE_RETRY_S = 1.0
_METRICS_S = 1.0

log = structlog.get_logger(__name__)


def run(settings: Settings) -> int:
    """Hold the event store open, digest and keep the clock until SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    engine = None if settings.events_url else _engine(settings)
    ports = wiring.install(settings)
    loop = GatedDigest(gate=Gate(settings.run), ports=ports, dictionaries=wiring.dictionaries, clock=process.now)
    aside = AsideCounts()
    clocks = duties.clocks(settings, ports=ports, aside=aside, now=process.now)
    digest = threading.Thread(target=_digest, args=(loop, ports.events, stop), name="digest")
    digest.start()
    _release_claims()
    for clock in clocks:
        clock.start()
    mail_in = replies.listener(settings, now=process.now)
    while not stop.wait(_METRICS_S):
        at_ms = int(process.now().timestamp() * 1000)
        told = families.of_store(loop.meters, at_ms=at_ms, aside=aside.counts)
        metrics.write(settings.run, process="store", families=told)
    process.end_after(settings.stop_grace_s)
    if mail_in:
        mail_in.stop()
    loop.stop()
    for clock in clocks:
        clock.stop()
    digest.join()
    if engine:
        engine.stop()
    return 0


def _release_claims() -> None:
    """What the store before this one was sending is sent again. Without the records it waits for its lease to end."""
    try:
        notices.release(at=process.now())
    except Error as error:
        log.warning("what was being sent waits for its lease to end", error=str(error))


def _engine(settings: Settings) -> Engine:
    began_s = time.monotonic()
    url = urlsplit(datadir.events_url(settings))
    engine = Engine(settings.data / "events", password=unquote(url.password or ""))
    engine.serve(host="127.0.0.1", port=url.port or 0)
    log.info("event store open", took_s=round(time.monotonic() - began_s, 2))
    return engine


def _digest(loop: DigestLoop, events: EventStore, stop: threading.Event) -> None:
    """Digest as soon as the tables are there. Until then what is accepted waits in the journal."""
    while not stop.is_set():
        try:
            events.prepare()
        except StoreUnavailable as error:
            log.warning("the event store doesn't answer; the digest waits", error=str(error))
            stop.wait(_PREPARE_RETRY_S)
        else:
            loop.run()
            return
