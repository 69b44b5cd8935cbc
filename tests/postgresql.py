"""A PostgreSQL of the tests' own: made in a temporary directory, reached by a socket in it, stopped by process id."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

START_S_MAX = 60
_ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
_PROGRAMS = ("initdb", "postgres", "pg_isready")


def binaries() -> Path | None:
    """Where the newest installed PostgreSQL has its programs, or None."""
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    found = sorted(installed, key=lambda path: float(path.parent.name), reverse=True)
    found += [Path(path).resolve().parent for path in (shutil.which("initdb"),) if path]
    return next((path for path in found if all((path / program).exists() for program in _PROGRAMS)), None)


class ThrowAwayPostgresql:
    """Start it, use `url`, stop it: nothing of it remains."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._home = Path(tempfile.mkdtemp(prefix="errata-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, object] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam(_somebody())
            os.chown(self._home, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    @property
    def url(self) -> str:
        return f"postgresql://errata@/postgres?host={self._home}"

    def start(self) -> None:
        data = self._home / "data"
        self._run(
            "initdb", "--pgdata", str(data), "--username=errata", "--auth=trust", "--no-sync", "--encoding=UTF8",
            "--locale=C",
        )  # fmt: skip
        log = (self._home / "log").open("wb")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._home),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": "60",
            "shared_buffers": "64MB",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", str(data), *options],
            stdout=log,
            stderr=log,
            cwd=self._home,
            env=_ENVIRONMENT,
            **self._as,
        )
        log.close()  # the server has its own
        self._await_ready()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": ends sessions, then stops in order
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)
        shutil.rmtree(self._home, ignore_errors=True)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_S_MAX
        while subprocess.run(
            [self._programs / "pg_isready", "-q", "-h", self._home, "-U", "errata"], check=False
        ).returncode:
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL did not start: {(self._home / 'log').read_text()}")
            time.sleep(0.05)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            capture_output=True,
            check=False,
            cwd=self._home,
            env=_ENVIRONMENT,
            **self._as,
        )
        assert done.returncode == 0, done.stderr.decode()


def _somebody() -> str:
    """A user that owns nothing of worth here."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
