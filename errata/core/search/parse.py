"""Text → Query, or an error that says where and what was expected."""

import re
from functools import lru_cache
from typing import cast

from lark import Lark, UnexpectedInput, UnexpectedToken

from errata.core import limits
from errata.core.search.ast import Query
from errata.core.search.build import Build
from errata.core.search.errors import SearchError
from errata.core.search.fields import DEFAULT_CATALOG, Catalog
from errata.core.search.grammar import parser

# What an unfinished search ends in: half a pair, a list, a key that waits for its value.
_HALF = re.compile(r"(?:(?i:\b(?:and|or))|!|\bNOT|:[<>!]?=?)\s*\Z")
_LIST = re.compile(r":[<>!]?=?\[[^\]]*\Z")
_VALUE = re.compile(r":[<>!]?=?\s*\Z")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_BRACKETS = re.compile(rf"{_QUOTED.pattern}?|[()]", re.DOTALL)


@lru_cache(maxsize=1_024)
def parse(text: str, *, catalog: Catalog = DEFAULT_CATALOG) -> Query:
    """Read a search. Raises SearchError, with the place."""
    _check_size(text)
    build, reader = _reader(catalog)
    try:
        return build.query(reader.parse(text))  # type: ignore[arg-type]  # The transformer makes Clauses of trees.
    except UnexpectedInput as error:
        raise _explained(text, error) from None


@lru_cache(maxsize=64)
def _reader(catalog: Catalog) -> tuple[Build, Lark]:
    build = Build(catalog)
    return build, parser(build)


def _check_size(text: str) -> None:
    if len(text) > limits.SEARCH_CHARS_MAX:
        raise SearchError(
            f"A search may have {limits.SEARCH_CHARS_MAX:,} characters; this one has {len(text):,}.",
            position=limits.SEARCH_CHARS_MAX,
        )
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth > limits.SEARCH_DEPTH_MAX:
            raise SearchError(
                f"Parentheses may stand {limits.SEARCH_DEPTH_MAX} deep; this is deeper.", position=match.start()
            )


def _explained(text: str, error: UnexpectedInput) -> SearchError:
    position = _position(text, error)
    found = _found(text, error, position)
    open_quote, open_bracket = _unclosed(text)
    if open_quote is not None:
        return SearchError("This quotation mark isn't closed.", position=open_quote, expected=('"',))
    if open_bracket is not None and not found and not _HALF.search(text):
        return SearchError("This parenthesis isn't closed.", position=open_bracket, expected=(")",))
    return SearchError(_sentence(text[:position], found), position=position, expected=_expected(error))


def _sentence(before: str, found: str) -> str:
    if _LIST.search(before):
        return "A value is missing in this list." if found else "This list isn't closed."
    if _VALUE.search(before):
        return "A value has to follow the colon; put it in quotation marks if it holds spaces or brackets."
    if found.casefold() in ("and", "or"):
        return f"{found} needs something to search for before it."
    if found == ")":
        return "Something is missing before this." if "(" in before else "This parenthesis was never opened."
    if not found:
        return "Something to search for has to follow."
    return f"“{found}” can't stand here; put the words in quotation marks to search for them."


def _position(text: str, error: UnexpectedInput) -> int:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return len(text)
    return cast("int", error.pos_in_stream)  # Its class says None; only the end of the text has none.


def _found(text: str, error: UnexpectedInput, position: int) -> str:
    if isinstance(error, UnexpectedToken):
        return str(error.token)
    return text[position : position + 1]


def _unclosed(text: str) -> tuple[int | None, int | None]:
    """Where a quotation mark and where the innermost parenthesis were left open."""
    opened: list[int] = []
    for match in _BRACKETS.finditer(text):
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")":
            if opened:
                opened.pop()
        elif not _QUOTED.fullmatch(match[0]):
            return match.start(), None
    return None, opened[-1] if opened else None


_NAMES = {
    "KEY": "key:",
    "WORD": "word",
    "QUOTED": '"text"',
    "VALUE": "value",
    "ELEMENT": "value",
    "OPERATOR": "> >= < <=",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": ",",
    "NOT": "!",
    "_AND": "AND",
    "_OR": "OR",
    "$END": "end",
}


def _expected(error: UnexpectedInput) -> tuple[str, ...]:
    accepted: set[str] = getattr(error, "accepts", None) or getattr(error, "allowed", None) or set()
    return tuple(dict.fromkeys(name for terminal, name in _NAMES.items() if terminal in accepted))
