"""A real `errata serve` for each crash test, and what it must have kept."""

import os
import signal
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from bench import machine
from tests.running import Running, free_port, until

PROJECT = "Storefront"
SETTLE_S_MAX = 90.0


class Installation:
    """A running Errata with one project, and the questions a crash test asks."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.running = Running(directory / "data", free_port(), {"ERRATA_LOG_LEVEL": "info", **settings})
        self.dsn = ""
        self.token = ""

    def start(self) -> None:
        self.running.start()
        if not self.dsn:
            made = self.running.initialise(project=PROJECT)
            self.dsn, self.token = made["project"]["dsn"], made["token"]

    def stop(self) -> None:
        self.running.stop()

    @property
    def is_running(self) -> bool:
        return self.running.process is not None and self.running.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.running.process
        return self.running.process.pid

    def processes(self, word: str) -> list[int]:
        """The processes below the supervisor whose command has the word in it."""
        return [pid for pid in machine.family(self.pid)[:] if pid != self.pid and f" {word}" in machine.command_of(pid)]

    def kill(self, *pids: int) -> None:
        """Kill at one moment, as a machine that fails does."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue

    def kill_everything(self) -> None:
        self.kill(*machine.family(self.pid))
        assert self.running.process
        self.running.process.wait()
        self.running.process = None

    def issues(self) -> list[dict[str, Any]]:
        """All issues, through the REST API."""
        found: list[dict[str, Any]] = []
        path = "/api/v1/issues?limit=200"
        while path:
            page = self._get(path)
            found += page["items"]
            path = f"/api/v1/issues?limit=200&cursor={page['next']}" if page["next"] else ""
        return found

    def _get(self, path: str) -> Any:
        """Ask again while a part is starting: that is what 503, and a worker that was killed, mean."""

        def answer() -> Any:
            try:
                return self.running.get(path, token=self.token)
            except HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
            except OSError:
                pass
            return None

        return until(answer, within_s=SETTLE_S_MAX, why=f"{path} is answered")

    def ask(self, path: str) -> Any:
        """The answer to anything else, through the REST API."""
        return self._get(path)

    def counted(self) -> int:
        return sum(issue["count"] for issue in self.issues())

    def stored(self) -> set[str]:
        """The ids of all events, through the REST API."""
        return {event_id for issue in self.issues() for event_id in self._events_of(issue["key"])}

    def _events_of(self, key: str) -> Iterator[str]:
        path = f"/api/v1/issues/{key}/events?limit=200"
        while path:
            page = self._get(path)
            yield from (event["id"] for event in page["items"])
            path = f"/api/v1/issues/{key}/events?limit=200&cursor={page['next']}" if page["next"] else ""

    def settle(self, acknowledged: set[str]) -> set[str]:
        """Wait until all that was acknowledged is stored and nothing moves any more. Return what is stored."""
        until(lambda: acknowledged <= self.stored(), within_s=SETTLE_S_MAX, why="all that was acknowledged is stored")
        last = -1

        def at_rest() -> bool:
            nonlocal last
            before, last = last, self.counted()
            return before == last

        until(at_rest, within_s=SETTLE_S_MAX, why="the counts no longer move")
        return self.stored()

    def assert_exact(self, acknowledged: set[str]) -> None:
        """Acknowledged events are stored; what is stored is counted, once each."""
        stored = self.settle(acknowledged)
        assert self.counted() == len(stored)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all tests of a file: setting up takes longer than most of them."""
    made = Installation(tmp_path_factory.mktemp("crash"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def installation(shared: Installation) -> Installation:
    if not shared.is_running:
        shared.start()
    return shared
