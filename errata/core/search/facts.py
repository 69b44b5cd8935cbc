"""Which fact of an event a search key asks for: what every event store agrees on."""

from collections.abc import Mapping

from errata.core.search.ast import Operator
from errata.core.search.fields import tag_of
from errata.core.vocabulary import LEVELS

FACT_OF_KEY: Mapping[str, tuple[str, ...]] = {
    "level": ("level",),
    "platform": ("platform",),
    "release": ("release",),
    "environment": ("environment",),
    "dist": ("dist",),
    "user": ("user_id", "user_email", "user_name", "user_ip"),
    "user.id": ("user_id",),
    "user.email": ("user_email",),
    "user.username": ("user_name",),
    "user.ip": ("user_ip",),
    "error.type": ("exception_type",),
    "error.value": ("message",),
    "message": ("message",),
    "title": ("title",),
    "culprit": ("culprit",),
    "transaction": ("transaction",),
    "location": ("location",),
    "logger": ("logger",),
    "server_name": ("server_name",),
    "trace": ("trace_id",),
    "sdk": ("sdk",),
    "event.type": ("type",),
}
"""The names of EventFacts that a key may match in. Others: `id`, `timestamp`, `error.handled`, `error.unhandled`."""

SENTENCES = frozenset({"message", "error.value", "title", "culprit"})
"""Keys whose value need only be contained: nobody types a whole message."""

TEXT_FACTS = ("title", "message", "culprit")
"""Where free text is looked for."""


def tag_meant(key: str) -> str | None:
    """The tag a key stands for when it stands for no fact: `tags.plan` and `plan` are both the tag `plan`."""
    named = tag_of(key)
    return named if named is not None else (None if key in FACT_OF_KEY else key)


def levels(operator: Operator, level: str) -> tuple[str, ...]:
    """The levels that compare so with one of them: `>=error` is error and fatal."""
    place = LEVELS.index(level) if level in LEVELS else len(LEVELS)
    start, stop = {
        "=": (place, place + 1),
        ">": (place + 1, None),
        ">=": (place, None),
        "<": (0, place),
        "<=": (0, place + 1),
    }[operator]
    return LEVELS[start:stop]
