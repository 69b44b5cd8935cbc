"""A template as a document that people and scripts write: plain names, and durations as text.

`response_min` of a struct is `response: "4h"` in the document. It goes by the structs' own fields, so that a field
added to them is in the document too.
"""

from typing import Any

import msgspec

from errata.core.designation import DesignationRule
from errata.core.errors import Refusal
from errata.core.sla import ClockPolicy, EscalationStep, Target
from errata.core.template.durations import parse_duration, print_duration
from errata.core.template.types import Overrides, Platform, Template

_MINUTES = "_min"
# What documents call the fields that are minutes.
_DURATIONS = {
    name.removesuffix(_MINUTES)
    for struct in (ClockPolicy, Target, EscalationStep, DesignationRule, Platform)
    for name in struct.__struct_fields__
    if name.endswith(_MINUTES)
}


class DocumentRefused(Refusal):
    """A document that is no template."""

    code = "template_document_refused"
    status = 422


def to_document(template: Template | Overrides) -> dict[str, Any]:
    """Write it. What is inherited isn't in it."""
    document: dict[str, Any] = _written(msgspec.to_builtins(template))
    return {name: value for name, value in document.items() if value is not None}


def from_document(document: Any) -> Overrides:
    """Read it. Raises DocumentRefused, with the place."""
    read = _read(document)
    try:
        overrides = msgspec.convert(read, Overrides)
    except msgspec.ValidationError as error:
        raise DocumentRefused(f"This is no template: {error}.") from None
    unknown = _unknown(read, msgspec.to_builtins(overrides), "")
    if unknown:
        raise DocumentRefused(f"A template has no {unknown}.", place=unknown)
    return overrides


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            (name.removesuffix(_MINUTES) if name.endswith(_MINUTES) else name): (
                print_duration(each) if name.endswith(_MINUTES) and each is not None else _written(each)
            )
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_written(each) for each in value]
    return value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            (f"{name}{_MINUTES}" if name in _DURATIONS else str(name)): (
                parse_duration(each) if name in _DURATIONS and isinstance(each, str) else _read(each)
            )
            for name, each in value.items()
        }
    return [_read(each) for each in value] if isinstance(value, list) else value


def _unknown(given: Any, known: Any, place: str) -> str:
    """The first name in what was given that its struct doesn't have."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            where = f"{place}.{name}".lstrip(".")
            found = where if name not in known else _unknown(value, known[name], where)
            if found:
                return found
    if isinstance(given, list) and isinstance(known, list | tuple):
        for number, (value, own) in enumerate(zip(given, known, strict=False)):
            if found := _unknown(value, own, f"{place}[{number}]"):
                return found
    return ""
