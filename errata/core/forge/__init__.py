"""What GitHub, GitLab and Gitea (or Forgejo) tell by webhook. Pure: bytes in, what they say out."""

from collections.abc import Callable, Mapping

from errata.core.forge import gitea, github, gitlab
from errata.core.forge.signing import is_signed
from errata.core.forge.types import (
    Told,
    ToldCheck,
    ToldCommit,
    ToldDeploy,
    ToldMerge,
    ToldPush,
    ToldRelease,
    Unreadable,
)

_READERS: Mapping[str, Callable[[str, bytes], list[Told]]] = {
    "github": github.read,
    "gitlab": gitlab.read,
    "gitea": gitea.read,
}


def read(forge: str, event: str, payload: bytes) -> list[Told]:
    """What a delivery of a forge tells. Raises Unreadable."""
    return _READERS[forge](event, payload)


__all__ = [
    "Told",
    "ToldCheck",
    "ToldCommit",
    "ToldDeploy",
    "ToldMerge",
    "ToldPush",
    "ToldRelease",
    "Unreadable",
    "is_signed",
    "read",
]
