"""`errata serve` with its real processes: started, killed, refused, stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from errata.adapters.sqlite.journal import SqliteJournals
from errata.ops import process
from errata.ops.reference import METRICS_PAGE
from tests.digest import signals
from tests.ops.test_commands import run
from tests.running import ROOT, Running, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serve")]
ENVIRONMENT = {"ERRATA_WORKERS": "2", "ERRATA_LOG_FORMAT": "json", "ERRATA_STOP_GRACE_S": "10"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = Running(tmp_path_factory.mktemp("serve") / "data", free_port(), ENVIRONMENT)
    made.start()
    yield made
    made.stop()


def pid(running, name):
    return int((running.data / "run" / f"{name}.pid").read_text())


WHOLE = {"status": "ready", "parts": {"records": "ok", "keys": "ok", "event_store": "ok", "disk": "ok"}}


def told(running):
    try:
        with urllib.request.urlopen(f"{running.url}/readyz", timeout=5) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def status(running, path="/healthz", **headers):
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{running.url}{path}", headers=headers), timeout=5
        ) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def serve(**environ):
    """Run a `serve` that is expected to refuse."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ERRATA_")}
    return subprocess.run(
        [sys.executable, "-m", "errata", "serve"], cwd=ROOT, env={**inherited, **environ}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


def alive(number):
    """Whether the process runs. One that has ended stays in the table until its new parent asks for its exit code."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_is_ready_when_every_part_is(running):
    with urllib.request.urlopen(f"{running.url}/healthz") as answer:
        assert answer.read() == b'{"status":"ok"}'
    until(lambda: told(running) == WHOLE, within_s=20, why="the worker that is asked has seen every part")


def test_what_it_keeps_is_for_this_user_only(running):
    for name in ("", "run", "run/store.url", "secret_key"):
        assert not (running.data / name).stat().st_mode & 0o077, name


@pytest.mark.parametrize("name", ["worker-1", "worker-2", "store"])
def test_a_killed_process_comes_back(running, name):
    before = pid(running, name)
    os.kill(before, signal.SIGKILL)
    until(lambda: pid(running, name) != before, within_s=20, why=f"{name} has another pid")
    until(running.ready, within_s=40, why="everything is ready again")


def test_requests_are_answered_while_the_store_is_away(running):
    before = pid(running, "store")
    os.kill(before, signal.SIGSTOP)
    try:
        assert status(running, "/healthz") == 200
        assert status(running, "/signin/") in (200, 302)
    finally:
        os.kill(before, signal.SIGCONT)
    until(running.ready, within_s=40, why="everything is ready again")


def test_metrics_tell_of_every_process(running):
    def numbers():
        with urllib.request.urlopen(f"{running.url}/metrics") as answer:
            text = answer.read().decode()
        return text if set(re.findall(r'process="([\w-]+)"', text)) >= {"worker-1", "worker-2", "store"} else ""

    text = until(numbers, within_s=20, why="all processes have written their numbers")
    exported = set(re.findall(r"# TYPE (\w+)", text))
    assert exported >= {"errata_http_seconds", "errata_journal_backlog", "errata_digest_lag_seconds"}
    documented = (ROOT / METRICS_PAGE).read_text()
    assert not [name for name in exported if f"`{name}`" not in documented]


def test_a_data_directory_in_use_is_refused(running):
    refused = serve(ERRATA_DATA=str(running.data), ERRATA_PORT=str(free_port()))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"errata: {running.data} is in use by pid {running.process.pid}.")


def test_a_port_in_use_is_refused(running, tmp_path):
    refused = serve(ERRATA_DATA=str(tmp_path / "other"), ERRATA_PORT=str(running.port))
    assert (refused.returncode, refused.stderr) == (
        1,
        f"errata: 127.0.0.1:{running.port} is taken by another program. Stop it, or set ERRATA_PORT to another port.\n",
    )


def test_a_disk_that_is_nearly_full_is_refused(tmp_path):
    refused = serve(ERRATA_DATA=str(tmp_path / "data"), ERRATA_DISK_FREE_BYTES_MIN=str(2**60))
    assert refused.returncode == 1
    assert "is nearly full" in refused.stderr


def test_a_mistyped_setting_is_refused(tmp_path):
    refused = serve(ERRATA_DATA=str(tmp_path / "data"), ERRATA_PROT="1")
    assert (refused.returncode, refused.stderr) == (
        1, "errata: There is no setting ERRATA_PROT. Is ERRATA_PORT meant?\n"
    )  # fmt: skip


def test_doctor_finds_it_well(running):
    # Another test may just have killed the store, which opens for some seconds; workers are ready without it.
    until(lambda: run(running, "doctor").code == 0, within_s=40, why="every part is there")
    assert run(running, "doctor", "--json").json["well"] is True


def test_doctor_says_what_to_do_when_no_event_store_answers(running):
    nobody = f"127.0.0.1:{free_port()}"
    ended = run(running, "doctor", "--json", ERRATA_EVENTS_URL=f"http://errata:secret@{nobody}/errata")

    [missing] = [part["text"] for part in ended.json["parts"] if part["part"] == "event store"]
    assert ended.code == 1
    assert missing == (
        f"Nothing answers at {nobody}: what is accepted waits in the journals meanwhile."
        " Start ClickHouse, or correct ERRATA_EVENTS_URL."
    )


def test_when_the_supervisor_is_killed_its_processes_end_and_the_next_start_works(tmp_path):
    running = Running(tmp_path / "data", free_port(), ENVIRONMENT)
    running.start()
    children = [pid(running, name) for name in ("worker-1", "worker-2", "store")]
    running.process.kill()
    running.process.wait()
    running.start()
    try:
        # Until they have ended they may answer on the port still, and the new supervisor waits for them.
        until(lambda: not any(map(alive, children)), within_s=40, why="the processes of the killed one have ended")
        until(running.ready, within_s=40, why="the new one is ready")
    finally:
        running.stop()


def test_a_stop_leaves_nothing_running_and_nothing_behind(tmp_path):
    running = Running(tmp_path / "data", free_port(), ENVIRONMENT)
    running.start()
    children = [pid(running, name) for name in ("worker-1", "worker-2", "store")]
    running.process.terminate()
    assert running.process.wait(timeout=40) == 0
    assert not [number for number in children if alive(number)]
    assert not list((running.data / "run").glob("*.pid"))


def test_metrics_ask_for_their_token(tmp_path):
    running = Running(tmp_path / "data", free_port(), {**ENVIRONMENT, "ERRATA_METRICS_TOKEN": "t" * 20})
    running.start()
    try:
        assert status(running, "/metrics") == 401
        assert status(running, "/metrics", Authorization=f"Bearer {'t' * 20}") == 200
    finally:
        running.stop()


class Prefixed(Running):
    """An Errata below a path."""

    @property
    def url(self):
        return f"{super().url}/errata"


def test_a_prefix_in_the_public_address_serves_everything_below_it(tmp_path):
    port = free_port()
    running = Prefixed(tmp_path / "data", port, {**ENVIRONMENT, "ERRATA_URL": f"http://127.0.0.1:{port}/errata"})
    running.start()
    try:
        assert status(running, "/healthz") == 200
        assert status(running, "/setup/") == 200
        assert status(Running(running.data, port), "/healthz") == 404
    finally:
        running.stop()


def counted(running, token):
    return sum(issue["count"] for issue in running.get("/api/v1/issues?limit=100", token=token)["items"])


def append(running, project, number):
    """Put events where intake puts them: a journal of its own is one of a worker that is no more."""
    journals = SqliteJournals(running.data / "journals", bytes_max=2**30, free_bytes_min=0, clock=process.now)
    writer = journals.writer(f"elsewhere-{os.urandom(4).hex()}")
    at_ms = int(process.now().timestamp() * 1000)
    writer.append([signals.record(signals.event(project=project, at_ms=at_ms)) for _ in range(number)])
    writer.close()


def test_a_backup_taken_while_running_is_restored_whole(tmp_path):
    # Arrange: thirty digested events, and a server that goes on.
    running = Running(tmp_path / "data", free_port(), ENVIRONMENT)
    running.start()
    archive = tmp_path / "backup.tar.zst"
    try:
        made = running.initialise()
        append(running, made["project"]["id"], 30)
        until(lambda: counted(running, made["token"]) == 30, within_s=30, why="30 events are counted")
        taken = running.cli("backup", str(archive), "--json")
        append(running, made["project"]["id"], 5)
        until(lambda: counted(running, made["token"]) == 35, within_s=30, why="the digest goes on after a backup")
    finally:
        running.stop()
    assert taken["events"] == "embedded"

    # Act: restore elsewhere and start.
    restored = Running(tmp_path / "restored", free_port(), ENVIRONMENT)
    restored.cli("restore", str(archive), "--json")
    restored.start()
    try:
        # Assert: what was counted then is counted now, its events open, and new ones are added to them.
        assert counted(restored, made["token"]) == 30
        [issue] = restored.get("/api/v1/issues", token=made["token"])["items"]
        page = restored.get(f"/api/v1/issues/{issue['key']}/events?limit=100", token=made["token"])
        assert len(page["items"]) == 30
        append(restored, made["project"]["id"], 2)
        until(lambda: counted(restored, made["token"]) == 32, within_s=30, why="new events are counted")
    finally:
        restored.stop()


def refused_restore(data, archive, *options):
    return subprocess.run(
        [sys.executable, "-m", "errata", "restore", str(archive), *options], cwd=ROOT,
        env={**os.environ, "ERRATA_DATA": str(data)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_restore_refuses_what_it_cannot_trust_and_touches_nothing(tmp_path):
    source = Running(tmp_path / "source", free_port())
    source.initialise()
    archive = tmp_path / "backup.tar.zst"
    source.cli("backup", str(archive))
    whole = archive.read_bytes()

    archive.write_bytes(whole[: len(whole) // 2])
    cut = refused_restore(tmp_path / "cut", archive)
    assert cut.returncode == 1
    assert "Nothing was restored." in cut.stderr
    assert not (tmp_path / "cut").exists()

    archive.write_bytes(whole)
    full = refused_restore(source.data, archive)
    assert full.returncode == 1
    assert "is not empty" in full.stderr

    forced = refused_restore(source.data, archive, "--force")
    assert forced.returncode == 0
    assert len(list(tmp_path.glob("source.before-*/errata.db"))) == 1
    assert (source.data / "errata.db").exists()
