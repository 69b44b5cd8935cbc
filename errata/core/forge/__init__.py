"""What GitHub, GitLab and Gitea (or Forgejo) tell by webhook. Pure: bytes in, what they say out."""

from collections.abc import Callable, Mapping
from urllib.parse import unquote_to_bytes

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

_FORM = b"payload="
_READERS: Mapping[str, Callable[[str, bytes], list[Told]]] = {
    "github": github.read,
    "gitlab": gitlab.read,
    "gitea": gitea.read,
}


def read(forge: str, event: str, payload: bytes) -> list[Told]:
    """What a delivery of a forge tells. Raises Unreadable."""
    return _READERS[forge](event, _json(payload))


def _json(payload: bytes) -> bytes:
    """The JSON of a delivery: the whole, or, as GitHub and Gitea can be told to send it, the field of a form."""
    if not payload.startswith(_FORM):
        return payload
    return unquote_to_bytes(payload.removeprefix(_FORM).replace(b"+", b" "))


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
