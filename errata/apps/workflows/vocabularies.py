"""Writes of issue types, custom fields, and what events open."""

import itertools
from collections.abc import Sequence
from datetime import datetime

import msgspec

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.audit import operations as audit
from errata.apps.projects.queries import row_of
from errata.apps.records import storable, storable_json, together, write
from errata.apps.workflows.memory import active_types, changed
from errata.apps.workflows.models import Arrivals, CustomField, IssueType
from errata.apps.workflows.queries import FieldNotFound, list_types, list_workflows
from errata.apps.workflows.types import FieldView
from errata.core import arrivals as core_arrivals
from errata.core import fields as core_fields
from errata.core.arrivals import DEFAULT_ARRIVALS, ArrivalRules
from errata.core.errors import Refusal
from errata.core.vocabulary import ISSUE_TYPES
from errata.core.workflow import Blueprint, find_blueprint

TYPES_MAX = 100
# Every one of them is offered in the search and on the form; beyond this, nobody fills them in.
FIELDS_MAX = 100
_NAME_CHARS_MAX = 40
_MEANING_CHARS_MAX = 200
# Some three pages of headings and questions: what is longer, nobody fills in.
_TEMPLATE_CHARS_MAX = 10_000


class TypeRefused(Refusal):
    """An issue type that can't be, or can't be put away."""

    code = "type_refused"
    status = 422


class TypeNotFound(Refusal):
    """The organisation has no such issue type."""

    code = "type_not_found"
    status = 404


class FieldDefinitionRefused(Refusal):
    """A custom field that can't be."""

    code = "field_definition_refused"
    status = 422


class ArrivalsRefused(Refusal):
    """Rules that name what isn't there."""

    code = "arrivals_refused"
    status = 422


def add_type(*, name: str, by: Actor, at: datetime, meaning: str = "") -> str:
    """Add an issue type, or take one back that was put away. Return its name as it is kept."""
    allow(by, "project:admin")
    tidy = " ".join(storable(name).split())
    if not tidy or len(tidy) > _NAME_CHARS_MAX:
        raise TypeRefused(f"A type's name has 1 to {_NAME_CHARS_MAX} characters.", field="name")
    if len(meaning) > _MEANING_CHARS_MAX:
        raise TypeRefused(f"What it means has {_MEANING_CHARS_MAX} characters at most.", field="meaning")
    with write():
        known = active_types(by.organization_id)
        if tidy.casefold() in {other.casefold() for other in known}:
            raise TypeRefused(f"There is a type {tidy} already.", field="name")
        if len(known) >= TYPES_MAX:
            raise TypeRefused(f"{TYPES_MAX} types are the most.", field="name")
        _add_types([tidy], by=by, at=at, meaning=storable(meaning).strip())
    return next((name for name in ISSUE_TYPES if name.casefold() == tidy.casefold()), tidy)


def change_type(*, name: str, template: str | None, archived: bool | None, by: Actor, at: datetime) -> None:
    """Set a type's template, and put it away or take it back, all or nothing; None leaves it as it is."""
    allow(by, "project:admin")
    with together():
        known = {view.name: view for view in list_types(actor=by)}
        if name not in known:
            raise TypeNotFound(f"There is no type {name}.", field="name")
        if template is not None:
            set_type_template(name=name, template=template, by=by, at=at)
        if archived is not None and archived != known[name].archived:
            (archive_type if archived else restore_type)(name=name, by=by, at=at)


def set_type_template(*, name: str, template: str, by: Actor, at: datetime) -> None:
    """Say what the description of an issue of that type begins with, when a person writes it; "" for nothing."""
    allow(by, "project:admin")
    tidy = storable(template).replace("\r\n", "\n").strip()
    if len(tidy) > _TEMPLATE_CHARS_MAX:
        raise TypeRefused(f"A template has {_TEMPLATE_CHARS_MAX:,} characters at most.", field="template")
    with write():
        known = {view.name: view for view in list_types(actor=by)}
        if name not in known:
            raise TypeNotFound(f"There is no type {name}.", field="name")
        if known[name].template == tidy:
            return
        IssueType.objects.update_or_create(
            organization_id=by.organization_id,
            folded=name.casefold(),
            defaults={"template": tidy},
            create_defaults={"name": name, "meaning": "", "position": 0, "template": tidy},
        )
        audit.record(
            by=by, action="issue_type.template_set", target=name, at=at,
            before={"template": known[name].template}, after={"template": tidy},
        )  # fmt: skip


