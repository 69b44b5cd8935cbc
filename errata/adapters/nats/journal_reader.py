"""The digest's side of a journal: finds positions among the stream's messages, reads in order, forgets."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

import structlog

from errata.adapters.nats import frame
from errata.adapters.nats.frame import Part
from errata.adapters.nats.stream import State, Stream
from errata.ports.journal import Entry, JournalUnavailable

# Messages asked for at once: up to 8 MiB, and a round trip for 16 when they are small.
_AHEAD = 16

POSITION_MAX = 2**63 - 1

log = structlog.get_logger(__name__)


class _Cursor(NamedTuple):
    position: int  # all up to it was read
    following: int  # the sequence at which what follows begins


class NatsJournalReader:
    """Reads one stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._parts: dict[int, Part | None] = {}
        self._cursor: _Cursor | None = None
        self._known: tuple[int, str] | None = None  # what the cursor and the parts were learnt from
        self._trimmed = 0  # messages go as a whole: some of the first frame's records may be forgotten already

    @property
    def name(self) -> str:
        """The journal's name: the worker's."""
        return self._stream.journal

    def read(self, *, after: int, limit: int, bytes_max: int) -> list[Entry]:
        """Return the entries behind position `after`, oldest first. Raise JournalUnavailable."""
        state, after = self._state(), max(after, self._trimmed)
        entries: list[Entry] = []
        size = 0
        for following, entry in self._entries(self._find(after, state), after, state):
            size += len(entry.record)
            if entries and size > bytes_max:
                break
            entries.append(entry)
            self._cursor = _Cursor(entry.position, following)
            if len(entries) >= limit:
                break
        self._drop_parts()
        return entries

    def trim(self, *, through: int) -> None:
        """Forget the entries up to and including `through`."""
        self._trimmed = max(self._trimmed, through)
        state = self._state()
        sequence = self._find(through, state)
        if sequence > state.first and state.messages:
            self._stream.forget(before=sequence)

    def backlog(self, *, after: int) -> int:
        """Count the entries behind `after`."""
        state, after = self._state(), max(after, self._trimmed)
        sequence = self._find(after, state)
        if sequence > state.last:
            return 0
        first, last = self._stream.parts([sequence, state.last])
        if first is None or last is None:
            return state.last - sequence + 1  # damaged: as many as there are messages, at least
        return last.before + last.count - first.before - min(first.count, max(0, after - first.first + 1))

    def bytes_used(self) -> int:
        """Storage that the journal takes on its server, on each if there are several."""
        return self._state().bytes

    def close(self) -> None:
        """Forget what was learnt; the connection is the journals'."""
        self._forget()

    def _state(self) -> State:
        """Ask for the stream's bounds. What was learnt before a disconnect, or of an earlier stream, is not trusted."""
        generation = self._stream.link.generation
        state = self._stream.state()
        if state is None:
            msg = f"The journal {self.name} has no stream any more."
            raise JournalUnavailable(msg)
        if self._known != (generation, state.created):
            self._forget()
            self._known = generation, state.created
        return state

    def _forget(self) -> None:
        self._parts.clear()
        self._cursor = None

    def _find(self, after: int, state: State) -> int:
        """Return the sequence of the first message with a record behind a position, or that of the one to come."""
        if self._cursor and self._cursor.position == after:
            return max(self._cursor.following, state.first)
        sequences = range(state.first, state.last + 1)
        return state.first + bisect_right(sequences, after, key=lambda sequence: self._last_at(sequence, state))

    def _last_at(self, sequence: int, state: State) -> int:
        """The last position of the message there, or of the first behind it that isn't lost."""
        parts = (self._part(number, ahead=1, state=state) for number in range(sequence, state.last + 1))
        return next((part.last for part in parts if part), POSITION_MAX)

    def _entries(self, sequence: int, after: int, state: State) -> Iterator[tuple[int, Entry]]:
        """Yield the entries behind a position, each with the sequence at which what follows it begins."""
        for begin, end, head, records in self._frames(sequence, state):
            for number, record in enumerate(records):
                if head.first + number > after:
                    following = begin if number + 1 < len(records) else end
                    yield following, Entry(head.first + number, record)

    def _frames(self, sequence: int, state: State) -> Iterator[tuple[int, int, Part, list[bytes]]]:
        """Yield the frames from a sequence on: where each begins and ends, its first part, its records."""
        while sequence <= state.last:
            parts = self._parts_of_frame(sequence, state)
            end = sequence + max(1, len(parts))
            if not parts:
                log.error("journal message lost by its server", journal=self.name, sequence=sequence)
            elif parts[0].number == 0 and len(parts) == parts[0].parts:
                yield sequence, end, parts[0], frame.join(parts)
            elif end > state.last:
                return  # The rest is on its way, or what comes next tells that it never will be.
            sequence = end

    def _parts_of_frame(self, sequence: int, state: State) -> list[Part]:
        head = self._part(sequence, ahead=_AHEAD, state=state)
        if head is None:
            return []
        numbers = range(sequence, min(state.last, sequence + head.parts - 1) + 1)
        parts = (self._part(number, ahead=_AHEAD, state=state) for number in numbers)
        return [part for part in takewhile(head.is_of_same_frame, parts) if part]

    def _part(self, sequence: int, *, ahead: int, state: State) -> Part | None:
        if sequence not in self._parts:
            wanted = range(sequence, min(state.last, sequence + ahead - 1) + 1)
            missing = [number for number in wanted if number not in self._parts]
            self._parts.update(zip(missing, self._stream.parts(missing), strict=True))
        return self._parts[sequence]

    def _drop_parts(self) -> None:
        """Keep only what the next read begins with."""
        begin = self._cursor.following if self._cursor else 0
        self._parts = {number: part for number, part in self._parts.items() if begin <= number < begin + _AHEAD}
