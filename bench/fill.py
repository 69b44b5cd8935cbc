"""Fills an installation with a million events in ten thousand issues, past intake and digest: through the event store
and the records themselves, because only the reading is measured with them.

    python -m bench.fill PROJECT_ID EVENTS ISSUES        (while the server runs, with its ERRATA_DATA)
"""

import os
import random
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "errata.ops.django_settings")
django.setup()

import zstandard  # noqa: E402 - Django must be set up before its models are imported

from errata.apps.issues import operations as issues_of_people  # noqa: E402
from errata.apps.issues.types import GroupDelta  # noqa: E402
from errata.apps.records import write  # noqa: E402
from errata.core.signal import EventFacts, Signal  # noqa: E402
from errata.ops import wiring  # noqa: E402
from errata.ops.settings import load  # noqa: E402
from errata.ports.event_store import EventStore  # noqa: E402

# Bodies are as small as can be: a page reads one, and a million large ones would only measure the disk.
PAYLOAD = b'{"platform":"python","exception":{"values":[{"type":"ValueError","value":"synthetic"}]}}'
BODY = zstandard.compress(PAYLOAD)
BATCH = 10_000
GROUPS = 1_000
DAYS_MS = 14 * 86_400_000
chance = random.Random(11)


def fill(project_id: int, events: int, issues: int) -> None:
    """Issues that fail at very different rates, over two weeks."""
    now_ms = int(time.time() * 1000)
    weights = [1 / (1 + number) ** 0.7 for number in range(issues)]
    numbers = [*range(issues), *chance.choices(range(issues), weights, k=events - issues)]
    deltas = store_all(wiring.install(load()).events, project_id, numbers, now_ms)
    for start in range(0, len(deltas), GROUPS):
        with write():
            issues_of_people.apply_events(deltas[start : start + GROUPS], at=datetime.now(UTC))


def store_all(events: EventStore, project_id: int, numbers: Sequence[int], now_ms: int) -> list[GroupDelta]:
    """Store an event for each number, and add them up."""
    newest: dict[int, Signal] = {}
    counts: dict[int, int] = {}
    users: dict[int, set[str]] = {}
    for start in range(0, len(numbers), BATCH):
        batch = [signal_of(project_id, number, now_ms) for number in numbers[start : start + BATCH]]
        events.put(batch, token=f"fill:{start}")
        for number, signal in zip(numbers[start : start + BATCH], batch, strict=True):
            assert signal.facts
            counts[number] = counts.get(number, 0) + 1
            users.setdefault(number, set()).add(signal.facts.user)
            if number not in newest or signal.timestamp_ms > newest[number].timestamp_ms:
                newest[number] = signal
    return [delta_of(signal, counts[number], users[number], now_ms) for number, signal in newest.items()]


def signal_of(project_id: int, number: int, now_ms: int) -> Signal:
    at_ms = now_ms - int(chance.random() ** 2 * DAYS_MS)
    return Signal(
        kind="event",
        project_id=project_id,
        key_id=1,
        received_ms=at_ms,
        timestamp_ms=at_ms,
        event_id=uuid.uuid4().hex,
        body=BODY,
        dictionary=0,
        body_bytes=len(PAYLOAD),
        facts=facts_of(number),
    )


def facts_of(number: int) -> EventFacts:
    user = chance.randrange(20_000)
    return EventFacts(
        fingerprint=number * 0x9E3779B97F4A7C15 % 2**64 - 2**63,
        title=f"ValueError: synthetic failure {number}",
        culprit=f"shop.module_{number % 97}.function_{number}",
        level=chance.choice(["error", "error", "error", "warning", "fatal"]),
        platform="python",
        type="error",
        exception_type="ValueError",
        message=f"synthetic failure {number}",
        handled=number % 2,
        release=f"shop@2027.{chance.randrange(12)}",
        dist="",
        environment=chance.choice(["production", "production", "staging"]),
        transaction=f"/module/{number % 97}",
        logger="",
        server_name=f"web-{chance.randrange(8)}",
        location=f"module_{number % 97}.py",
        trace_id="",
        span_id="",
        user=f"id:{user}",
        user_id=str(user),
        user_email="",
        user_name="",
        user_ip="",
        sdk="sentry.python/2.75.0",
        tags=[("browser", chance.choice(["Firefox", "Chrome", "Safari"])), ("region", chance.choice(["eu", "us"]))],
    )


def delta_of(newest: Signal, count: int, users: set[str], now_ms: int) -> GroupDelta:
    assert newest.facts
    return GroupDelta(
        project_id=newest.project_id,
        fingerprint=newest.facts.fingerprint,
        count=count,
        first_ms=now_ms - DAYS_MS,
        last_ms=newest.timestamp_ms,
        users=users,
        sample=newest.facts,
        event_id=newest.event_id,
        explain=lambda: b"{}",
    )


if __name__ == "__main__":
    fill(*map(int, sys.argv[1:4]))
