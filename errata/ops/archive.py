"""One archive: a tar, compressed, whose last member lists every other with its size and SHA-256.

An archive that was cut short has no list, and one that was changed doesn't match it: neither is ever put to use.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
import zstandard

from errata.core.errors import Refusal

MANIFEST = "manifest.json"
_PIECE_BYTES = 2**20
_FORMAT = 1


class ArchiveRefused(Refusal):
    """The file is not an archive that can be trusted."""

    code = "archive_refused"
    status = 422


class Member(msgspec.Struct, frozen=True):
    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive says of itself."""

    errata: str  # the version that wrote it
    created_at: str
    records: str  # sqlite or postgresql
    events: str  # embedded, or elsewhere: then they are not in it
    members: list[Member]
    format: int = _FORMAT


class Writer:
    """Adds files and remembers what they were."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: list[Member] = []

    def add(self, path: Path, name: str) -> None:
        """Add a file that doesn't change while it is read."""
        with path.open("rb") as file:
            reader = _Hashing(file)
            head = tarfile.TarInfo(name)
            head.size, head.mode = path.stat().st_size, 0o600
            self._tar.addfile(head, reader)
        self.members.append(Member(name=name, size=head.size, sha256=reader.digest.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """Add the list, which makes the archive whole."""
        body = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        head = tarfile.TarInfo(MANIFEST)
        head.size, head.mode = len(body), 0o600
        self._tar.addfile(head, io.BytesIO(body))


class _Hashing:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write an archive: it has its name only once it is whole and on disk."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        with (
            open(fresh, "xb", opener=_private) as file,
            zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False) as packed,
        ):
            with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar)
        _sync(fresh)
        fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    """Open for this user only: an archive holds the secret key and every record."""
    return os.open(path, flags, 0o600)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def unpack(path: Path, into: Path) -> Manifest:
    """Unpack an archive into an empty directory and verify every member. Raises ArchiveRefused."""
    try:
        return _verified(path, dict(_unpacked(path, into)), into)
    except (zstandard.ZstdError, tarfile.TarError, EOFError) as error:
        msg = f"{path} is damaged or cut short: {error}. Nothing was restored."
        raise ArchiveRefused(msg) from None


def _unpacked(path: Path, into: Path) -> Iterator[tuple[str, Member]]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as packed:
        with tarfile.open(fileobj=packed, mode="r|") as tar:
            for head in tar:
                yield head.name, _extract(tar, head, into)


def _extract(tar: tarfile.TarFile, head: tarfile.TarInfo, into: Path) -> Member:
    place = (into / head.name).resolve()
    if not head.isfile() or not place.is_relative_to(into.resolve()):
        msg = f"The archive holds {head.name!r}, which no backup writes. Nothing was restored."
        raise ArchiveRefused(msg)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = tar.extractfile(head)
    assert source is not None
    reader = _Hashing(source)
    with place.open("xb") as target:
        while piece := reader.read(_PIECE_BYTES):
            target.write(piece)
    place.chmod(0o600)
    return Member(name=head.name, size=place.stat().st_size, sha256=reader.digest.hexdigest())


def _verified(path: Path, found: dict[str, Member], into: Path) -> Manifest:
    if found.pop(MANIFEST, None) is None:
        msg = (
            f"{path} has no list of what it holds: it was cut short, or isn't a backup of Errata. Nothing was restored."
        )
        raise ArchiveRefused(msg)
    manifest = msgspec.json.decode((into / MANIFEST).read_bytes(), type=Manifest)
    if manifest.format != _FORMAT:
        msg = (
            f"{path} was written by Errata {manifest.errata}, in a form this version can't read. Nothing was restored."
        )
        raise ArchiveRefused(msg)
    listed = {member.name: member for member in manifest.members}
    wrong = sorted({name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name)})
    if wrong:
        msg = f"{path} is damaged: {', '.join(wrong[:5])} doesn't match its list. Nothing was restored."
        raise ArchiveRefused(msg)
    return manifest
