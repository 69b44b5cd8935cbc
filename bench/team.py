"""What a team's process costs with a hundred thousand issues: pages, clocks, escalation, designation."""

import json
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from bench import machine
from bench.pages import ask, sign_in
from bench.report import Row
from bench.server import HERE, Server, Tools

ISSUES, RUNNING, WATCHED, FAILURES = 100_000, 10_000, 20, 20
PAGES = {
    "issue list": "/issues/",
    "board": "/board/",
    "board, a lane a person": "/board/?lanes=assignee",
    "SLA page": "/sla/",
    "dashboard": "/progress/",
}
_SETTLED_S_MAX = 3_600
_BEHIND = """
    SELECT (SELECT max(id) FROM issues_activity) > (SELECT min(activity_id) FROM issues_followerplace)
        OR EXISTS (SELECT 1 FROM clocks_basis WHERE ended_at IS NULL)
        OR NOT EXISTS (SELECT 1 FROM clocks_basis)
"""
_WEEK = dict.fromkeys(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"), "09:00-17:00")
# A minute to answer, and word to the owner when half of it is gone.
_POLICY = {
    "targets": [{"response": "1m", "update": "1d", "resolution": "2d"}],
    "escalation": [{"percent": 50, "action": "notify", "to": ["olga@shop.example"], "kinds": ["response"]}],
}


def process(tools: Tools) -> Iterator[Row]:
    """Pages with a hundred thousand issues; then all their clocks anew, because the calendar has changed."""
    with Server(tools, "process") as server:
        _fill(server, ISSUES)
        yield from _used(server)


def _used(server: Server) -> Iterator[Row]:
    cookie = sign_in(server)
    for name, path in PAGES.items():
        times = ask(server, path, {"Cookie": cookie})
        yield Row(f"{name}, p95", _p95(times), "ms", "≤ 100", f"p50 {times[len(times) // 2]:.0f} ms")
    took_s, meanwhile = _recount(server, cookie)
    yield Row("all clocks anew after a change of calendar", took_s, "s", "≤ 60")
    yield Row("issue list meanwhile, p95", _p95(meanwhile), "ms", "≤ 100")


def promptness(tools: Tools) -> Iterator[Row]:
    """With ten thousand clocks running: from when a step is due until it is taken, from an error to who has it."""
    with Server(tools, "promptness") as server:
        _fill(server, RUNNING)
        _call(server, "PUT", "/templates/projects/shop", {"maximum_time": _POLICY})
        _call(server, "PUT", "/projects/shop/ownership", {"rules": "* person-1@shop.example"})
        _wait_settled(server)
        yield Row("a step of an escalation is late by at most", max(_late(server)), "s", "≤ 5", f"of {WATCHED}")
        yield Row("from an error to who has it, at most", max(_designations(server)), "s", "≤ 2", f"of {FAILURES}")


def _fill(server: Server, issues: int) -> None:
    command = [sys.executable, "-m", "bench.fill_team", str(server.project["id"]), str(issues)]
    server.running.stop()
    subprocess.run(command, check=True, cwd=HERE.parent, env=server.running.environment)
    server.start()
    _wait_settled(server)
    machine.wait_quiet()


def _wait_settled(server: Server) -> None:
    """Until all that follows what happens to issues has come to its end."""
    began_s = time.monotonic()
    while _one(server, _BEHIND):
        if time.monotonic() - began_s > _SETTLED_S_MAX:
            raise AssertionError("What follows the issues came to no end.")
        time.sleep(1)


def _recount(server: Server, cookie: str) -> tuple[float, list[float]]:
    """How long it took, and the answers meanwhile."""
    began_s, times = time.monotonic(), []
    _call(server, "POST", "/calendars", {"name": "Office", "zone": "Europe/Berlin", "week": _WEEK, "default": True})
    before = _one(server, "SELECT max(began_at) FROM clocks_basis")
    while _one(server, "SELECT max(began_at) FROM clocks_basis") == before:
        time.sleep(0.05)
    while _one(server, "SELECT count(*) FROM clocks_basis WHERE ended_at IS NULL"):
        times += ask(server, "/issues/", {"Cookie": cookie}, times_asked=5)
        time.sleep(0.5)  # as people do, not as a load
    return time.monotonic() - began_s, sorted(times)


def _late(server: Server) -> list[float]:
    """By how many seconds steps were late that became due one after another."""
    for number in range(WATCHED):
        _call(server, "POST", "/issues", {"project": "shop", "title": f"Watched {number}"})
        time.sleep(0.7)
    taken = """
        SELECT (julianday(at) - julianday(due_at)) * 86400 FROM clocks_escalation
        WHERE percent = 50 AND issue_id IN (SELECT id FROM issues_issue WHERE title LIKE 'Watched %')
    """
    began_s = time.monotonic()
    while len(found := _all(server, taken)) < WATCHED:
        if time.monotonic() - began_s > 120:
            raise AssertionError(f"{len(found)} of {WATCHED} steps were taken.")
        time.sleep(0.5)
    return [late for (late,) in found]


def _designations(server: Server) -> list[float]:
    """From the answer to an error of a new kind until its issue has somebody."""
    return [_designation(server, number) for number in range(FAILURES)]


def _designation(server: Server, number: int) -> float:
    kind = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04}")
    body = {"platform": "python", "exception": {"values": [{"type": f"Failure_{kind}", "value": "once"}]}}
    key = server.project["dsn"].split("://")[1].split("@")[0]
    _post(f"{server.running.url}/api/{server.project['id']}/store/?sentry_key={key}", body, {})
    began_s = time.monotonic()
    while not _one(server, f"SELECT count(*) FROM issues_issue WHERE title LIKE 'Failure_{kind}%' AND assignee_id > 0"):
        if time.monotonic() - began_s > 60:
            raise AssertionError(f"Nobody has Failure_{kind}.")
        time.sleep(0.01)
    return time.monotonic() - began_s


def _call(server: Server, method: str, path: str, body: dict[str, Any]) -> None:
    _post(f"{server.running.url}/api/v1{path}", body, {"Authorization": f"Bearer {server.token}"}, method=method)


def _post(url: str, body: dict[str, Any], headers: dict[str, str], *, method: str = "POST") -> None:
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def _one(server: Server, query: str) -> Any:
    return _all(server, query)[0][0]


def _all(server: Server, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{server.data}/errata.db?mode=ro", uri=True, timeout=10)) as records:
        return records.execute(query).fetchall()


def _p95(times: Sequence[float]) -> float:
    return times[int(len(times) * 0.95)]
