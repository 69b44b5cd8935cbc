"""Custom fields: what they are and which values they take. Decides; touches nothing."""

from errata.core.fields.check import FieldValueRefused, Value, checked, faults, missing, numbered, slug_of
from errata.core.fields.types import EVERY, KINDS, CustomField, FieldKind

__all__ = [
    "EVERY",
    "KINDS",
    "CustomField",
    "FieldKind",
    "FieldValueRefused",
    "Value",
    "checked",
    "faults",
    "missing",
    "numbered",
    "slug_of",
]
