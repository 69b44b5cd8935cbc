"""A running `errata serve` under measurement, and the load on it."""

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import msgspec

from bench import machine
from tests.running import Running, free_port

HERE = Path(__file__).resolve().parent
# Counting looks at the records a few times a second: often enough for a drain measured in seconds.
LOOK_S = 0.25


class Tools(msgspec.Struct, frozen=True):
    """What the measures need beside a server."""

    scratch: Path
    loadgen: Path
    corpus: Path


class Server:
    """One installation with one project, on a data directory of its own."""

    def __init__(self, tools: Tools, name: str) -> None:
        self.tools = tools
        self.running = Running(tools.scratch / name, free_port(), {"ERRATA_LOG_LEVEL": "warning"})
        self.project: dict[str, Any] = {}
        self.token = ""

    def __enter__(self) -> Self:
        try:
            self.start()
            made = self.running.initialise(project="Shop")
        except BaseException:
            self.running.stop()
            raise
        self.project, self.token = made["project"], made["token"]
        time.sleep(1.5)  # until every worker knows the key
        return self

    def __exit__(self, *_: object) -> None:
        self.running.stop()

    def start(self) -> float:
        """Start and wait until it is ready. Return the seconds it took."""
        began_s = time.monotonic()
        self.running.start()
        return time.monotonic() - began_s

    @property
    def pid(self) -> int:
        assert self.running.process
        return self.running.process.pid

    @property
    def data(self) -> Path:
        return self.running.data

    def load(self, *options: str) -> "subprocess.Popen[str]":
        """Start the load generator against this server."""
        key = self.project["dsn"].split("://")[1].split("@")[0]
        command = [str(self.tools.loadgen), "--url", self.running.url, "--project", str(self.project["id"])]
        command += ["--key", key, "--corpus", str(self.tools.corpus), *options]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def counted(self) -> int:
        """How many events the issues count: the number people see."""
        with closing(sqlite3.connect(f"file:{self.data}/errata.db?mode=ro", uri=True, timeout=10)) as records:
            return int(records.execute("SELECT coalesce(sum(count), 0) FROM issues_issue").fetchone()[0])

    def wait_counted(self, wanted: int, *, within_s: float) -> float:
        """Wait until that many events are counted. Return the seconds it took."""
        began_s = time.monotonic()
        while self.counted() < wanted:
            if time.monotonic() - began_s > within_s:
                raise AssertionError(f"{self.counted()} of {wanted} events were counted within {within_s} s")
            time.sleep(LOOK_S)
        return time.monotonic() - began_s

    def processes(self) -> dict[int, str]:
        """The command line of each process."""
        return {pid: machine.command_of(pid) for pid in machine.family(self.pid)}


def result_of(load: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for the load generator and return its report."""
    out, err = load.communicate()
    if not out.strip():
        raise AssertionError(f"The load generator failed: {err}")
    result: dict[str, Any] = json.loads(out.splitlines()[-1])
    result["stderr"] = err
    return result
