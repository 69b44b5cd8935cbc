"""The values of custom fields: checked against their definitions, kept on the issue, told as activities."""

from collections.abc import Mapping, Sequence
from typing import Any

from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import Change, find_person
from errata.apps.issues.models import Issue
from errata.apps.issues.vocabulary import FieldRefused
from errata.apps.workflows.types import Process
from errata.core.fields import CustomField, FieldValueRefused, Value, checked, missing


def checked_values(given: Mapping[str, Any], *, process: Process, issue_type: str, by: Actor) -> dict[str, Value]:
    """The values as they are kept, None for those to take away. Raises FieldRefused or FieldValueRefused."""
    known = {field.slug: field for field in process.fields}
    names = {field.name.casefold(): field.slug for field in process.fields}
    found: dict[str, Value] = {}
    for name, raw in given.items():
        field = known.get(name) or known.get(names.get(name.strip().casefold(), ""))
        if field is None:
            raise FieldRefused(_unknown(name, process.fields), field=f"field.{name}", fields=list(known))
        if not field.is_for(issue_type) and raw not in (None, ""):
            raise FieldRefused(f"{issue_type} issues have no {field.name}.", field=f"field.{field.slug}")
        found[field.slug] = _checked(field, raw, by=by)
    return found


def check_required(values: Mapping[str, Any], *, process: Process, issue_type: str) -> None:
    """Refuse an issue that lacks what its type needs."""
    lacking = missing(process.fields, issue_type=issue_type, values=values)
    if lacking:
        names = ", ".join(field.name for field in lacking)
        raise FieldValueRefused(
            f"{issue_type} issues need {names}.",
            field=f"field.{lacking[0].slug}",
            missing=[field.slug for field in lacking],
        )


def value_changes(issue: Issue, given: Mapping[str, Any], *, process: Process, by: Actor) -> list[Change]:
    """What setting these values changes about the issue, one change a field."""
    values = checked_values(given, process=process, issue_type=issue.type, by=by)
    for field in process.fields:
        if field.slug in values and values[field.slug] is None and field.is_required(issue.type):
            raise FieldValueRefused(f"{issue.type} issues need {field.name}.", field=f"field.{field.slug}")
    return [
        Change("field", before={slug: issue.values.get(slug)}, after={slug: value})
        for slug, value in values.items()
        if issue.values.get(slug) != value
    ]


def with_values(before: Mapping[str, Any], changes: Mapping[str, Value]) -> dict[str, Any]:
    """An issue's values after some changed: what is None is taken away."""
    return {slug: value for slug, value in {**before, **changes}.items() if value is not None}


def _checked(field: CustomField, raw: Any, *, by: Actor) -> Value:
    value = checked(field, raw)
    if field.kind != "person" or value is None:
        return value
    person = find_person(str(value), by=by)
    # By their address, as assignees are everywhere outside: what scripts, exports and searches can use.
    return person.email if person else None


def _unknown(name: str, fields: Sequence[CustomField]) -> str:
    if not fields:
        return f"There is no field {name[:80]}: this project has no fields of its own."
    return f"There is no field {name[:80]}. There are {', '.join(field.slug for field in fields)}."
