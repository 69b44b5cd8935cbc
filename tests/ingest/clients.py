"""An intake in memory, and what clients send to it."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import zstandard

from errata.adapters.memory.blobs import MemoryBlobs
from errata.adapters.memory.journal import MemoryJournals
from errata.adapters.memory.quotas import MemoryQuotas
from errata.core.event.scrub import ScrubRules
from errata.core.signal import Signal
from errata.ingest import Intake
from errata.ports.keys import IntakeKey, IntakeProject, KeySnapshot

KEY, DISABLED, OTHER, LIMITED, SHOP = ("a" * 32, "d" * 32, "b" * 32, "c" * 32, "e" * 32)
NOW = datetime(2026, 11, 23, 12, 0, 20, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
EVENT_ID = "fc6d8c0c43fc4630ad850ee518f1b9d0"
EVENT = {
    "event_id": EVENT_ID,
    "platform": "python",
    "exception": {"values": [{"type": "ValueError", "value": "empty basket"}]},
}
AUTH = {"x-sentry-auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0"}
QUERY = f"sentry_key={KEY}&sentry_version=7"

SNAPSHOT = KeySnapshot(
    version=1,
    keys={
        KEY: IntakeKey(key_id=11, project_id=1, public_key=KEY, active=True, quota_per_minute=0),
        DISABLED: IntakeKey(key_id=12, project_id=1, public_key=DISABLED, active=False, quota_per_minute=0),
        OTHER: IntakeKey(key_id=21, project_id=2, public_key=OTHER, active=True, quota_per_minute=0),
        LIMITED: IntakeKey(key_id=31, project_id=3, public_key=LIMITED, active=True, quota_per_minute=3),
        SHOP: IntakeKey(key_id=41, project_id=4, public_key=SHOP, active=True, quota_per_minute=0),
    },
    projects={
        1: IntakeProject(project_id=1, quota_per_minute=0, allowed_origins=(), scrub=ScrubRules(), dictionary=0),
        2: IntakeProject(project_id=2, quota_per_minute=0, allowed_origins=(), scrub=ScrubRules(), dictionary=0),
        3: IntakeProject(project_id=3, quota_per_minute=5, allowed_origins=(), scrub=ScrubRules(), dictionary=0),
        4: IntakeProject(
            project_id=4,
            quota_per_minute=0,
            allowed_origins=("https://shop.example", "*.shop.example", "localhost"),
            scrub=ScrubRules(ip_addresses=True),
            dictionary=7,
        ),
    },
)


class KnownKeys:
    """Keys that may be made while intake runs."""

    def __init__(self, snapshot: KeySnapshot = SNAPSHOT) -> None:
        self.snapshot = snapshot
        self.looks: list[KeySnapshot] = []  # what the next looks will find

    def current(self) -> KeySnapshot:
        return self.snapshot

    def refresh(self) -> KeySnapshot:
        if self.looks:
            self.snapshot = self.looks.pop(0)
        return self.snapshot


class KnownDictionaries:
    def get(self, number: int) -> bytes | None:
        return b"exception values type ValueError empty basket event_id platform python " * 8 if number == 7 else None


class Scope:
    """What RSGI says of a request."""

    proto = "http"
    scheme = "http"

    def __init__(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> None:
        self.method, self.path, self.query_string = method, path, query
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.client = "203.0.113.9:50000"


class Protocol:
    """RSGI's other half: gives the body in the given parts, and takes the answer."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self.status, self.headers, self.body = 0, dict[str, str](), b""

    async def __call__(self) -> bytes:
        return b"".join([part async for part in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            await asyncio.sleep(0)
            yield part

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        assert self.status == 0, "answered twice"
        self.status, self.headers, self.body = status, dict(headers), body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends to an intake whose journal is in memory, and reads what arrived."""

    def __init__(self, *, journal_bytes_max: int = 64 * 2**20, snapshot: KeySnapshot = SNAPSHOT) -> None:
        self.now = NOW
        self.keys = KnownKeys(snapshot)
        self.blobs = MemoryBlobs()
        self.journals = MemoryJournals(bytes_max=journal_bytes_max)
        self.journal = self.journals.writer("worker-1")
        self.quotas = MemoryQuotas()
        ids = iter(range(1, 10_000))
        self.intake = Intake(
            keys=self.keys,
            journal=self.journal,
            blobs=self.blobs,
            dictionaries=KnownDictionaries(),
            quotas=self.quotas,
            clock=lambda: self.now,
            address=lambda scope: scope.client.rpartition(":")[0],
            new_id=lambda: f"{next(ids):032x}",
            look_s=0.0,
        )

    def send(
        self,
        body: bytes | Iterable[bytes] = b"",
        *,
        path: str = "/api/1/envelope/",
        method: str = "POST",
        query: str = "",
        headers: Mapping[str, str] = AUTH,
        sized: bool = True,
    ) -> Protocol:
        parts = [body] if isinstance(body, bytes) else list(body)
        length = {"content-length": str(sum(map(len, parts)))} if sized else {}
        scope, protocol = Scope(method, path, query, {**length, **headers}), Protocol(parts)
        status = asyncio.run(self.intake.answer(scope, protocol, path=path))
        assert status == protocol.status
        return protocol

    def arrived(self) -> list[Signal]:
        """The signals in the journal."""
        (reader,) = self.journals.readers()
        entries = reader.read(after=0, limit=10_000, bytes_max=2**30)
        return [msgspec.msgpack.decode(entry.record, type=Signal) for entry in entries]

    def dropped(self) -> list[dict[str, Any]]:
        """What intake reports that it did not accept, after it has stopped."""
        self.intake.stop()
        reports = [signal for signal in self.arrived() if signal.kind == "client_report" and signal.name == "intake"]
        return [entry for report in reports for entry in json.loads(opened(report))["discarded_events"]]


def opened(signal: Signal) -> bytes:
    """The payload of a signal without a dictionary."""
    return zstandard.decompress(signal.body, max_output_size=signal.body_bytes) if signal.body else b""


def item(kind: str, payload: bytes | object, **header: object) -> bytes:
    """One item of an envelope, with its length."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return json.dumps({"type": kind, "length": len(body), **header}).encode() + b"\n" + body + b"\n"


def envelope(*items: bytes, **header: object) -> bytes:
    return json.dumps(header).encode() + b"\n" + b"".join(items)


def event_envelope(**changes: object) -> bytes:
    return envelope(item("event", {**EVENT, **changes}), event_id=EVENT_ID)


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
