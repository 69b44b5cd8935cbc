"""Writing to the audit log, always in the transaction of what it tells of."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from errata.apps.audit.chain import sealed
from errata.apps.audit.models import ChainHead, Entry
from errata.apps.audit.queries import head
from errata.apps.audit.types import AuditEntry, Author, Deed, Head
from errata.apps.records import storable

_encode = msgspec.json.Encoder(order="deterministic").encode
_EMPTY: Mapping[str, Any] = {}


def record(
    *,
    by: Author,
    action: str,
    target: str,
    at: datetime,
    before: Mapping[str, Any] = _EMPTY,
    after: Mapping[str, Any] = _EMPTY,
) -> None:
    """Add an entry. It stands or falls with the transaction it is called in."""
    record_all([Deed(action=action, target=target, before=before, after=after)], by=by, at=at)


def record_all(deeds: Sequence[Deed], *, by: Author, at: datetime) -> None:
    """Add many entries at once, in order."""
    if not deeds:
        return
    assert connection.in_atomic_block, "The audit log is written in the transaction of what it tells of."
    entries = list(_chained(deeds, by, at, head()))
    Entry.objects.bulk_create(_row(entry) for entry in entries)
    ChainHead.objects.update_or_create(id=1, defaults={"sequence": entries[-1].sequence, "hash": entries[-1].hash})


def _chained(deeds: Sequence[Deed], by: Author, at: datetime, last: Head) -> Iterator[AuditEntry]:
    for deed in deeds:
        entry = sealed(
            AuditEntry(
                sequence=last.sequence + 1,
                organization_id=by.organization_id,
                actor_kind=by.kind,
                actor_id=by.user_id,
                actor_name=storable(by.name)[:254],
                action=deed.action,
                target=storable(deed.target)[:254],
                before=_plain(deed.before),
                after=_plain(deed.after),
                at=at,
                ip=storable(by.ip)[:45],
                request_id=storable(by.request_id)[:64],
                previous=last.hash,
                hash="",
            )
        )
        last = Head(entry.sequence, entry.hash)
        yield entry


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as JSON would give them back, so that they hash alike when read."""
    plain: dict[str, Any] = msgspec.json.decode(_encode(fields))
    return plain


def _row(entry: AuditEntry) -> Entry:
    fields = msgspec.structs.asdict(entry)
    fields["before"] = _encode(entry.before).decode()
    fields["after"] = _encode(entry.after).decode()
    return Entry(**fields)
