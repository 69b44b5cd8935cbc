"""The hash chain: how an entry is hashed, and how a log is checked. Knows no database."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from errata.apps.audit.types import AuditEntry, Fault, Head, Verification, Withheld

GENESIS = Head(sequence=0, hash="0" * 64)
# A tampered log can be wrong at every entry; the first places say what there is to say.
FAULTS_MAX = 100

_encode = msgspec.json.Encoder(order="deterministic").encode


def hash_of(entry: AuditEntry) -> str:
    """Hash an entry: SHA-256 over the canonical JSON of all of it but the hash, the hash of the one before included."""
    fields = msgspec.structs.asdict(entry)
    del fields["hash"]
    fields["at"] = moment(entry.at)
    return hashlib.sha256(_encode(fields)).hexdigest()


def moment(at: datetime) -> str:
    """A time in the one form that is hashed."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def sealed(entry: AuditEntry) -> AuditEntry:
    """The entry with its hash."""
    return msgspec.structs.replace(entry, hash=hash_of(entry))


def check(entries: Iterable[AuditEntry | Withheld], *, head: Head | None, witness: Head | None = None) -> Verification:
    """Check a log, oldest entry first, against the head it claims and one that was kept elsewhere."""
    walk = _Walk(witness)
    faults: list[Fault] = []
    for entry in entries:
        faults.extend(walk.step(entry))
        if len(faults) >= FAULTS_MAX:
            break
    else:
        faults.extend(walk.end(head))
    return Verification(entries=walk.count, head=walk.last, faults=faults[:FAULTS_MAX], withheld=walk.withheld)


class _Walk:
    """Along the chain: what was last seen, and what is wrong with the next."""

    def __init__(self, witness: Head | None) -> None:
        self.last = GENESIS
        self.count = 0
        self.withheld = 0
        self._witness = witness

    def step(self, entry: AuditEntry | Withheld) -> Iterator[Fault]:
        self.count += 1
        yield from self._place(entry)
        if isinstance(entry, Withheld):
            self.withheld += 1
        elif hash_of(entry) != entry.hash:
            yield Fault(entry.sequence, "edited", f"Entry {entry.sequence} is not what was written: its hash differs.")
        if self._witness and entry.sequence == self._witness.sequence and entry.hash != self._witness.hash:
            yield Fault(
                entry.sequence,
                "edited",
                f"Entry {entry.sequence} is not the one whose hash was kept: the log was rewritten here or before.",
            )
        self.last = Head(entry.sequence, entry.hash)

    def _place(self, entry: AuditEntry | Withheld) -> Iterator[Fault]:
        expected = self.last.sequence + 1
        if entry.sequence > expected:
            gone = f"{expected}" if entry.sequence == expected + 1 else f"{expected} to {entry.sequence - 1}"
            yield Fault(expected, "missing", f"Missing before entry {entry.sequence}: {gone}.")
        elif entry.sequence < expected:
            yield Fault(entry.sequence, "misplaced", f"Entry {entry.sequence} comes after {self.last.sequence}.")
        elif entry.previous != self.last.hash:
            yield Fault(
                entry.sequence,
                "misplaced",
                f"Entry {entry.sequence} doesn't follow the one before: one was slipped in, moved or rewritten.",
            )

    def end(self, head: Head | None) -> Iterator[Fault]:
        if self._witness and self.last.sequence < self._witness.sequence:
            yield self._cut(self._witness, "the head that was kept")
        if head is None or head == self.last:
            return
        if self.last.sequence < head.sequence:
            yield self._cut(head, "its head")
        else:
            yield Fault(
                self.last.sequence,
                "appended",
                f"The log ends with {self.last.sequence}; its head says {head.sequence}.",
            )

    def _cut(self, head: Head, what: str) -> Fault:
        message = f"The log ends with {self.last.sequence}, but {what} says that it had {head.sequence} entries."
        return Fault(self.last.sequence + 1, "truncated", message)
