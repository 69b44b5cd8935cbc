"""Writes of templates: each change is a new version, with who, when and in words what."""

import secrets
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import F
from msgspec import UNSET, UnsetType

from errata.apps.accounts.permissions import allow, may
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.calendars import queries as calendars
from errata.apps.records import storable_json, write
from errata.apps.templates.models import TemplatesVersion, TemplateVersion
from errata.apps.templates.places import Place, find_place, newest, overrides_of, stored
from errata.apps.templates.queries import version_view
from errata.apps.templates.types import Scope, VersionView
from errata.core.designation import DesignationRule
from errata.core.errors import Refusal
from errata.core.sla import ClockPolicy
from errata.core.template import (
    FIELDS,
    GALLERY,
    Fault,
    Overrides,
    Platform,
    Ready,
    changes,
    faults,
    from_document,
    to_document,
)

_NOTE_CHARS_MAX = 300


class TemplateRefused(Refusal):
    """Fields that nobody could work by: `faults` says which and why."""

    code = "template_refused"
    status = 422


class ReadyNotFound(Refusal):
    """The gallery has no such template."""

    code = "gallery_template_not_found"
    status = 404


class VersionNotFound(Refusal):
    """There is no such version."""

    code = "template_version_not_found"
    status = 404


class TemplateChangedMeanwhile(Refusal):
    """Somebody wrote a newer version since the form was opened."""

    code = "template_changed_meanwhile"
    status = 409


def change_template(
    *,
    scope: Scope,
    by: Actor,
    at: datetime,
    maximum_time: ClockPolicy | UnsetType | None = UNSET,
    platform: Platform | UnsetType | None = UNSET,
    ranking: str | UnsetType | None = UNSET,
    designation: tuple[DesignationRule, ...] | UnsetType | None = UNSET,
    note: str = "",
    after: int | None = None,
) -> VersionView | None:
    """Write fields down; None inherits again, what isn't given stays. Return the new version; None if nothing changed.

    With `after`, only if that is still the newest version: else TemplateChangedMeanwhile.
    """
    given = {"maximum_time": maximum_time, "platform": platform, "ranking": ranking, "designation": designation}
    wanted = {name: value for name, value in given.items() if value is not UNSET}
    allow(by, _scope_needed(scope))
    with write():
        place = find_place(by, scope)
        last = newest(by.organization_id, [place.key]).get(place.key)
        if after is not None and after != (last.number if last else 0):
            raise TemplateChangedMeanwhile(
                f"{last.by_name if last else 'Somebody'} changed this template since you opened it. Reload, and "
                "make your change to the newer version."
            )
        before = overrides_of(last)
        now = _checked(msgspec.structs.replace(before, **wanted))
        if maximum_time is not UNSET and maximum_time is not None and maximum_time.calendar:
            calendars.calendar(actor=by, slug=maximum_time.calendar)  # raises CalendarNotFound
        if now == before:
            return None
        row = _written(place, before, now, number=last.number + 1 if last else 1, note=note, by=by, at=at)
        return version_view(row)


def replace_template(*, scope: Scope, document: Any, by: Actor, at: datetime, note: str = "") -> VersionView | None:
    """Write all four fields from a document; what isn't in it is inherited. Raises DocumentRefused."""
    overrides = from_document(document)
    fields = {name: getattr(overrides, name) for name in FIELDS}
    return change_template(scope=scope, **fields, by=by, at=at, note=note)


def apply_gallery(*, slug: str, scope: Scope, by: Actor, at: datetime) -> VersionView | None:
    """Take over a ready template's maximum time and ranking. Where a team talks and who gets what stay its own."""
    ready = find_ready(slug)
    return change_template(
        scope=scope,
        maximum_time=ready.template.maximum_time,
        ranking=ready.template.ranking,
        note=f"From the gallery: {ready.name}.",
        by=by,
        at=at,
    )


def restore_version(*, scope: Scope, number: int, by: Actor, at: datetime) -> VersionView | None:
    """Write down again what an earlier version said."""
    allow(by, _scope_needed(scope))
    place = find_place(by, scope)
    row = TemplateVersion.objects.filter(organization_id=by.organization_id, place=place.key, number=number).first()
    if row is None:
        raise VersionNotFound(f"{place.name} has no version {number} of its template.", number=number)
    old = overrides_of(row)
    fields = {name: getattr(old, name) for name in FIELDS}
    return change_template(scope=scope, **fields, note=f"Back to version {number}.", by=by, at=at)


def find_ready(slug: str) -> Ready:
    """A template of the gallery. Raises ReadyNotFound."""
    ready = GALLERY.get(slug.strip().lower())
    if ready is None:
        raise ReadyNotFound(f"The gallery has no template “{slug}”. It has {', '.join(GALLERY)}.", template=slug)
    return ready


def may_change(actor: Actor, scope: Scope) -> bool:
    """Whether the actor may write the template there: what decides if a page shows a form."""
    return may(actor, _scope_needed(scope))


def _scope_needed(scope: Scope) -> str:
    return "project:admin" if scope.kind == "project" else "org:admin"


def _checked(overrides: Overrides) -> Overrides:
    found = faults(overrides)
    if found:
        first = found[0]
        raise TemplateRefused(
            first.words if first.position is None else f"{first.words} (Ranking, character {first.position + 1}.)",
            field=first.field,
            faults=[_fault(fault) for fault in found],
        )
    return msgspec.convert(storable_json(msgspec.to_builtins(overrides)), Overrides)


def _fault(fault: Fault) -> dict[str, Any]:
    return {"field": fault.field, "message": fault.words, "position": fault.position}


def _written(
    place: Place, before: Overrides, now: Overrides, *, number: int, note: str, by: Actor, at: datetime
) -> TemplateVersion:
    row = TemplateVersion.objects.create(
        organization_id=by.organization_id,
        place=place.key,
        place_name=place.slug,
        project_id=place.project_id,
        number=number,
        fields=stored(now),
        words=changes(before, now),
        note=storable_json(note.strip())[:_NOTE_CHARS_MAX],
        by_id=by.user_id,
        by_name=by.name,
        at=at,
    )
    stamp = secrets.token_hex(16)
    if not TemplatesVersion.objects.filter(id=1).update(version=F("version") + 1, stamp=stamp):
        TemplatesVersion.objects.create(id=1, version=1, stamp=stamp)
    old, new = to_document(before), to_document(now)
    changed = [name for name in FIELDS if old.get(name) != new.get(name)]
    audit.record(
        by=by,
        action="template.changed",
        target=place.slug if place.kind != "team" else f"#{place.slug}",
        at=at,
        before={"version": number - 1, **{name: old.get(name) for name in changed}},
        after={"version": number, "of": place.kind, **{name: new.get(name) for name in changed}},
    )
    return row
