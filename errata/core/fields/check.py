"""What a custom field takes, and what is wrong with a definition of one."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from errata.core.errors import Refusal
from errata.core.fields.types import EVERY, KINDS, CustomField

# A line or a few; what is longer belongs into the description.
VALUE_CHARS_MAX = 1_000
URL_CHARS_MAX = 2_000
CHOICES_MAX = 200
NAME_CHARS_MAX = 60
CHOICE_CHARS_MAX = 80
SLUG_CHARS_MAX = 40
HELP_CHARS_MAX = 300
# Larger ones lose digits in JSON, which keeps numbers as most languages do.
_NUMBER_MAX = 2**53
# No _ at the end or twice: the records would read it as the key's end, and `points_` above 3 as another key.
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_YES, _NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
# Words that the records read as comparisons when they follow the column's name.
_TAKEN = frozenset(
    [
        "contains",
        "contained_by",
        "has_key",
        "has_keys",
        "has_any_keys",
        "exact",
        "iexact",
        "icontains",
        "in",
        "gt",
        "gte",
        "lt",
        "lte",
        "startswith",
        "istartswith",
        "endswith",
        "iendswith",
        "range",
        "isnull",
        "regex",
        "iregex",
        "date",
        "year",
        "month",
        "day",
        "len",
    ]
)

Value = str | int | float | bool | None


class FieldValueRefused(Refusal):
    """A value that a custom field doesn't take, or one that is missing."""

    code = "field_refused"
    status = 422


def checked(field: CustomField, raw: Any) -> Value:
    """The value as it is kept, from text or JSON; None takes it away. Raises FieldValueRefused."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    text = str(raw).strip()
    match field.kind:
        case "number":
            return _number(field, raw)
        case "checkbox":
            return _ticked(field, raw)
        case "choice":
            return _chosen(field, text)
        case "date":
            return _day(field, text)
        case "url":
            return _url(field, text)
        case "text" | "person":
            return _text(field, text)


def missing(fields: Iterable[CustomField], *, issue_type: str, values: Mapping[str, Any]) -> list[CustomField]:
    """The fields that an issue of that type needs and doesn't have."""
    return [field for field in fields if field.is_required(issue_type) and values.get(field.slug) is None]


def slug_of(name: str) -> str:
    """A slug made from a name: `Story points` → `story_points`."""
    words = re.findall(r"[a-z0-9]+", name.casefold())
    slug = "_".join(words)[:SLUG_CHARS_MAX].strip("_")
    slug = slug if _SLUG.fullmatch(slug) else f"field_{slug}"[:SLUG_CHARS_MAX].strip("_")
    return f"{slug}_field" if slug in _TAKEN else slug


def numbered(slug: str, number: int) -> str:
    """The slug with a number behind it: `impact_2`."""
    return f"{slug[: SLUG_CHARS_MAX - len(str(number)) - 1].rstrip('_')}_{number}"


def faults(field: CustomField, *, types: Sequence[str]) -> list[str]:
    """What is wrong with a definition, as sentences; none means that it can be used."""
    found = []
    if not field.name.strip() or len(field.name) > NAME_CHARS_MAX:
        found.append(f"A field's name has 1 to {NAME_CHARS_MAX} characters.")
    if not _SLUG.fullmatch(field.slug) or len(field.slug) > SLUG_CHARS_MAX or field.slug in _TAKEN:
        found.append(
            f"“{field.slug}” can't be a field's slug: small letters and digits, a letter first, with single _ between."
        )
    if field.kind not in KINDS:
        found.append(f"A field's kind is one of {', '.join(KINDS)}.")
    if len(field.help) > HELP_CHARS_MAX:
        found.append(f"The help has {HELP_CHARS_MAX} characters at most.")
    unknown = [name for name in (*field.types, *field.required) if name not in types and name != EVERY]
    found += [f"There is no issue type {name}." for name in dict.fromkeys(unknown)]
    return found + _choice_faults(field)


def _choice_faults(field: CustomField) -> list[str]:
    if field.kind != "choice":
        return ["Only a choice has choices."] if field.choices else []
    folded = [choice.casefold() for choice in field.choices]
    found = []
    if not folded:
        found.append("A choice needs something to choose from.")
    if len(folded) > CHOICES_MAX or any(not c.strip() or len(c) > CHOICE_CHARS_MAX for c in field.choices):
        found.append(f"A choice has at most {CHOICES_MAX} values of 1 to {CHOICE_CHARS_MAX} characters.")
    if len(set(folded)) < len(folded):
        found.append("Each value of a choice is there once.")
    return found


def _number(field: CustomField, raw: Any) -> int | float:
    try:
        number = float(raw) if not isinstance(raw, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or abs(number) > _NUMBER_MAX:
        raise _refused(field, f"{field.name} is a number; “{str(raw)[:80]}” isn't one.")
    return int(number) if number.is_integer() else number


def _ticked(field: CustomField, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().casefold()
    if word not in _YES | _NO:
        raise _refused(field, f"{field.name} is yes or no; “{word[:80]}” is neither.")
    return word in _YES


def _chosen(field: CustomField, text: str) -> str:
    found = next((choice for choice in field.choices if choice.casefold() == text.casefold()), None)
    if found is None:
        raise _refused(field, f"{field.name} can't be “{text[:80]}”. One of: {', '.join(field.choices)}.")
    return found


def _day(field: CustomField, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _refused(field, f"{field.name} is a day like 2026-11-25; “{text[:80]}” isn't one.") from None


def _url(field: CustomField, text: str) -> str:
    # Pages make a link of it, so nothing but the web's own schemes.
    if not _URL.fullmatch(text) or len(text) > URL_CHARS_MAX:
        raise _refused(field, f"{field.name} is an address that begins with https:// or http://.")
    return text


def _text(field: CustomField, text: str) -> str:
    if len(text) > VALUE_CHARS_MAX:
        raise _refused(field, f"{field.name} has {len(text):,} characters; {VALUE_CHARS_MAX:,} is the most.")
    return text.replace("\0", "")


def _refused(field: CustomField, message: str) -> FieldValueRefused:
    return FieldValueRefused(message, field=f"field.{field.slug}")
