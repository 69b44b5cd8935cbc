"""The audit log: read, verified, taken away."""

import tempfile
from typing import Any

import msgspec
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.audit import queries
from errata.apps.audit.types import AuditEntry
from errata.core.numeral import whole_number
from errata.web.requests import ActorRequest

_PAGE = 50
_TEXT_MAX = 160
# Below this an export stays in memory.
_SPOOL_BYTES = 4 * 2**20


class Change(msgspec.Struct, frozen=True):
    name: str
    before: str
    after: str


class Shown(msgspec.Struct, frozen=True):
    """An entry with its change as rows."""

    sequence: int
    at: Any
    actor_name: str
    actor_kind: str
    ip: str
    action: str
    target: str
    hash: str
    changes: list[Change]


def audit(request: ActorRequest) -> HttpResponse:
    """A page of the log, newest first."""
    allow(request.actor, "audit:read")
    get = request.GET
    by = whole_number(get.get("by", ""))
    page = queries.list_entries(
        actor=request.actor,
        target=get.get("target", ""),
        action=get.get("action", ""),
        by_user=by,
        cursor=get.get("cursor", ""),
        limit=_PAGE,
    )
    context = {
        "entries": [_shown(entry) for entry in page.items],
        "next": page.next,
        "people": accounts.list_people(actor=request.actor, include_inactive=True),
        "head": queries.head(),
        "signed_head": queries.signed_head(),
        "verification": queries.verify() if get.get("verify") else None,
        "target": get.get("target", ""),
        "action": get.get("action", ""),
        "by": by,
    }
    return render(request, "audit/page.html", context)


def export(request: ActorRequest) -> HttpResponseBase:
    """The organisation's log as JSON lines, with what it takes to verify it elsewhere."""
    allow(request.actor, "audit:read")
    # The response reads it after this returns, and closes it.
    file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 (the response closes it)
    queries.export(file, actor=request.actor)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename="errata-audit.jsonl", content_type="application/x-ndjson")


def _shown(entry: AuditEntry) -> Shown:
    names = [name for name in {**entry.before, **entry.after} if entry.before.get(name) != entry.after.get(name)]
    return Shown(
        sequence=entry.sequence,
        at=entry.at,
        actor_name=entry.actor_name,
        actor_kind=entry.actor_kind,
        ip=entry.ip,
        action=entry.action,
        target=entry.target,
        hash=entry.hash,
        changes=[Change(name=n, before=_text(entry.before.get(n)), after=_text(entry.after.get(n))) for n in names],
    )


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        text = ", ".join(value)
    else:
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _TEXT_MAX else text[:_TEXT_MAX] + "…"
