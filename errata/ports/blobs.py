"""Large bodies: content-addressed files."""

from collections.abc import Iterator
from typing import Protocol


class Blobs(Protocol):
    def put(self, body: bytes) -> str:
        """Store durably and return the key (sha-256, hex). The same body again returns the same key."""

    def get(self, key: str) -> bytes | None: ...

    def keys(self) -> Iterator[str]: ...

    def delete(self, key: str) -> None: ...
