"""From what was typed to what is meant: keys and values made canonical, or refused with a suggestion."""

import difflib
import re
from datetime import UTC, datetime
from typing import NamedTuple, cast

import msgspec
from lark import Token

from errata.core import limits
from errata.core.search import values as meaning
from errata.core.search.ast import Has, Node, Operator, Query, Term, Text, conjunction, disjunction, negation
from errata.core.search.errors import SearchError
from errata.core.search.fields import SORTS, SPECIAL_KEYS, TAG, Catalog, Field

# Any instant: whether a value is a time doesn't depend on when it is asked.
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_SINCE = re.compile(r"[-+]\d{1,9}[smhdwy]", re.IGNORECASE | re.ASCII)
_COMPARISONS = (">", ">=", "<", "<=")


class Sort(msgspec.Struct, frozen=True):
    by: str
    descending: bool
    position: int


class Clause(NamedTuple):
    """A condition, and the `sort:` written within it: that one is about the whole list, wherever it stands."""

    node: Node | None
    sorts: tuple[Sort, ...] = ()


class Build:
    """What each construct of the grammar means, given the fields that exist."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def query(self, clause: Clause) -> Query:
        """The whole search."""
        if len(clause.sorts) > 1:
            raise SearchError("A list has one order: leave one sort: out.", position=clause.sorts[1].position)
        if not clause.sorts:
            return Query(where=clause.node)
        return Query(where=clause.node, sort=clause.sorts[0].by, descending=clause.sorts[0].descending)

    def every(self, parts: list[Clause]) -> Clause:
        nodes = [part.node for part in parts if part.node is not None]
        return Clause(conjunction(nodes) if nodes else None, _sorts(parts))

    def either(self, parts: list[Clause]) -> Clause:
        nodes = [part.node for part in parts if part.node is not None]
        if len(parts) > 1 and len(nodes) < len(parts):
            raise _no_condition(_sorts(parts)[0])
        return Clause(disjunction(nodes) if nodes else None, _sorts(parts))

    def negated(self, part: Clause) -> Clause:
        if part.sorts or part.node is None:
            raise _no_condition(part.sorts[0])
        return Clause(negation(part.node))

    def word(self, token: Token) -> Clause:
        """A word of free text, or a length of time by itself: `-24h` is what was seen since, `+7d` what wasn't.

        Stars around a word say what is meant anyway: that the text is contained.
        """
        if _SINCE.fullmatch(token):
            return Clause(_measured(self._catalog.fields["last_seen"], "", [(str(token), False)], _at(token)))
        if token.startswith("tags[") and ":" in token:
            msg = "The name of this tag isn't closed: write tags[name]:value."
            raise SearchError(msg, position=_at(token), expected=("]",))
        key = token[:-1]
        if token.endswith(":") and (key.casefold() in SPECIAL_KEYS or self._catalog.find(key)):
            raise SearchError(
                f"{token} needs a value right after the colon.", position=_at(token) + len(token), expected=("value",)
            )
        text = str(token).strip("*")
        return self._text(text or str(token), _at(token))

    def phrase(self, token: Token) -> Clause:
        return self._text(token[1:-1].replace('\\"', '"').replace("\\\\", "\\"), _at(token))

    def _text(self, text: str, position: int) -> Clause:
        if not text.strip():
            raise SearchError("There is nothing between these quotation marks.", position=position)
        return Clause(Text(text, position))

    def term(self, *, key: Token, operator: str, values: list[tuple[str, bool]], listed: bool) -> Clause:
        """`key:value`, `key:>value` or `key:[a, b]`."""
        name, position = _key(key), _at(key)
        if name.casefold() == "sort":
            return Clause(None, (_sort(values, position),))
        if name.casefold() == "has":
            return Clause(_any_of([Has(self._canonical_key(text, position), position) for text, _ in values]))
        canonical = self._canonical_key(name, position)
        if operator == "" and not listed and values == [("", True)]:
            return Clause(negation(Has(canonical, position)))
        if not listed and operator in ("", "=", "!=") and not values[0][1] and not values[0][0].strip("*"):
            has = Has(canonical, position)  # `release:*`: any value, but one
            return Clause(negation(has) if operator == "!=" else has)
        field = self._catalog.fields.get(canonical)
        node = _condition(canonical, field, operator, values, position)
        return Clause(negation(node) if operator == "!=" else node)

    def _canonical_key(self, name: str, position: int) -> str:
        if name.startswith("tags[") and name.endswith("]"):
            return TAG + name[5:-1]
        if name.startswith(TAG) and len(name) > len(TAG):
            return name
        field = self._catalog.find(name)
        if field is not None:
            return field.key
        near = self._catalog.suggest(name)
        if near is not None:
            raise SearchError(
                f"There is no key {name}. Did you mean {near}? A tag of that name is written tags[{name}].",
                position=position,
                suggestion=near,
            )
        return TAG + name


def _condition(key: str, field: Field | None, operator: str, values: list[tuple[str, bool]], position: int) -> Node:
    kind = field.kind if field else "text"
    if operator in _COMPARISONS and len(values) > 1:
        raise SearchError(f"{operator} compares with one value, not with a list.", position=position)
    if kind in ("text", "person", "choice") and operator in _COMPARISONS:
        return Term(key, (_signed_text(key, kind, operator, values[0], position),), "=", position)
    if field is not None and field.kind in ("choice", "ranked"):
        return _chosen(field, operator, values, position)
    if field is not None and field.kind in ("number", "date", "age", "ahead"):
        return _measured(field, operator, values, position)
    for text, _ in values:
        if len(meaning.pattern(text)) > limits.SEARCH_WILDCARDS_MAX + 1:
            raise SearchError(f"A value may have {limits.SEARCH_WILDCARDS_MAX} wildcards.", position=position)
    return Term(key, tuple(text for text, _ in values), "=", position)


def _signed_text(key: str, kind: str, operator: str, value: tuple[str, bool], position: int) -> str:
    """In `transaction:<module>` the sign belongs to the text; anywhere else text has no order."""
    text, quoted = value
    if kind == "text" and operator == "<" and text.endswith(">") and not quoted:
        return operator + text
    raise SearchError(
        f"{key}: has no order, so {operator} can't compare it. To search for the sign, put it in quotation marks.",
        position=position,
    )


def _chosen(field: Field, operator: str, values: list[tuple[str, bool]], position: int) -> Term:
    canonical = [_closed_value(field, text, position) for text, _ in values]
    if operator not in _COMPARISONS:
        return Term(field.key, tuple(dict.fromkeys(canonical)), "=", position)
    ranked = field.values
    rank = ranked.index(canonical[0])
    spans = {">": ranked[rank + 1 :], ">=": ranked[rank:], "<": ranked[:rank], "<=": ranked[: rank + 1]}
    if not spans[operator]:
        bound = "above" if operator == ">" else "below"
        raise SearchError(f"Nothing is {bound} {canonical[0]}.", position=position)
    return Term(field.key, spans[operator], "=", position)


def _closed_value(field: Field, text: str, position: int) -> str:
    found = field.find_value(text)
    if found is not None:
        return found
    near = difflib.get_close_matches(text.casefold(), [value.casefold() for value in field.values], n=1, cutoff=0.6)
    suggestion = field.find_value(near[0]) if near else None
    hint = f" Did you mean {suggestion}?" if suggestion else ""
    raise SearchError(
        f"{field.key}: can't be “{text}”.{hint} It is one of {', '.join(field.values)}.",
        position=position,
        expected=field.values,
        suggestion=suggestion,
    )


_MEASURES = {
    "number": "a number, like 100 or 1.5k",
    "date": "a date, like 2026-11-23, -24h (newer) or +7d (older)",
    "age": "an age, like -24h (younger), +7d or >7d (older)",
    "ahead": "a time ahead, like <4h (sooner) or >2d (later), or a date",
}


def _measured(field: Field, operator: str, values: list[tuple[str, bool]], position: int) -> Node:
    sign = cast("Operator", operator if operator in _COMPARISONS else "=")
    for text, _ in values:
        if not _is_measure(field, text, sign):
            raise SearchError(
                f"{field.key}: needs {_MEASURES[field.kind]}; “{text}” isn't one.",
                position=position,
                expected=field.values,
            )
    return Term(field.key, tuple(text for text, _ in values), sign, position)


def _is_measure(field: Field, text: str, operator: Operator) -> bool:
    if field.kind == "number":
        return meaning.find_number(text) is not None
    return meaning.FIND[field.kind](value=text, operator=operator, now=_SOME_DAY) is not None


def _sort(values: list[tuple[str, bool]], position: int) -> Sort:
    """`sort:count` and `sort:-count` put the largest first, `sort:+count` the smallest."""
    text = values[0][0]
    by = text.lstrip("+-").casefold()
    if len(values) > 1 or by not in SORTS:
        near = difflib.get_close_matches(by, SORTS, n=1, cutoff=0.6)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SearchError(
            f"A list can't be sorted by “{text}”.{hint} It can by {', '.join(SORTS)}.",
            position=position,
            expected=tuple(SORTS),
            suggestion=near[0] if near else None,
        )
    return Sort(by, not text.startswith("+"), position)


def _no_condition(sort: Sort) -> SearchError:
    return SearchError("sort: is the order of the list, not a condition.", position=sort.position)


def _any_of(nodes: list[Node]) -> Node:
    return disjunction(nodes)


def _sorts(parts: list[Clause]) -> tuple[Sort, ...]:
    return tuple(sort for part in parts for sort in part.sorts)


def _key(token: Token) -> str:
    name = token[:-1]
    return name[1:-1].replace('\\"', '"') if name.startswith('"') else name


def _at(token: Token) -> int:
    return token.start_pos or 0
