"""The events of an issue."""

from typing import Any

import msgspec
from ninja import Router
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.api.native.schemas import EventDetailOut, EventOut, Page
from errata.apps.issues import events
from errata.apps.issues.events import EventWhole
from errata.core.event.view import view

router = Router(tags=["Events"])


@router.get("/issues/{key}/events", response=Page[EventOut], summary="List an issue's events")
def list_events(
    request: ApiRequest,
    key: str,
    cursor: str | None = Query(None, description="`next` of the page before."),
    limit: int = Query(50, ge=1, le=200),
) -> Page[EventOut]:
    """Newest first."""
    page = events.list_events(actor=request.auth, key=key, cursor=cursor, limit=limit)
    return Page(items=[EventOut.of(event) for event in page.items], next=page.next)


@router.get("/issues/{key}/events/{event_id}", response=EventDetailOut, summary="Get one event of an issue")
def get_event(request: ApiRequest, key: str, event_id: str) -> EventDetailOut:
    """By its id; `latest` and `oldest` name the newest and the first."""
    return _detail(events.event(actor=request.auth, key=key, event_id=event_id))


@router.get("/events/{event_id}", response=EventDetailOut, summary="Get an event by its id")
def find_event(request: ApiRequest, event_id: str) -> EventDetailOut:
    """Whatever issue it belongs to."""
    return _detail(events.find_event(actor=request.auth, event_id=event_id))


def _detail(whole: EventWhole) -> EventDetailOut:
    shown: dict[str, Any] = msgspec.to_builtins(view(whole.body.payload))
    attachments = [
        {"name": signal.name, "content_type": signal.content_type, "bytes": signal.body_bytes}
        for signal in whole.signals
        if signal.kind == "attachment"
    ]
    known = EventDetailOut.model_fields.keys()
    fields = {name: value for name, value in shown.items() if name in known} | EventOut.fields_of(whole.body.event)
    return EventDetailOut(
        **fields | {"user": shown["user"], "modules": dict(shown["modules"])},
        issue=whole.issue.key,
        older=whole.older,
        newer=whole.newer,
        attachments=attachments,
    )
