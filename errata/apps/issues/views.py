"""Saved views: a query with a name, for oneself or for all."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Max

from errata.apps.accounts.permissions import Forbidden, allow, may
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.issues.models import SavedView
from errata.apps.issues.types import SavedViewView
from errata.apps.issues.vocabulary import FieldRefused, catalog_of, checked_text
from errata.apps.records import write
from errata.core.board import read_limits
from errata.core.errors import Refusal
from errata.core.search import parse

VIEWS_MAX = 100
LAYOUTS = ("list", "board")
OPTIONS = ("cols", "sort", "lanes", "limits", "project", "period")
# Twenty columns with their names, or the limits of as many stages.
OPTION_CHARS_MAX = 1_000


class ViewNotFound(Refusal):
    """No such view, or not one the actor sees."""

    code = "view_not_found"
    status = 404


def save_view(
    *,
    name: str,
    query: str,
    by: Actor,
    at: datetime,
    shared: bool = False,
    layout: str = "list",
    options: Mapping[str, str] | None = None,
) -> SavedViewView:
    """Keep a query under a name, with how it is shown. Raises SearchError when it can't be read."""
    allow(by, "issue:write" if shared else "issue:read")
    name, query = checked_text("name", name, chars_max=80), _readable(query, by)
    layout, chosen = _checked_layout(layout), _checked_options(options or {})
    if by.user_id is None:
        raise Forbidden("A view belongs to a person.", scope="issue:read", role=by.role)
    with write():
        own = SavedView.objects.filter(organization_id=by.organization_id, owner_id=by.user_id)
        if own.count() >= VIEWS_MAX:
            raise FieldRefused(f"{VIEWS_MAX} views are the most. Delete one first.", field="name")
        row = SavedView.objects.create(
            organization_id=by.organization_id,
            owner_id=by.user_id,
            name=name,
            query=query,
            shared=shared,
            position=(own.aggregate(last=Max("position"))["last"] or 0) + 1,
            created_at=at,
            layout=layout,
            options=chosen,
        )
        if shared:
            audit.record(by=by, action="view.shared", target=name, at=at, after={"query": query})
        return view_of(row, by)


def update_view(
    *,
    view_id: int,
    by: Actor,
    at: datetime,
    name: str | None = None,
    query: str | None = None,
    shared: bool | None = None,
    position: int | None = None,
    options: Mapping[str, str] | None = None,
) -> SavedViewView:
    """Change what is given of one's own view."""
    given = {
        "name": None if name is None else checked_text("name", name, chars_max=80),
        "query": None if query is None else _readable(query, by),
        "shared": shared,
        "position": position,
        "options": None if options is None else _checked_options(options),
    }
    changes = {field: value for field, value in given.items() if value is not None}
    with write():
        row = _mine(view_id, by)
        allow(by, "issue:write" if shared or row.shared else "issue:read")
        before = {field: getattr(row, field) for field in changes}
        for field, value in changes.items():
            setattr(row, field, value)
        SavedView.objects.filter(id=row.id).update(**changes)
        if row.shared or before.get("shared"):
            audit.record(by=by, action="view.changed", target=row.name, at=at, before=before, after=changes)
        return view_of(row, by)


def delete_view(*, view_id: int, by: Actor, at: datetime) -> None:
    """Delete one's own view; an admin, any shared one."""
    with write():
        row = _mine(view_id, by)
        row.delete()
        if row.shared:
            audit.record(by=by, action="view.deleted", target=row.name, at=at, before={"query": row.query})


def view_of(row: SavedView, actor: Actor) -> SavedViewView:
    """A view as its reader sees it."""
    return SavedViewView(
        id=row.id,
        name=row.name,
        query=row.query,
        shared=row.shared,
        mine=row.owner_id == actor.user_id,
        position=row.position,
        layout=row.layout,
        options=row.options,
    )


def _mine(view_id: int, by: Actor) -> SavedView:
    row = SavedView.objects.filter(id=view_id, organization_id=by.organization_id).first()
    if row is None or not (row.owner_id == by.user_id or (row.shared and may(by, "org:admin"))):
        raise ViewNotFound(f"You have no view {view_id}.", view_id=view_id)
    return row


def _checked_layout(layout: str) -> str:
    if layout not in LAYOUTS:
        raise FieldRefused(f"A view is one of: {', '.join(LAYOUTS)}.", field="layout")
    return layout


def _checked_options(options: Mapping[str, str]) -> dict[str, str]:
    """What of an address belongs to the view. Limits are read, so that no view is kept that no board can show."""
    read_limits(options.get("limits", ""))
    return {
        name: checked_text(name, value, chars_max=OPTION_CHARS_MAX, empty=True)
        for name, value in options.items()
        if name in OPTIONS and value
    }


def _readable(query: str, by: Actor) -> str:
    text = checked_text("query", query, chars_max=2_000, empty=True)
    parse(text, catalog=catalog_of(by.organization_id))
    return text
