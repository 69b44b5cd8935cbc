"""What an issue's fields may say, and the ranks that sorting uses."""

from collections.abc import Sequence

from errata.apps.records import storable
from errata.apps.workflows.queries import process_of, processes_of, words_of, workflow_of
from errata.apps.workflows.types import Words
from errata.core import vocabulary, workflow
from errata.core.errors import Refusal
from errata.core.fields import CustomField, FieldKind
from errata.core.search import DEFAULT_CATALOG, Catalog, Field
from errata.core.search.fields import LEFT, Kind, left_fields
from errata.core.workflow.rules import FIELD

__all__ = [
    "FieldRefused",
    "catalog_of",
    "checked_priority",
    "checked_severity",
    "checked_text",
    "checked_type",
    "priority_rank",
    "process_of",
    "processes_of",
    "severity_rank",
    "words_of",
    "workflow_of",
]

_catalogs: dict[int, tuple[tuple[object, ...], Catalog]] = {}
_PLAIN = (workflow.DEFAULT.stages, vocabulary.ISSUE_TYPES, ())
_SEARCHED_AS: dict[FieldKind, Kind] = {
    "text": "text",
    "number": "number",
    "date": "date",
    "choice": "choice",
    "person": "person",
    "checkbox": "choice",
    "url": "text",
}


class FieldRefused(Refusal):
    """A value that the field doesn't take."""

    code = "field_refused"
    status = 422


def catalog_of(organization_id: int) -> Catalog:
    """What an organisation's searches may name: its stages, types and fields beside what everybody has."""
    words = words_of(organization_id)
    known = (words.stages, words.types, words.fields)
    if known == _PLAIN:
        return DEFAULT_CATALOG
    remembered = _catalogs.get(organization_id)
    if remembered is None or remembered[0] != known:
        # A catalogue brings its parser, which takes milliseconds to build.
        remembered = _catalogs[organization_id] = (known, _made(words))
    return remembered[1]


def checked_type(text: str, types: Sequence[str]) -> str:
    """The type as it is written. Raises FieldRefused."""
    return _one_of("type", text, types)


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
    """The text without what no database keeps, its lines ended by LF alone: forms send CR LF.

    Raises FieldRefused when it is empty or too long.
    """
    tidy = storable(text).replace("\r\n", "\n").strip()
    if not tidy and not empty:
        raise FieldRefused(f"The {field} can't be empty.", field=field)
    if len(tidy) > chars_max:
        raise FieldRefused(f"The {field} has {len(tidy):,} characters; {chars_max:,} is the most.", field=field)
    return tidy


def _made(words: Words) -> Catalog:
    known = DEFAULT_CATALOG.with_values(stage=[stage.name for stage in words.stages], type=words.types)
    kept = [field for field in known.fields.values() if not field.key.startswith(LEFT)]
    left = left_fields(stage.name for stage in words.stages)
    return Catalog((*kept, *left, *(_searched(field) for field in words.fields)))


def _searched(field: CustomField) -> Field:
    values: tuple[str, ...] = field.choices
    aliases: tuple[tuple[str, str], ...] = ()
    if field.kind == "checkbox":
        values, aliases = ("true", "false"), (("yes", "true"), ("no", "false"))
    if field.kind == "person":
        values = ("me", "none")
    return Field(
        f"{FIELD}{field.slug}", "issue", _SEARCHED_AS[field.kind], field.help or field.name, values, (), aliases
    )


def _one_of(field: str, text: str, values: Sequence[str]) -> str:
    wanted = text.strip().casefold()
    found = next((value for value in values if value.casefold() == wanted), None)
    if found is None:
        raise FieldRefused(
            f"There is no {field} “{text}”. One of: {', '.join(values)}.", field=field, values=list(values)
        )
    return found
