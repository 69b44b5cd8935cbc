"""The archive: whole, or refused."""

import pytest
import zstandard

from errata.ops import archive


@pytest.fixture
def taken(tmp_path):
    """An archive of one file."""
    (tmp_path / "a").write_bytes(b"x" * 1000)
    file = tmp_path / "backup.tar.zst"
    with archive.writing(file) as writer:
        writer.add(tmp_path / "a", "folder/a")
        writer.finish(
            archive.Manifest(errata="1", created_at="now", records="sqlite", events="embedded", members=writer.members)
        )
    return file


def test_what_was_written_comes_out(taken, tmp_path):
    manifest = archive.unpack(taken, tmp_path / "out")
    assert [member.name for member in manifest.members] == ["folder/a"]
    assert (tmp_path / "out/folder/a").read_bytes() == b"x" * 1000


def test_a_changed_byte_is_noticed(taken, tmp_path):
    tar = zstandard.ZstdDecompressor().stream_reader(taken.read_bytes()).read()
    taken.write_bytes(zstandard.compress(tar.replace(b"x" * 1000, b"x" * 999 + b"y")))
    with pytest.raises(archive.ArchiveRefused, match="folder/a doesn't match its list"):
        archive.unpack(taken, tmp_path / "out")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_an_archive_cut_short_is_refused(taken, tmp_path, share):
    whole = taken.read_bytes()
    taken.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(archive.ArchiveRefused, match="Nothing was restored"):
        archive.unpack(taken, tmp_path / "out")


def test_a_member_that_leaves_the_directory_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    file = tmp_path / "evil.tar.zst"
    with archive.writing(file) as writer:
        writer.add(tmp_path / "a", "../outside")
    (tmp_path / "out").mkdir()
    with pytest.raises(archive.ArchiveRefused, match="which no backup writes"):
        archive.unpack(file, tmp_path / "out")
    assert not (tmp_path / "outside").exists()


def test_an_archive_that_failed_half_way_leaves_no_file(tmp_path):
    with pytest.raises(FileNotFoundError), archive.writing(tmp_path / "b") as writer:
        writer.add(tmp_path / "missing", "missing")
    assert not list(tmp_path.iterdir())
