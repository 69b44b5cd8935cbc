"""The search language: one text, one tree, compiled to the records and to the event store."""

from errata.core.search.ast import And, EventSide, Has, Node, Not, Operator, Or, Query, Term, Text
from errata.core.search.complete import Completion, Suggestion, complete, suggestions
from errata.core.search.errors import SearchError
from errata.core.search.evaluate import Asker, Subject, matches
from errata.core.search.fields import DEFAULT_CATALOG, SORTS, Catalog, Field, tag_of
from errata.core.search.format import format_node, format_query
from errata.core.search.parse import parse
from errata.core.search.partition import event_side, partition
from errata.core.search.values import Interval, find_interval, interval, literal, number, pattern

__all__ = [
    "DEFAULT_CATALOG",
    "SORTS",
    "And",
    "Asker",
    "Catalog",
    "Completion",
    "EventSide",
    "Field",
    "Has",
    "Interval",
    "Node",
    "Not",
    "Operator",
    "Or",
    "Query",
    "SearchError",
    "Subject",
    "Suggestion",
    "Term",
    "Text",
    "complete",
    "event_side",
    "find_interval",
    "format_node",
    "format_query",
    "interval",
    "literal",
    "matches",
    "number",
    "parse",
    "partition",
    "pattern",
    "suggestions",
    "tag_of",
]
