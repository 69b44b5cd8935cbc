"""Reads of an issue's events: the records say which groups are the issue's, the event store has what happened."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import msgspec

from errata import ports
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues import queries
from errata.apps.issues.past import events_until
from errata.apps.issues.types import IssueRow
from errata.apps.projects import queries as projects
from errata.core.errors import Refusal
from errata.core.ids import EventId, ProjectId
from errata.ports.event_store import EventBody, Scope, StoredEvent, StoredSignal, StoreUnavailable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EventNotFound(Refusal):
    """No such event here."""

    code = "event_not_found"
    status = 404


class EventsUnavailable(Refusal):
    """The event store doesn't answer."""

    code = "events_unavailable"
    status = 503


class CursorRefused(Refusal):
    """A cursor that no page gave."""

    code = "cursor_refused"
    status = 400


class EventsPage(msgspec.Struct, frozen=True):
    items: list[StoredEvent]
    next: str | None


class EventWhole(msgspec.Struct, frozen=True):
    """An event with its issue, its neighbours in it, and what else came with it."""

    issue: IssueRow
    body: EventBody
    older: EventId | None
    newer: EventId | None
    signals: list[StoredSignal]


def list_events(*, actor: Actor, key: str, cursor: str | None = None, limit: int = 50) -> EventsPage:
    """A page of an issue's events, newest first. Raises EventsUnavailable."""
    allow(actor, "event:read")
    scope = scope_of(queries.issue(actor=actor, key=key).row)
    before = _decoded(cursor) if cursor else None
    if not scope.projects:
        return EventsPage(items=[], next=None)
    try:
        found = ports.current().events.events(scope, limit=limit + 1, before=before)
    except StoreUnavailable as error:
        raise _unavailable() from error
    more = len(found) > limit
    return EventsPage(items=found[:limit], next=_encoded(found[limit - 1]) if more else None)


def event(*, actor: Actor, key: str, event_id: str) -> EventWhole:
    """One event of an issue; `latest` and `oldest` name the newest and the first. Raises EventNotFound."""
    allow(actor, "event:read")
    row = queries.issue(actor=actor, key=key).row
    try:
        return _whole(row, read_event(row, _named(row, event_id)), event_id)
    except StoreUnavailable as error:
        raise _unavailable() from error


def read_event(row: IssueRow, event_id: str = "", *, as_of: datetime | None = None) -> EventBody | None:
    """Find an event of an issue, or its newest, with its body. Raises StoreUnavailable."""
    store, scope = ports.current().events, scope_of(row, as_of=as_of)
    if not scope.projects:
        return None
    if event_id:
        return store.read(scope, event_id=EventId(event_id))
    # The records know when it was last seen, which leaves a day to look at. Retention may have taken that one.
    return store.read(msgspec.structs.replace(scope, since=row.last_seen)) or store.read(scope)


def scope_of(row: IssueRow, *, as_of: datetime | None = None) -> Scope:
    """An issue's events. It has none from before it was first seen, so those days are not even opened."""
    until = events_until(as_of) if as_of else None
    return Scope(projects=queries.scope_of([row]), since=row.first_seen, until=until)


def find_event(*, actor: Actor, event_id: str) -> EventWhole:
    """An event by its id alone, in any project the actor sees. Raises EventNotFound."""
    allow(actor, "event:read")
    store = ports.current().events
    wanted = EventId(event_id.replace("-", "").lower())
    try:
        for project in projects.list_projects(actor=actor, include_archived=True):
            body = store.event(project_id=ProjectId(project.id), event_id=wanted)
            if body is None:
                continue
            fingerprint = body.event.facts.fingerprint
            key = queries.issue_of_group(actor=actor, project_id=project.id, fingerprint=fingerprint)
            if key is not None:
                return _whole(queries.issue(actor=actor, key=key).row, body, event_id)
    except StoreUnavailable as error:
        raise _unavailable() from error
    raise _not_found(event_id)


def _whole(row: IssueRow, body: EventBody | None, asked: str) -> EventWhole:
    if body is None and asked in {"latest", "oldest"}:
        raise EventNotFound(f"{row.key} has no events.")
    if body is None:
        raise _not_found(asked)
    store, event = ports.current().events, body.event
    older, newer = store.neighbours(scope_of(row), event=event)
    signals = store.signals(project_id=event.project_id, event_id=event.event_id, received=event.received)
    return EventWhole(issue=row, body=body, older=older, newer=newer, signals=signals)


def _named(row: IssueRow, event_id: str) -> str:
    """The id of what was asked for; "" for the newest, which needs none."""
    if event_id == "latest":
        return ""
    if event_id != "oldest":
        return event_id.replace("-", "").lower()
    scope = scope_of(row)
    found = ports.current().events.events(scope, limit=1, oldest_first=True) if scope.projects else []
    return found[0].event_id if found else ""


def _encoded(last: StoredEvent) -> str:
    position = f"{(last.timestamp - _EPOCH) // timedelta(microseconds=1)}:{last.event_id}"
    return urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[datetime, EventId]:
    try:
        moment, event_id = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(":")
        return _EPOCH + timedelta(microseconds=int(moment)), EventId(event_id)
    except (ValueError, OverflowError) as error:
        msg = "That cursor was not given by a page of this list. Leave it out to begin at the newest event."
        raise CursorRefused(msg) from error


def _not_found(event_id: str) -> EventNotFound:
    return EventNotFound(f"There is no event {event_id} here. Events are kept for the retention of the installation.")


def _unavailable() -> EventsUnavailable:
    return EventsUnavailable(
        "The event store isn't answering, so events can't be read now. Nothing is lost: new ones wait in the journal."
    )
