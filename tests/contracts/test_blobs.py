"""What every blob store does."""

from hashlib import sha256
from pathlib import Path

import pytest

from errata.adapters.files.blobs import FileBlobs
from errata.adapters.memory.blobs import MemoryBlobs
from errata.ports.blobs import Blobs


@pytest.fixture(params=["memory", "files"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return MemoryBlobs() if request.param == "memory" else FileBlobs(tmp_path / "blobs")


@pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)) * 5000], ids=len)
def test_a_body_is_found_under_the_key_of_its_content(blobs: Blobs, body: bytes):
    key = blobs.put(body)

    assert key == sha256(body).hexdigest()
    assert blobs.get(key) == body


def test_a_body_stored_twice_is_kept_once(blobs: Blobs):
    assert blobs.put(b"same") == blobs.put(b"same")
    blobs.put(b"other")

    assert sorted(blobs.keys()) == sorted(sha256(body).hexdigest() for body in (b"same", b"other"))


def test_what_was_never_stored_is_not_found(blobs: Blobs):
    assert blobs.get("0" * 64) is None
    assert list(blobs.keys()) == []


def test_a_deleted_body_is_gone_and_deleting_again_is_nothing(blobs: Blobs):
    key = blobs.put(b"x")

    blobs.delete(key)
    blobs.delete(key)

    assert blobs.get(key) is None
    assert list(blobs.keys()) == []


def test_files_hold_through_a_restart(tmp_path: Path):
    key = FileBlobs(tmp_path).put(b"x")

    assert FileBlobs(tmp_path).get(key) == b"x"


def test_what_a_crash_left_unfinished_is_no_blob(tmp_path: Path):
    blobs = FileBlobs(tmp_path)
    key = blobs.put(b"x")
    (tmp_path / key[:2] / ".unfinished-abc").write_bytes(b"half")

    assert list(blobs.keys()) == [key]


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_a_key_is_never_taken_for_a_path(tmp_path: Path, key: str):
    with pytest.raises(ValueError, match="64 lowercase hex digits"):
        FileBlobs(tmp_path).get(key)
