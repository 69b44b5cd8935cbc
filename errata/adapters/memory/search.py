"""The event side of a search, asked of an event in memory. Text is matched in any case."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import assert_never

from errata.core.search import values
from errata.core.search.ast import And, EventSide, Has, Node, Not, Or, Term, Text
from errata.core.search.facts import FACT_OF_KEY, SENTENCES, TEXT_FACTS, levels, tag_meant
from errata.ports.event_store import StoredEvent


def matches(node: Node, event: StoredEvent, *, now: datetime) -> bool:
    """Whether the search finds the event."""
    match node:
        case And():
            return all(matches(each, event, now=now) for each in node.nodes)
        case Or():
            return any(matches(each, event, now=now) for each in node.nodes)
        case Not():
            return not matches(node.node, event, now=now)
        case EventSide():
            return matches(node.node, event, now=now)
        case Has():
            return _has(node.key, event)
        case Text():
            return any(_like(getattr(event.facts, fact), ("", node.text, "")) for fact in TEXT_FACTS)
        case Term():
            return any(_term(node, value, event, now) for value in node.values)
        case _:
            assert_never(node)


def _has(key: str, event: StoredEvent) -> bool:
    match key:
        case "id" | "timestamp":
            return True
        case "error.handled" | "error.unhandled":
            return event.facts.handled >= 0
    return any(_texts(key, event))


def _term(term: Term, value: str, event: StoredEvent, now: datetime) -> bool:
    match term.key:
        case "timestamp":
            return _within(values.interval(value=value, operator=term.operator, now=now), event.timestamp)
        case "id":
            return _like(event.event_id, values.pattern(value.replace("-", "")))
        case "error.handled":
            return event.facts.handled == (1 if value == "true" else 0)
        case "error.unhandled":
            return (event.facts.handled == 0) == (value == "true")
        case "level" if term.operator != "=":
            return event.facts.level in levels(term.operator, value)
    return any(_means(text, term.key, value) for text in _texts(term.key, event))


def _texts(key: str, event: StoredEvent) -> list[str]:
    tag = tag_meant(key)
    if tag is not None:
        return [dict(event.facts.tags).get(tag, "")]
    return [getattr(event.facts, fact) for fact in FACT_OF_KEY[key]]


def _means(text: str, key: str, value: str) -> bool:
    pieces = values.pattern(value)
    return _like(text, ("", *pieces, "") if key in SENTENCES else pieces)


def _like(text: str, pieces: Sequence[str]) -> bool:
    return _expression(tuple(pieces)).fullmatch(text) is not None


@cache
def _expression(pieces: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pieces)), re.IGNORECASE | re.DOTALL)


def _within(interval: values.Interval, at: datetime) -> bool:
    return (interval.since is None or at >= interval.since) and (interval.until is None or at < interval.until)
