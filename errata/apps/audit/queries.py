"""Reading, checking and exporting the audit log."""

from collections.abc import Iterator
from typing import IO, Any

import msgspec
from django.core import signing

from errata.apps.audit import chain
from errata.apps.audit.models import ChainHead, Entry
from errata.apps.audit.types import AuditEntry, AuditPage, Author, Fault, Head, Verification, Withheld
from errata.apps.records import storable
from errata.core.errors import Refusal
from errata.core.numeral import whole_number

_SALT = "errata.audit.head"
_PAGE_MAX = 500


class HeadRefused(Refusal):
    """A kept head that this installation didn't sign."""

    code = "audit_head_refused"
    status = 400


class AuditCursorRefused(Refusal):
    """A cursor that no page of the log gave."""

    code = "cursor_refused"
    status = 400


def head() -> Head:
    """The newest entry's place and hash."""
    row = ChainHead.objects.filter(id=1).first()
    return Head(row.sequence, row.hash) if row else chain.GENESIS


def signed_head() -> str:
    """The head as a line to keep elsewhere: `verify` takes it, and knows that this installation wrote it."""
    now = head()
    return signing.Signer(salt=_SALT).sign(f"{now.sequence}:{now.hash}")


def verify(*, kept: str = "") -> Verification:
    """Check the whole log. With a head that was kept, also that nothing up to it was rewritten or cut off."""
    return chain.check(_entries(), head=head(), witness=_unsigned(kept) if kept else None)


def export(file: IO[bytes], *, actor: Author | None = None) -> int:
    """Write the log as JSON lines, oldest first, and its head last. Return how many entries.

    The chain goes through all organisations. For an actor, what other organisations wrote is left out but for its
    hashes, so that the rest can still be verified. Who may ask is the caller's to say: scope audit:read.
    """
    count = 0
    for entry in _entries():
        file.write(_line(entry) if actor is None or entry.organization_id == actor.organization_id else _place(entry))
        count += 1
    file.write(msgspec.json.encode({"head": head()}) + b"\n")
    return count


def verify_export(file: IO[bytes]) -> Verification:
    """Check an exported log. Needs no database."""
    claimed: list[Head] = []
    broken: list[Fault] = []
    result = chain.check(_exported(file, claimed, broken), head=None)
    if not broken and not result.faults:
        result = _against(result, claimed)
    return msgspec.structs.replace(result, faults=broken + result.faults)


def list_entries(
    *, actor: Author, target: str = "", action: str = "", by_user: int | None = None, cursor: str = "", limit: int = 50
) -> AuditPage:
    """A page of the organisation's log, newest first. Who may ask is the caller's to say: scope audit:read."""
    limit = max(1, min(limit, _PAGE_MAX))
    rows = Entry.objects.filter(organization_id=actor.organization_id)
    if target:
        rows = rows.filter(target=storable(target))
    if action:
        rows = rows.filter(action__startswith=storable(action))
    if by_user is not None:
        rows = rows.filter(actor_id=by_user)
    place = whole_number(cursor)
    if cursor and place is None:
        msg = "This cursor belongs to another list. Begin again without it."
        raise AuditCursorRefused(msg)
    if place is not None:
        rows = rows.filter(sequence__lt=place)
    found = [entry_of(row) for row in rows.order_by("-sequence")[: limit + 1]]
    more = len(found) > limit
    return AuditPage(items=found[:limit], next=str(found[limit - 1].sequence) if more else None)


def _entries() -> Iterator[AuditEntry]:
    for row in Entry.objects.order_by("sequence").iterator(chunk_size=2_000):
        yield entry_of(row)


def entry_of(row: Entry, **others: Any) -> AuditEntry:
    """An entry as others see it, with some fields changed."""
    entry = AuditEntry(
        sequence=row.sequence,
        organization_id=row.organization_id,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        action=row.action,
        target=row.target,
        before=_object(row.before),
        after=_object(row.after),
        at=row.at,
        ip=row.ip,
        request_id=row.request_id,
        previous=row.previous,
        hash=row.hash,
    )
    return msgspec.structs.replace(entry, **others) if others else entry


def _object(text: str) -> dict[str, object]:
    """The fields; or, where somebody made them unreadable, the text itself, which then doesn't match its hash."""
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeError):
        return {"unreadable": text}


def _unsigned(kept: str) -> Head:
    try:
        sequence, digest = signing.Signer(salt=_SALT).unsign(kept.strip()).split(":")
    except (signing.BadSignature, ValueError) as error:
        msg = "That head was not signed by this installation, or was changed since."
        raise HeadRefused(msg) from error
    return Head(int(sequence), digest)


def _line(entry: AuditEntry) -> bytes:
    fields = msgspec.structs.asdict(entry)
    fields["at"] = chain.moment(entry.at)
    return msgspec.json.encode(fields) + b"\n"


def _place(entry: AuditEntry) -> bytes:
    place = Withheld(sequence=entry.sequence, previous=entry.previous, hash=entry.hash)
    return msgspec.json.encode({"withheld": place}) + b"\n"


def _exported(file: IO[bytes], claimed: list[Head], broken: list[Fault]) -> Iterator[AuditEntry | Withheld]:
    for number, line in enumerate(file, start=1):
        try:
            if line.startswith(b'{"head"'):
                claimed.append(msgspec.json.decode(line, type=dict[str, Head])["head"])
            elif line.startswith(b'{"withheld"'):
                yield msgspec.json.decode(line, type=dict[str, Withheld])["withheld"]
            else:
                yield msgspec.json.decode(line, type=AuditEntry)
        except (msgspec.MsgspecError, UnicodeError) as error:
            broken.append(Fault(number, "unreadable", f"Line {number} is not an entry: {error}"))


def _against(result: Verification, claimed: list[Head]) -> Verification:
    if claimed and claimed[-1] == result.head:
        return result
    where = f"its last line says {claimed[-1].sequence}" if claimed else "its last line, the head, is missing"
    message = f"The export ends with entry {result.head.sequence}; {where}."
    fault = Fault(result.head.sequence + 1, "truncated", message)
    return msgspec.structs.replace(result, faults=[fault])
