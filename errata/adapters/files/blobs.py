"""Blobs as files named by their content: `ab/abcdef…`."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import Final

_KEY: Final = re.compile(r"[0-9a-f]{64}")
# A name that no key has: what a crash leaves behind is never taken for a blob.
_UNFINISHED: Final = ".unfinished-"


class FileBlobs:
    """Safe to share between threads and processes: a file appears whole, under a name only its content can have."""

    def __init__(self, path: Path) -> None:
        """Use a directory, creating it."""
        self._path = path
        path.mkdir(parents=True, exist_ok=True)

    def put(self, body: bytes) -> str:
        """Store durably and return the key (sha-256, hex). The same body again returns the same key."""
        key = sha256(body).hexdigest()
        file = self._file(key)
        if not file.exists():
            self._make(file.parent)
            _write_whole(file, body)
        return key

    def get(self, key: str) -> bytes | None:
        """Find a body."""
        with suppress(FileNotFoundError):
            return self._file(key).read_bytes()
        return None

    def keys(self) -> Iterator[str]:
        """Iterate over the keys, in order."""
        for folder in sorted(self._path.iterdir()):
            for file in sorted(folder.iterdir()):
                if _KEY.fullmatch(file.name):
                    yield file.name

    def delete(self, key: str) -> None:
        """Remove a body; a no-op when there is none."""
        self._file(key).unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            msg = f"{key!r} is no blob key: it takes 64 lowercase hex digits."
            raise ValueError(msg)
        return self._path / key[:2] / key

    def _make(self, folder: Path) -> None:
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            _sync_folder(self._path)


def _write_whole(file: Path, body: bytes) -> None:
    descriptor, name = mkstemp(dir=file.parent, prefix=_UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as unfinished:
            unfinished.write(body)
            unfinished.flush()
            os.fsync(unfinished.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
