"""Clients that send small events over many connections, and remember which were acknowledged."""

import http.client
import json
import random
import threading
import time
import uuid
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from tests.running import until

ISSUES = 25


class Clients:
    """Send as fast as the answers come, from a few threads, until stopped. A refusal or a broken connection is noted,
    and the next event is sent anyway, as an SDK does."""

    def __init__(self, dsn: str, *, threads: int = 4) -> None:
        parts = urlsplit(dsn)
        assert parts.hostname
        assert parts.port
        self._address = (parts.hostname, parts.port)
        self._key = parts.username
        self._path = f"/api{parts.path}/envelope/"
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send_all, args=(seed,), daemon=True) for seed in range(threads)]
        self._acknowledged: list[list[str]] = [[] for _ in range(threads)]
        self.refused: dict[int, int] = {}
        self.broken = 0

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=40)
            assert not thread.is_alive(), "a client hangs"

    def wait_for(self, more: int) -> None:
        """Wait until so many more events are acknowledged."""
        wanted = len(self.acknowledged) + more
        until(
            lambda: len(self.acknowledged) >= wanted,
            within_s=60,
            why=f"{more} more events are accepted ({self.refused})",
        )

    @property
    def acknowledged(self) -> set[str]:
        return {event_id for ids in self._acknowledged for event_id in ids}

    def send(self, event_id: str, *, issue: int = 0, connection: http.client.HTTPConnection | None = None) -> int:
        """Send one event and return the status."""
        if connection is None:
            with closing(self.connect()) as own:
                return self.send(event_id, issue=issue, connection=own)
        body = envelope(event_id, issue)
        connection.request("POST", self._path, body=body, headers={"X-Sentry-Auth": f"Sentry sentry_key={self._key}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self._address, timeout=30)

    def _send_all(self, seed: int) -> None:
        chance = random.Random(seed)
        connection = self.connect()
        while not self._stop.is_set():
            event_id = uuid.uuid4().hex
            try:
                status = self.send(event_id, issue=chance.randrange(ISSUES), connection=connection)
            except (OSError, http.client.HTTPException):
                self.broken += 1
                connection.close()
                time.sleep(0.02)
                continue
            if status == 200:
                self._acknowledged[seed].append(event_id)
            else:
                self.refused[status] = self.refused.get(status, 0) + 1
                time.sleep(0.02)
        connection.close()


def envelope(event_id: str, issue: int) -> bytes:
    """A small error event; `issue` says which function failed, and so how it groups."""
    event: dict[str, Any] = {
        "event_id": event_id,
        "timestamp": time.time(),
        "platform": "python",
        "level": "error",
        "user": {"id": str(issue % 7)},
        "exception": {
            "values": [
                {
                    "type": "ValueError",
                    "value": "the basket is empty",
                    "stacktrace": {
                        "frames": [
                            {
                                "filename": "shop.py",
                                "module": "shop",
                                "function": f"step_{_word(issue)}",
                                "in_app": True,
                            }
                        ]
                    },
                }
            ]
        },
    }
    payload = json.dumps(event).encode()
    item = json.dumps({"type": "event", "length": len(payload)}).encode()
    return b"\n".join([json.dumps({"event_id": event_id}).encode(), item, payload, b""])


def _word(number: int) -> str:
    """Letters, because grouping takes digits for something that varies."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
