"""A custom field as data."""

from collections.abc import Mapping
from typing import Literal

import msgspec

FieldKind = Literal["text", "number", "date", "choice", "person", "checkbox", "url"]
KINDS: Mapping[FieldKind, str] = {
    "text": "Text",
    "number": "Number",
    "date": "Date",
    "choice": "Choice",
    "person": "Person",
    "checkbox": "Checkbox",
    "url": "Link",
}
EVERY = "*"


class CustomField(msgspec.Struct, frozen=True):
    slug: str  # what scripts and searches call it; never changes
    name: str
    kind: FieldKind
    help: str = ""
    choices: tuple[str, ...] = ()  # of a choice, in the order of its list
    types: tuple[str, ...] = ()  # the issue types that have it; empty = all
    required: tuple[str, ...] = ()  # the issue types that can't be reported without it; EVERY = all that have it
    workflows: tuple[str, ...] = ()  # the workflows whose projects have it, by slug; empty = all

    def is_for(self, issue_type: str) -> bool:
        """Whether issues of that type have the field."""
        return not self.types or _among(issue_type, self.types)

    def is_required(self, issue_type: str) -> bool:
        """Whether issues of that type need a value."""
        return self.is_for(issue_type) and (EVERY in self.required or _among(issue_type, self.required))


def _among(name: str, names: tuple[str, ...]) -> bool:
    return name.casefold() in {other.casefold() for other in names}
