"""What is being typed at the cursor, and what could stand there."""

import re
from typing import Literal

import msgspec

from errata.core.search.fields import COMMON_TAGS, DEFAULT_CATALOG, SORTS, SPECIAL_KEYS, Catalog

# What ends at the cursor: a key perhaps, and the value so far, perhaps the last of a list, perhaps in quotes.
_CLAUSE = re.compile(
    r"(?:(?P<key>tags\[[^\]\s]+\]|[A-Za-z_][\w.\-]*):[<>=!]*(?:\[(?:.*,\s*)?)?)?(?P<quote>\")?(?P<prefix>[^\"\[\]]*)",
    re.DOTALL,
)
_REST_OF_WORD = re.compile(r"[^\s()\"\[\],:]*")


class Completion(msgspec.Struct, frozen=True):
    """What the cursor is in: text[start:end] would be replaced. `key` is canonical; "" while a key is being typed."""

    kind: Literal["key", "value"]
    key: str
    prefix: str
    start: int
    end: int


class Suggestion(msgspec.Struct, frozen=True):
    text: str  # what replaces the span
    help: str


def complete(text: str, *, position: int, catalog: Catalog = DEFAULT_CATALOG) -> Completion | None:
    """Say what is being completed at the position; None inside text that has no completion."""
    match = _CLAUSE.fullmatch(_clause(text[:position]))
    if match is None or (match["quote"] and not match["key"]):
        return None
    rest = _REST_OF_WORD.match(text, position)
    return Completion(
        kind="value" if match["key"] else "key",
        key=_canonical(match["key"], catalog) if match["key"] else "",
        prefix=match["prefix"],
        start=position - len(match["prefix"]) - len(match["quote"] or ""),
        end=rest.end() if rest else position,
    )


def suggestions(completion: Completion, *, catalog: Catalog = DEFAULT_CATALOG) -> list[Suggestion]:
    """What the language itself can offer: keys, and the values of closed sets. Names and tags come from elsewhere."""
    wanted = completion.prefix.casefold()
    if completion.kind == "key":
        return [found for found in _all_keys(catalog) if found.text.startswith(wanted)]
    return [found for found in _all_values(completion.key, catalog) if found.text.casefold().startswith(wanted)]


def _clause(before: str) -> str:
    """The last clause before the cursor: from the last space that stands in no quotes and in no list."""
    start, quoted, listed = 0, False, False
    for index, character in enumerate(before):
        if character == '"' and before[index - 1 : index] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "[" and before[index - 1 : index] in (":", "="):
            listed = True
        elif character == "]":
            listed = False
        elif character in " \t\n(" and not listed:
            start = index + 1
    return before[start:].lstrip("!")


def _canonical(key: str, catalog: Catalog) -> str:
    if key.startswith("tags["):
        return f"tags.{key[5:-1]}"
    if key.casefold() in SPECIAL_KEYS:
        return key.casefold()
    field = catalog.find(key)
    return field.key if field else f"tags.{key.removeprefix('tags.')}"


def _all_keys(catalog: Catalog) -> list[Suggestion]:
    known = {key: field.help for key, field in catalog.fields.items()}
    known |= {**SPECIAL_KEYS, **COMMON_TAGS}
    return [Suggestion(f"{key}:", text) for key, text in known.items()]


def _all_values(key: str, catalog: Catalog) -> list[Suggestion]:
    if key == "sort":
        return [Suggestion(name, text) for name, text in SORTS.items()]
    if key == "has":
        return [Suggestion(name, field.help) for name, field in catalog.fields.items() if name != "is"]
    field = catalog.fields.get(key)
    return [Suggestion(value, "") for value in field.values] if field else []
