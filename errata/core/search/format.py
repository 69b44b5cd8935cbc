"""Query → text, such that parsing the text gives the query again."""

import re

from errata.core.search.ast import And, EventSide, Has, Node, Not, Or, Query, Term, Text
from errata.core.search.fields import DEFAULT_CATALOG, SPECIAL_KEYS, Catalog, tag_of

_BARE_VALUE = re.compile(r"(?![<>=:]|!=|//|\*+\Z)[^\s()\"\[](?:[^\s()\"]|\([^\s()\"]*\))*")
_BARE_ELEMENT = re.compile(r"[^\s()\"\[\],]+")
_BARE_WORD = re.compile(r"(?!(?i:and|or|not)\Z|[-+]\d+[A-Za-z]\Z)[^\s()\"!*:\\\[](?:[^\s()\"*:\\])*")
_BARE_TAG = re.compile(r"[A-Za-z_][\w.\-]*")
_BRACKETABLE_TAG = re.compile(r"[^\]\s]+")


def format_query(query: Query, *, catalog: Catalog = DEFAULT_CATALOG) -> str:
    """Write a query as the shortest text that means it."""
    parts = [format_node(query.where, catalog=catalog)] if query.where is not None else []
    if isinstance(query.where, Or) and _has_order(query):
        parts = [f"({parts[0]})"]
    if _has_order(query):
        parts.append(f"sort:{'' if query.descending else '+'}{query.sort}")
    return " ".join(parts)


def format_node(node: Node, *, catalog: Catalog = DEFAULT_CATALOG) -> str:
    """Write a condition as text."""
    match node:
        case And(nodes):
            return " ".join(_inner(part, catalog) for part in nodes)
        case Or(nodes):
            return " OR ".join(_inner(part, catalog) for part in nodes)
        case Not(inner):
            return f"!{_inner(inner, catalog)}"
        case Has(key):
            return f"has:{_has_key(key, catalog)}"
        case Text(text):
            return text if _BARE_WORD.fullmatch(text) else _quoted(text.replace("\\", "\\\\"))
        case Term():
            return f"{_key(node.key, catalog)}:{_sign(node)}{_values(node)}"
        case EventSide(inner):
            return format_node(inner, catalog=catalog)


def _inner(node: Node, catalog: Catalog) -> str:
    text = format_node(node, catalog=catalog)
    return f"({text})" if isinstance(node, And | Or) else text


def _has_order(query: Query) -> bool:
    return (query.sort, query.descending) != ("last_seen", True)


def _key(key: str, catalog: Catalog) -> str:
    tag = tag_of(key)
    if tag is None:
        return key
    known = catalog.find(tag) or tag.casefold() in SPECIAL_KEYS or catalog.suggest(tag) or tag.startswith("tags.")
    if not known and _BARE_TAG.fullmatch(tag):
        return tag
    return f"tags[{tag}]" if _BRACKETABLE_TAG.fullmatch(tag) else _quoted(key)


def _has_key(key: str, catalog: Catalog) -> str:
    written = _key(key, catalog)
    return written if _BARE_VALUE.fullmatch(written) or written.startswith('"') else _quoted(key)


def _sign(term: Term) -> str:
    return "" if term.operator == "=" else term.operator


def _values(term: Term) -> str:
    if len(term.values) == 1:
        return term.values[0] if _BARE_VALUE.fullmatch(term.values[0]) else _quoted(term.values[0])
    written = [value if _BARE_ELEMENT.fullmatch(value) else _quoted(value) for value in term.values]
    return f"[{', '.join(written)}]"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
