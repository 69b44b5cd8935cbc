"""An embedded event store in a process of its own, as `errata serve` runs it, for tests to talk to and to kill."""

import signal
import subprocess
import sys
from pathlib import Path

PASSWORD = "open sesame"  # of a throw-away engine, with a space so that quoting is tested
STOP_S_MAX = 30

_PROGRAM = """
import signal, sys, threading
from errata.adapters.clickhouse.embedded import Engine

stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
engine = Engine(sys.argv[1], sys.argv[2])
print(engine.serve("127.0.0.1", 0), flush=True)
stopped.wait()
engine.stop()
"""


class EngineProcess:
    """Starts when made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(path), PASSWORD], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(self._end()[1])
        self.port = int(line)

    def url(self, database: str = "errata") -> str:
        return f"http://errata:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> int:
        """Ask it to stop, as the supervisor does; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        self._end()
        return self._process.returncode

    def kill(self) -> None:
        """Let it die at once."""
        self._process.kill()
        self._end()

    def _end(self) -> tuple[str, str]:
        try:
            out, err = self._process.communicate(timeout=STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            out, err = self._process.communicate()
        return out.decode(), err.decode()
