"""A real `errata serve` for tests: own data directory, free port, stopped by process id."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_S_MAX = 60.0
PASSWORD = "correct-horse-battery"  # of a throw-away installation


@dataclass
class Running:
    """One installation under test."""

    data: Path
    port: int
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ERRATA_")}
        return {**inherited, "ERRATA_DATA": str(self.data), "ERRATA_PORT": str(self.port), **self.env}

    def start(self) -> None:
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "errata", "serve"], cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        until(self.ready, within_s=START_S_MAX, why="errata serve is ready")

    def ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            message = f"errata serve ended with {self.process.returncode}: see {self.data}.log"
            raise AssertionError(message)
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Stop in order; whatever is left of the process group after that is killed."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)
        self.process = None

    def cli(self, *arguments: str) -> Any:
        """Run `errata …` against this installation and return its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "errata", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return json.loads(done.stdout) if "--json" in arguments else done.stdout.decode()

    def initialise(self, *, project: str = "Storefront", platform: str = "python") -> dict[str, Any]:
        """Set up without a browser and return what `errata init --json` printed."""
        result = self.cli(
            "init", "--email", "olga@shop.example", "--password", PASSWORD, "--organization", "Shop",
            "--project", project, "--platform", platform, "--json",
        )  # fmt: skip
        assert isinstance(result, dict)
        return result

    def get(self, path: str, *, token: str) -> Any:
        """Ask the REST API."""
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def until(condition: Any, *, within_s: float, why: str) -> Any:
    """Wait for a truthy answer. The limit is generous: it ends a hung test, it does not time a fast one."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.1)
    message = f"Waited {within_s} s until {why}."
    raise AssertionError(message)
