"""Reading a forge's JSON: only the fields that are needed, whatever else there is."""

from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from errata.core.forge.types import Unreadable

Payload = TypeVar("Payload", bound=msgspec.Struct)
_BRANCH = "refs/heads/"
# GitLab writes some of its times so, and others in ISO 8601.
_FORMATS = ("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %z")


class Author(msgspec.Struct):
    name: str | None = ""
    email: str | None = ""


class PushedCommit(msgspec.Struct):
    """What GitHub, GitLab and Gitea all say of a commit."""

    id: str
    message: str = ""
    timestamp: str | None = None
    url: str | None = ""
    author: Author = msgspec.field(default_factory=Author)


def decode(payload: bytes, shape: type[Payload]) -> Payload:
    """Read the fields of a shape. Raises Unreadable."""
    try:
        return msgspec.json.decode(payload, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"The payload isn't what this event brings: {error}"
        raise Unreadable(msg) from error


def moment(text: str | None) -> datetime | None:
    """A time in any of the ways that forges write one; in UTC where it doesn't say."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - the next line gives it its zone
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def branch_of(ref: str) -> str:
    """The branch of `refs/heads/main`, or "" for a tag."""
    return ref.removeprefix(_BRANCH) if ref.startswith(_BRANCH) else ""


def sha_or_nothing(sha: str | None) -> str:
    """The hash; forges write forty zeros for none."""
    return "" if not sha or not sha.strip("0") else sha.lower()
