"""A team's template: maximum time, collaboration platform, basis for ranking, designation of members."""

from errata.core.template.differences import Difference, changes, differences
from errata.core.template.document import DocumentRefused, from_document, to_document
from errata.core.template.durations import DurationRefused, parse_duration, print_duration
from errata.core.template.faults import Fault, faults
from errata.core.template.fields import FIELDS, ORIGIN_WORDS, Effective, FieldName, Origin, resolve
from errata.core.template.gallery import GALLERY, Ready
from errata.core.template.types import (
    DEFAULT,
    DEFAULT_RANKING,
    PLATFORM_KINDS,
    Overrides,
    Platform,
    PlatformKind,
    Template,
)

__all__ = [
    "DEFAULT",
    "DEFAULT_RANKING",
    "FIELDS",
    "GALLERY",
    "ORIGIN_WORDS",
    "PLATFORM_KINDS",
    "Difference",
    "DocumentRefused",
    "DurationRefused",
    "Effective",
    "Fault",
    "FieldName",
    "Origin",
    "Overrides",
    "Platform",
    "PlatformKind",
    "Ready",
    "Template",
    "changes",
    "differences",
    "faults",
    "from_document",
    "parse_duration",
    "print_duration",
    "resolve",
    "to_document",
]
