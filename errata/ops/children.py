"""The processes of a supervisor: started, watched, restarted with patience, stopped in order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

# A process that lived this long has worked: its next failure is a new one, restarted at once.
_SETTLED_S = 30
_BACKOFF_S_MIN = 0.1
_BACKOFF_S_MAX = 5.0


class Child:
    """One process by its role: it dies and comes back, the role stays."""

    def __init__(self, name: str, arguments: list[str], *, run: Path, environ: dict[str, str]) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "errata", *arguments]
        self._pid_file = run / f"{name}.pid"
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._due_s = 0.0
        self._backoff_s = _BACKOFF_S_MIN

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process and write its pid file."""
        # In a group of its own, Ctrl-C reaches the supervisor alone, which then stops all in order.
        self._process = subprocess.Popen(self._command, env=self._environ, stdin=subprocess.DEVNULL, process_group=0)
        self._started_s = time.monotonic()
        self._pid_file.write_text(f"{self._process.pid}\n")

    def look(self, report: Callable[[str], None]) -> None:
        """Notice an end; start again when it is time."""
        if self._process is None:
            if time.monotonic() >= self._due_s:
                self.start()
            return
        code = self._process.poll()
        if code is None:
            return
        now = time.monotonic()
        lived_s = now - self._started_s
        if lived_s > _SETTLED_S:
            self._backoff_s = _BACKOFF_S_MIN
        report(f"{self.name} (pid {self._process.pid}) {_spoken(code)} after {lived_s:.1f} s; starting it again")
        self._process, self._due_s = None, now + self._backoff_s
        self._backoff_s = min(self._backoff_s * 2, _BACKOFF_S_MAX)

    def send(self, number: signal.Signals) -> None:
        """Signal the process, if there is one."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, *, until_s: float) -> bool:
        """Wait for the end, no longer than until a moment of the monotonic clock. Return whether it came."""
        try:
            if self._process:
                self._process.wait(max(0.0, until_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        self._process = None
        self._pid_file.unlink(missing_ok=True)
        return True


def stop(children: Iterable[Child], *, grace_s: float, report: Callable[[str], None]) -> None:
    """Ask all of them to end, wait, and end those that don't."""
    members = list(children)
    until_s = time.monotonic() + grace_s
    for child in members:
        child.send(signal.SIGTERM)
    for child in members:
        if not child.wait(until_s=until_s):
            report(f"{child.name} (pid {child.pid}) didn't stop in {grace_s:.0f} s; ending it")
            child.send(signal.SIGKILL)
            child.wait(until_s=time.monotonic() + grace_s)


def _spoken(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def end_with(parent: int) -> None:
    """End, in good order, when the process `parent` ends in any way. Called by a child, first thing."""
    libc = ctypes.CDLL(None)
    libc.prctl(1, signal.SIGTERM)  # 1 is PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit(1)  # It ended before we asked to be told.
