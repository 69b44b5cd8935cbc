"""Who held an issue when, from what changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

Post = Literal["assignee", "deputy"]


class Handover(msgspec.Struct, frozen=True):
    """The post went to somebody, or to nobody."""

    post: Post
    to: int | None
    name: str
    at: datetime
    by: str
    reason: str = ""


class Holding(msgspec.Struct, frozen=True):
    """Somebody had the post from `since` until `until`, which is None while they have it."""

    post: Post
    person: int
    name: str
    since: datetime
    until: datetime | None
    by: str  # who gave it to them
    reason: str


def holdings(handovers: Iterable[Handover]) -> list[Holding]:
    """Turn what changed, oldest first, into who held it when, oldest first."""
    found: list[Holding] = []
    open_: dict[Post, int] = {}
    for one in handovers:
        if one.post in open_:
            place = open_.pop(one.post)
            found[place] = msgspec.structs.replace(found[place], until=one.at)
        if one.to is not None:
            open_[one.post] = len(found)
            found.append(Holding(one.post, one.to, one.name, one.at, None, one.by, one.reason))
    return found
