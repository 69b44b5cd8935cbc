"""Custom fields as pages show them and forms ask for them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Person
from errata.apps.workflows.types import Process
from errata.core.fields import CustomField
from errata.core.workflow.rules import FIELD
from errata.web.issues.search_links import quoted, search
from errata.web.requests import ActorRequest

_INPUTS = {"text": "text", "number": "number", "date": "date", "url": "url"}
_YES_NO = (("true", "Yes"), ("false", "No"))


class FieldShown(msgspec.Struct, frozen=True):
    """One field with its value, ready to be read and edited."""

    name: str  # of the form's input
    label: str
    kind: str
    help: str
    value: str  # as an input holds it
    words: str  # as a person reads it
    required: bool
    input: str  # the input's type; "" for a choice
    options: tuple[tuple[str, str], ...] = ()
    person: Person | None = None
    url: str = ""  # the search for others with the same value
    error: str = ""


def shown(
    request: ActorRequest,
    process: Process,
    *,
    issue_type: str,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
) -> list[FieldShown]:
    """The fields of an issue of that type, and those that it has a value of all the same."""
    fields = [field for field in process.fields if field.is_for(issue_type) or values.get(field.slug) is not None]
    people = _people(request, fields)
    return [
        _shown(field, values.get(field.slug), issue_type, people, (errors or {}).get(FIELD + field.slug, ""))
        for field in fields
    ]


def posted_fields(request: ActorRequest) -> dict[str, str]:
    """The custom fields of a form, by slug."""
    return {
        name.removeprefix(FIELD): str(value).strip() for name, value in request.POST.items() if name.startswith(FIELD)
    }


def _people(request: ActorRequest, fields: Sequence[CustomField]) -> list[Person]:
    wanted = any(field.kind == "person" for field in fields)
    return accounts.members(actor=request.actor) if wanted else []


def _shown(field: CustomField, value: Any, issue_type: str, people: Sequence[Person], error: str) -> FieldShown:
    text = _text(value)
    person = next((person for person in people if person.email == text), None) if field.kind == "person" else None
    return FieldShown(
        name=FIELD + field.slug,
        label=field.name,
        kind=field.kind,
        help=field.help,
        value=text,
        words=_words(field, value, person),
        required=field.is_required(issue_type),
        input=_INPUTS.get(field.kind, ""),
        options=_options(field, people),
        person=person,
        url=search(f"{FIELD}{field.slug}:{quoted(text)}") if text and field.kind != "url" else "",
        error=error,
    )


def _options(field: CustomField, people: Sequence[Person]) -> tuple[tuple[str, str], ...]:
    match field.kind:
        case "choice":
            return tuple((choice, choice) for choice in field.choices)
        case "person":
            return tuple((person.email, person.name or person.email) for person in people)
        case "checkbox":
            return _YES_NO
    return ()


def _words(field: CustomField, value: Any, person: Person | None) -> str:
    if field.kind == "checkbox" and value is not None:
        return "Yes" if value in (True, "true") else "No"
    return (person.name or person.email) if person else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