def archive_type(*, name: str, by: Actor, at: datetime) -> None:
    """Put a type away: no new issue gets it; those that have it keep it."""
    allow(by, "project:admin")
    with write():
        known = {view.name: view for view in list_types(actor=by) if not view.archived}
        if name not in known:
            raise TypeNotFound(f"There is no type {name}.", field="name")
        if len(known) == 1:
            raise TypeRefused("An issue needs a type: this is the last one.", field="name")
        IssueType.objects.update_or_create(
            organization_id=by.organization_id,
            folded=name.casefold(),
            defaults={"name": name, "archived_at": at},
            create_defaults={"name": name, "archived_at": at, "meaning": "", "position": 0},
        )
        changed()
        audit.record(by=by, action="issue_type.archived", target=name, at=at)


def restore_type(*, name: str, by: Actor, at: datetime) -> None:
    """Take a type back into use."""
    allow(by, "project:admin")
    with write():
        rows = IssueType.objects.filter(organization_id=by.organization_id, folded=storable(name).casefold())
        if not rows.exclude(archived_at=None).update(archived_at=None):
            raise TypeNotFound(f"No type {name} was put away.", field="name")
        changed()
        audit.record(by=by, action="issue_type.restored", target=name, at=at)


def save_field(
    *, field: core_fields.CustomField, by: Actor, at: datetime, new: bool = False, archived: bool = False
) -> FieldView:
    """Add a custom field, or change the one with that slug unless it has to be `new`. Its kind stays."""
    allow(by, "project:admin")
    with write():
        rows = CustomField.objects.filter(organization_id=by.organization_id)
        row = rows.filter(slug=field.slug).first()
        known = [view.name for view in list_types(actor=by)]
        faults = core_fields.faults(field, types=[*known, *field.types] if row else known)
        if row is not None and row.body["kind"] != field.kind:
            faults.append(f"{field.name} is a {row.body['kind']} and stays one: add a new field instead.")
        if row is not None and new:
            faults.append(f"There is a field {field.slug} already{' that was put away' if row.archived_at else ''}.")
        there = {view.slug for view in list_workflows(actor=by)}
        unknown = [name for name in field.workflows if name not in there and not (row and name in _workflows_of(row))]
        faults += [f"There is no workflow {name}. There are {', '.join(sorted(there))}." for name in unknown]
        if row is None and rows.filter(archived_at=None).count() >= FIELDS_MAX:
            faults.append(f"{FIELDS_MAX} fields are the most.")
        if faults:
            raise FieldDefinitionRefused(" ".join(faults), faults=faults)
        _write_field(field, row, by=by, at=at)
        if archived:
            _put_away(field.slug, by=by, at=at)
        return FieldView(field, archived)


def free_slug(*, name: str, by: Actor) -> str:
    """A slug for a new field: made from its name, with a number behind it where another name made the same one."""
    slug = core_fields.slug_of(name)
    known = {row.slug: row.body["name"] for row in CustomField.objects.filter(organization_id=by.organization_id)}
    if known.get(slug, name).strip().casefold() == name.strip().casefold():
        return slug  # a name that is there already is refused when it is saved
    return next(found for number in itertools.count(2) if (found := core_fields.numbered(slug, number)) not in known)


def archive_field(*, slug: str, by: Actor, at: datetime) -> None:
    """Put a field away: forms, pages and searches leave it out; the values stay on their issues."""
    allow(by, "project:admin")
    with write():
        _put_away(slug, by=by, at=at)


def restore_field(*, slug: str, by: Actor, at: datetime) -> None:
    """Take a field back into use, with the values it had."""
    allow(by, "project:admin")
    with write():
        _set_archived(slug, None, "custom_field.restored", by=by, at=at)


def set_arrivals(*, rules: ArrivalRules, by: Actor, at: datetime, project: str | int | None = None) -> None:
    """Say what events open, in a project or in all that don't say. Issues that are there stay as they are."""
    allow(by, "project:admin")
    with write():
        place = row_of(by, project) if project is not None else None
        faults = core_arrivals.faults(rules, types=[view.name for view in list_types(actor=by)])
        if faults:
            raise ArrivalsRefused(" ".join(faults), faults=faults)
        rows = Arrivals.objects.filter(organization_id=by.organization_id, project=place)
        before = rows.first()
        plain = msgspec.to_builtins(rules)
        if before is None:
            Arrivals.objects.create(organization_id=by.organization_id, project=place, rules=plain)
        else:
            rows.update(rules=plain)
        changed()
        audit.record(
            by=by,
            action="arrivals.set",
            target=place.slug if place else "",
            at=at,
            before=before.rules if before else {},
            after=plain,
        )


