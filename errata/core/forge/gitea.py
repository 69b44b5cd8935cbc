"""Gitea's and Forgejo's webhooks: push, pull_request, status, release. Their payloads follow GitHub's."""

from errata.core.forge import github
from errata.core.forge.types import Told

_EVENTS = {"push", "pull_request", "status", "release"}


def read(event: str, payload: bytes) -> list[Told]:
    """What a delivery tells; nothing for an event that says nothing here. Raises Unreadable."""
    return github.read(event, payload) if event in _EVENTS else []
