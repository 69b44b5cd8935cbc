"""One journal's stream: the few things of JetStream that writer and reader do with it."""

import asyncio
import json
from collections.abc import Sequence
from typing import NamedTuple

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, Header, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import APIError, NotFoundError

from errata.adapters.nats import frame
from errata.adapters.nats.frame import Part
from errata.adapters.nats.link import Link
from errata.ports.journal import JournalFull, JournalUnavailable

_WRONG_LAST_SEQUENCE = 10071
_STORE_FAILED = 10077
# The account's or the server's storage is used up or promised to other streams.
_NO_STORAGE = frozenset({10002, 10023, 10028, 10047})


class OutOfStep(Exception):
    """The stream's last message isn't the one that the writer knows of."""


class State(NamedTuple):
    """What the stream's leader says about it."""

    created: str
    messages: int
    bytes: int
    first: int
    last: int


class Stream:
    """A stream by its name; it need not exist yet."""

    def __init__(self, link: Link, *, prefix: str, journal: str) -> None:
        self.link = link
        self.journal = journal
        self.subject = f"{prefix}.journal.{journal}"
        self.name = f"{prefix}-journal-{journal}"

    def ensure(self, *, bytes_max: int, replicas: int) -> None:
        """Make the stream, or fit the one there is to what is wanted now."""
        wanted = StreamConfig(
            name=self.name,
            subjects=[self.subject],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_bytes=bytes_max,
            num_replicas=replicas,
            allow_direct=True,
        )

        async def do(api: JetStreamContext) -> None:
            try:
                found = (await api.stream_info(self.name)).config
            except NotFoundError:
                await api.add_stream(wanted)
            else:
                if (found.max_bytes, found.num_replicas) != (bytes_max, replicas):
                    await api.update_stream(wanted)

        self.link.call(do)

    def state(self) -> State | None:
        """Ask the stream's leader. None when there is no such stream."""

        async def do(api: JetStreamContext) -> State | None:
            try:
                info: StreamInfo = await api.stream_info(self.name)
            except NotFoundError:
                return None
            state = info.state
            # A stream that never had a message says 0 and 0; after a purge the first is the last and one.
            return State(str(info.created), state.messages, state.bytes, max(1, state.first_seq), state.last_seq)

        return self.link.call(do)

    def append(self, part: Part, *, after: int) -> int:
        """Store a message behind the one of this sequence, and return its own once it is stored.

        Raise OutOfStep, JournalFull or JournalUnavailable; only after the last the message may be there nevertheless.
        """
        headers = {Header.EXPECTED_STREAM: self.name, Header.EXPECTED_LAST_SEQUENCE: str(after)}

        async def do(api: JetStreamContext) -> int:
            try:
                stored = await api.publish(self.subject, frame.encode(part), headers=headers)
            except APIError as error:
                raise self._refusal(error) from error
            return int(stored.seq)

        return self.link.call(do)

    def parts(self, sequences: Sequence[int]) -> list[Part | None]:
        """Read messages of the stream. None for one that its leader has lost."""

        async def do(api: JetStreamContext) -> list[Part | None]:
            return await asyncio.gather(*(self._part(api, sequence) for sequence in sequences))

        return self.link.call(do)

    def forget(self, *, before: int) -> None:
        """Remove all messages before this sequence."""
        self.link.call(lambda api: api.purge_stream(self.name, seq=before))

    def _refusal(self, error: APIError) -> Exception:
        if error.err_code == _WRONG_LAST_SEQUENCE:
            return OutOfStep()
        full = error.err_code == _STORE_FAILED and "maximum bytes" in str(error.description)
        if full or error.err_code in _NO_STORAGE:
            return JournalFull(f"The journal {self.journal} takes no more: {error.description}.")
        return JournalUnavailable(f"The journal {self.journal} can't be appended to: {error}.")

    async def _part(self, api: JetStreamContext, sequence: int) -> Part | None:
        try:
            message = await api.get_msg(self.name, sequence, direct=True)
        except NotFoundError:
            # A replica that lags may have answered; its word isn't enough to pass over what was acknowledged.
            try:
                message = await api.get_msg(self.name, sequence)
            except NotFoundError:
                return None
        return frame.decode(message.data)


def names(link: Link, *, prefix: str) -> list[str]:
    """The names of all journals that have a stream."""
    subject = f"{prefix}.journal.*"
    found: list[str] = []
    while True:
        asked = json.dumps({"subject": subject, "offset": len(found)}).encode()
        answer = json.loads(link.request("$JS.API.STREAM.NAMES", asked) or b"{}")
        page = answer.get("streams") or []
        found += page
        if not page or len(found) >= answer.get("total", 0):
            break
    start = f"{prefix}-journal-"
    return sorted(name.removeprefix(start) for name in found if name.startswith(start))