def forget_arrivals(*, project: str | int, by: Actor, at: datetime) -> None:
    """Let a project follow its organisation again."""
    allow(by, "project:admin")
    with write():
        place = row_of(by, project)
        if Arrivals.objects.filter(project_id=place.id).delete()[0]:
            changed()
            audit.record(by=by, action="arrivals.forgotten", target=place.slug, at=at)


def ensure_blueprint_words(found: Blueprint, *, by: Actor, at: datetime) -> None:
    """Add the types and fields that a workflow of the gallery comes with. Within write()."""
    known = {name.casefold() for name in active_types(by.organization_id)}
    _add_types([name for name in found.workflow.types if name.casefold() not in known], by=by, at=at)
    rows = CustomField.objects.filter(organization_id=by.organization_id)
    there = set(rows.values_list("slug", flat=True))
    for field in found.fields:
        if field.slug not in there:
            _write_field(field, None, by=by, at=at)


def ensure_types(names: Sequence[str], *, by: Actor, at: datetime) -> None:
    """Add the types that a workflow is for and nobody here has; what was put away stays so. Within write()."""
    known = {view.name.casefold() for view in list_types(actor=by)}
    new = [name for name in dict.fromkeys(names) if name.casefold() not in known]
    if len(active_types(by.organization_id)) + len(new) > TYPES_MAX:
        raise TypeRefused(f"{TYPES_MAX} types are the most.", field="types")
    _add_types(new, by=by, at=at)


def set_blueprint_arrivals(slug: str, *, project_id: int, by: Actor) -> None:
    """What events open where the workflow has types of its own; what a project said itself stays. Within write()."""
    found = find_blueprint(slug)
    if found is not None and found.arrivals != DEFAULT_ARRIVALS:
        rules = msgspec.to_builtins(found.arrivals)
        Arrivals.objects.get_or_create(
            project_id=project_id, defaults={"organization_id": by.organization_id, "rules": rules}
        )


def _add_types(names: list[str], *, by: Actor, at: datetime, meaning: str = "") -> None:
    last = IssueType.objects.filter(organization_id=by.organization_id).order_by("-position").first()
    for position, name in enumerate(names, start=(last.position if last else 0) + 1):
        IssueType.objects.update_or_create(
            organization_id=by.organization_id,
            folded=name.casefold(),
            defaults={
                "name": next((built_in for built_in in ISSUE_TYPES if built_in.casefold() == name.casefold()), name),
                "meaning": meaning,
                "position": position,
                "archived_at": None,
            },
        )
        audit.record(by=by, action="issue_type.added", target=name, at=at)
    if names:
        changed()


def _write_field(field: core_fields.CustomField, row: CustomField | None, *, by: Actor, at: datetime) -> None:
    plain = storable_json(msgspec.to_builtins(field))
    before = row.body if row else {}
    if row is None:
        last = CustomField.objects.filter(organization_id=by.organization_id).order_by("-position").first()
        position = last.position + 1 if last else 1
        CustomField.objects.create(organization_id=by.organization_id, slug=field.slug, body=plain, position=position)
    else:
        CustomField.objects.filter(id=row.id).update(body=plain, archived_at=None)
    changed()
    audit.record(by=by, action="custom_field.saved", target=field.slug, at=at, before=before, after=plain)


def _workflows_of(row: CustomField) -> list[str]:
    return list(row.body.get("workflows", []))


def _put_away(slug: str, *, by: Actor, at: datetime) -> None:
    _set_archived(slug, at, "custom_field.archived", by=by, at=at)


def _set_archived(slug: str, moment: datetime | None, action: str, *, by: Actor, at: datetime) -> None:
    rows = CustomField.objects.filter(organization_id=by.organization_id, slug=storable(slug))
    if not rows.filter(archived_at__isnull=moment is not None).update(archived_at=moment):
        raise FieldNotFound(f"There is no field {slug} to {'put away' if moment else 'take back'}.", field=slug)
    changed()
    audit.record(by=by, action=action, target=slug, at=at)
