"""The article's four fields, by their names and in plain words, and where each comes from."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from errata.core.template.types import DEFAULT, Overrides, Template

FieldName = Literal["maximum_time", "platform", "ranking", "designation"]
Origin = Literal["default", "organization", "team", "project"]


class Field(msgspec.Struct, frozen=True):
    title: str
    words: str  # what a newcomer to the form reads


FIELDS: Mapping[FieldName, Field] = {
    "maximum_time": Field(
        "Maximum time",
        "How long an issue may wait for a first response, for an update, and for its resolution; when the time stands "
        "still, and what happens as it runs out.",
    ),
    "platform": Field("Collaboration platform", "Where the team talks about its issues and is told about them."),
    "ranking": Field("Basis for ranking", "What puts one issue before another, as a sum that everybody can read."),
    "designation": Field(
        "Designation of members", "Who gets an issue: rules from top to bottom, and the first that fits decides."
    ),
}
ORIGIN_WORDS: Mapping[Origin, str] = {
    "default": "what Errata starts with",
    "organization": "the organisation",
    "team": "the team",
    "project": "the project",
}


class Effective(msgspec.Struct, frozen=True):
    """The template in force somewhere, and where each field comes from."""

    template: Template
    origins: Mapping[FieldName, Origin]


def resolve(layers: Sequence[tuple[Origin, Overrides]]) -> Effective:
    """Lay one over the other, the widest first: each field comes from the narrowest that sets it."""
    template, origins = DEFAULT, dict.fromkeys(FIELDS, _DEFAULT)
    for origin, overrides in layers:
        own = {name: value for name in FIELDS if (value := getattr(overrides, name)) is not None}
        template = msgspec.structs.replace(template, **own)
        origins |= dict.fromkeys(own, origin)
    return Effective(template=template, origins=origins)


_DEFAULT: Origin = "default"
