"""Blobs in memory, for tests."""

from collections.abc import Iterator
from hashlib import sha256


class MemoryBlobs:
    """Forgets everything when it goes."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}

    def put(self, body: bytes) -> str:
        """Store and return the key (sha-256, hex). The same body again returns the same key."""
        key = sha256(body).hexdigest()
        self._bodies[key] = bytes(body)
        return key

    def get(self, key: str) -> bytes | None:
        """Find a body."""
        return self._bodies.get(key)

    def keys(self) -> Iterator[str]:
        """Iterate over the keys, in order."""
        return iter(sorted(self._bodies))

    def delete(self, key: str) -> None:
        """Forget a body; a no-op when there is none."""
        self._bodies.pop(key, None)
