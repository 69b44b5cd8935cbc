"""What changed, as server-sent events. Knows no server: something else waits, calls `next` and writes the bytes."""

from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET, UnsetType

from errata.apps.accounts.types import Actor
from errata.apps.issues import queries
from errata.apps.issues.types import Changes
from errata.apps.notices import queries as notices

# What a page can still redraw in place; behind more than this it is told only that there is more, and asks again.
_KEYS_MAX = 200
# Proxies close a silent connection after 30 to 60 seconds.
_SILENCE = timedelta(seconds=20)
RETRY_MS = 2_000


class Message(msgspec.Struct, frozen=True):
    """The issues that changed behind a number, oldest change first."""

    seq: int
    changed: list[str]
    unread: int | UnsetType = UNSET  # in the inbox of who polls


class Feed:
    """One browser's view of the changes. Call `next` about twice a second; send what it returns, unless it is empty."""

    def __init__(self, *, actor: Actor, after: int | None, at: datetime) -> None:
        self._actor = actor
        self._seq = queries.newest_change(actor=actor) if after is None else after
        self._spoke_at = at
        self._greeted = False
        self._unread = -1  # the page may have been drawn before what it shows was read: it is told once, in any case

    def next(self, *, at: datetime) -> bytes:
        """The frames since the last call: changes, a sign of life, or nothing."""
        message = read(actor=self._actor, after=self._seq)
        frames = b"" if self._greeted else f"retry: {RETRY_MS}\n\n".encode()
        self._greeted = True
        if message.changed:
            frames += frame(message)
        elif not frames and at - self._spoke_at >= _SILENCE:
            frames = b": still here\n\n"
        frames += self._inbox(at)
        self._seq = message.seq
        if frames:
            self._spoke_at = at
        return frames

    def _inbox(self, at: datetime) -> bytes:
        """The number beside the inbox, when it is another than before."""
        unread = notices.unread(actor=self._actor, now=at)
        if unread == self._unread:
            return b""
        self._unread = unread
        return b"event: inbox\ndata: %d\n\n" % unread


def read(*, actor: Actor, after: int) -> Message:
    """The changes behind a number."""
    changes: Changes = queries.changes_since(actor=actor, seq=after, limit=_KEYS_MAX)
    return Message(seq=changes.seq, changed=[row.key for row in changes.items])


def frame(message: Message) -> bytes:
    """One event of the stream; its id is what a browser sends back when it reconnects."""
    return b"id: %d\nevent: changes\ndata: %s\n\n" % (message.seq, msgspec.json.encode(message))
