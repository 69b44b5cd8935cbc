"""The data directory and the port: taken, kept, refused."""

import os
import socket
import stat
import subprocess
import sys

import msgspec
import pytest

from errata.ops import datadir, port
from errata.ops.settings import load


@pytest.fixture
def settings(tmp_path):
    made = load({"ERRATA_DATA": str(tmp_path / "data")})
    datadir.prepare(made)
    return made


def test_the_secret_key_is_made_once_for_this_user_only(settings):
    key = settings.data / "secret_key"
    before = key.read_text()
    datadir.prepare(settings)
    assert key.read_text() == before
    assert len(before) > 40
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data.stat().st_mode) == 0o700


def test_a_directory_in_use_is_refused_with_the_pid_of_its_holder(settings):
    code = (
        "import sys, time; from errata.ops import datadir; from errata.ops.settings import load;\n"
        "with datadir.locked(load()): print('held', flush=True); sys.stdin.read()"
    )
    environ = {**os.environ, "ERRATA_DATA": str(settings.data)}
    holder = subprocess.Popen([sys.executable, "-c", code], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(datadir.DataDirectoryInUse) as refused, datadir.locked(settings):
            pass
        assert f"{settings.data} is in use by pid {holder.pid}." in refused.value.message
    finally:
        holder.kill()
        holder.communicate()
    with datadir.locked(settings):
        """The kernel let go of it when its holder was killed."""


def test_a_start_waits_for_processes_that_a_killed_supervisor_left(settings):
    member = datadir.join_members(settings)
    with pytest.raises(datadir.DataDirectoryInUse, match="earlier start"):
        datadir.wait_for_orphans(settings, seconds=0.1)
    os.close(member)
    datadir.wait_for_orphans(settings, seconds=0.1)


def test_a_disk_that_is_nearly_full_is_refused_with_both_numbers(settings):
    wanting = msgspec.structs.replace(settings, disk_free_bytes_min=2**60)
    with pytest.raises(datadir.DataDirectoryRefused, match=r"nearly full: .* GiB are free, and 1073741824\.0 GiB must"):
        datadir.check_disk(wanting)


def test_a_command_that_reads_does_not_make_a_directory(tmp_path):
    with pytest.raises(datadir.DataDirectoryRefused, match="There is no Errata data in"):
        datadir.require(load({"ERRATA_DATA": str(tmp_path / "nowhere")}))
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(datadir.DataDirectoryRefused, match="can't be used"):
        datadir.prepare(load({"ERRATA_DATA": str(tmp_path / "data")}))


def test_a_port_that_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        with pytest.raises(port.PortRefused, match=f"127.0.0.1:{number} is taken by another program"):
            port.reserve("127.0.0.1", number)


def test_a_port_that_another_errata_shares_with_its_workers_is_refused():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(port.PortRefused, match="is taken"):
            port.reserve("127.0.0.1", other.getsockname()[1])


def test_port_zero_takes_a_free_one_and_keeps_it_for_the_workers():
    with port.reserve("127.0.0.1", 0) as kept, socket.socket() as worker:
        number = kept.getsockname()[1]
        worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        worker.bind(("127.0.0.1", number))
        worker.listen()
        socket.create_connection(("127.0.0.1", number)).close()


def test_a_host_that_is_none_of_this_machine_is_refused():
    with pytest.raises(port.PortRefused, match=r"can't be listened on|no address of this machine"):
        port.reserve("192.0.2.1", 0)
