"""What an issue's fields may say, and the ranks that sorting uses."""

from collections.abc import Sequence

from errata.apps.records import storable
from errata.apps.workflows.queries import workflow_of
from errata.core import vocabulary
from errata.core.errors import Refusal

__all__ = [
    "TYPE_OF_EVENT",
    "FieldRefused",
    "checked_priority",
    "checked_severity",
    "checked_text",
    "checked_type",
    "priority_rank",
    "severity_rank",
    "workflow_of",
]

TYPE_OF_EVENT = {"csp": "Security"}


class FieldRefused(Refusal):
    """A value that the field doesn't take."""

    code = "field_refused"
    status = 422


def checked_type(text: str) -> str:
    """The type as it is written. Raises FieldRefused."""
    return _one_of("type", text, vocabulary.ISSUE_TYPES)


def checked_priority(text: str) -> str:
    """The priority as it is written. Raises FieldRefused."""
    return _one_of("priority", text, vocabulary.PRIORITIES)


def checked_severity(text: str) -> str:
    """The severity as it is written. Raises FieldRefused."""
    return _one_of("severity", text, vocabulary.SEVERITIES)


def priority_rank(priority: str) -> int:
    """The priority's place, least first."""
    return vocabulary.PRIORITIES.index(priority)


def severity_rank(severity: str) -> int:
    """The severity's place, least first."""
    return vocabulary.SEVERITIES.index(severity)


def checked_text(field: str, text: str, *, chars_max: int, empty: bool = False) -> str:
    """The text without what no database keeps. Raises FieldRefused when it is empty or too long."""
    tidy = storable(text).strip()
    if not tidy and not empty:
        raise FieldRefused(f"The {field} can't be empty.", field=field)
    if len(tidy) > chars_max:
        raise FieldRefused(f"The {field} has {len(tidy):,} characters; {chars_max:,} is the most.", field=field)
    return tidy


def _one_of(field: str, text: str, values: Sequence[str]) -> str:
    wanted = text.strip().casefold()
    found = next((value for value in values if value.casefold() == wanted), None)
    if found is None:
        raise FieldRefused(
            f"There is no {field} “{text}”. One of: {', '.join(values)}.", field=field, values=list(values)
        )
    return found
