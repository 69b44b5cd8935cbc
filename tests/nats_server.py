"""A NATS server of the tests' own: JetStream in a temporary directory, a free port, stopped by process id."""

import json
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from tempfile import mkdtemp

from tests.running import free_port, until

MISSING = "nats-server is not installed: as root on Debian, apt-get install nats-server"


def program() -> str | None:
    """Where the server's program is, or None."""
    return shutil.which("nats-server") or next(iter(map(str, Path("/usr/sbin").glob("nats-server"))), None)


class ThrowAwayNats:
    """Start it, use `url`, kill it and start it again, stop it: nothing of it remains."""

    def __init__(self, *, cluster: str = "") -> None:
        self._home = Path(mkdtemp(prefix="errata-nats-"))
        self._cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        config = self._home / "server.conf"
        store = json.dumps(str(self._home / "store"))
        config.write_text(
            f"server_name: n{self.port}\nlisten: 127.0.0.1:{self.port}\n"
            f"jetstream {{ store_dir: {store}, max_file_store: 8GB }}\n{self._cluster}\n"
        )
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen([str(program()), "-c", str(config)], stdout=log, stderr=log)
        until(self._answers, within_s=30, why="nats-server answers")

    def kill(self) -> None:
        """Let it die at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)
        shutil.rmtree(self._home, ignore_errors=True)

    def forget_everything(self) -> None:
        """Remove what it has stored, as a lost disk would. While it is down."""
        shutil.rmtree(self._home / "store")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._home / "log").read_text()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                return connection.recv(4) == b"INFO"
        except OSError:
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)
        self._process = None


def three() -> list[ThrowAwayNats]:
    """A cluster, not started yet."""
    ports = [free_port() for _ in range(3)]
    routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
    return [
        ThrowAwayNats(cluster=f"cluster {{ name: errata, listen: 127.0.0.1:{port}, routes: [{routes}] }}")
        for port in ports
    ]
