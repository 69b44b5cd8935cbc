"""The event side of a search as SQL over the events table. Text is matched in any case."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

from errata.adapters.clickhouse.parameters import Parameters
from errata.core.search import values
from errata.core.search.ast import And, EventSide, Has, Node, Not, Or, Term, Text
from errata.core.search.facts import FACT_OF_KEY, SENTENCES, TEXT_FACTS, levels, tag_meant

_HEX_ID: Final = re.compile(r"[0-9a-f]{32}")


def condition(node: Node, parameters: Parameters, *, now: datetime) -> str:
    """The condition that an event the search finds meets."""
    match node:
        case And():
            return _all([condition(each, parameters, now=now) for each in node.nodes])
        case Or():
            return _any([condition(each, parameters, now=now) for each in node.nodes])
        case Not():
            return f"NOT {condition(node.node, parameters, now=now)}"
        case EventSide():
            return condition(node.node, parameters, now=now)
        case Has():
            return _has(node.key, parameters)
        case Text():
            return _any([_like(fact, ("", node.text, ""), parameters) for fact in TEXT_FACTS])
        case Term():
            return _any([_term(node, value, parameters, now) for value in node.values])
        case _:
            assert_never(node)


def _all(conditions: Sequence[str]) -> str:
    return f"({' AND '.join(conditions)})" if conditions else "true"


def _any(conditions: Sequence[str]) -> str:
    return f"({' OR '.join(conditions)})" if conditions else "false"


def _has(key: str, parameters: Parameters) -> str:
    match key:
        case "id" | "timestamp":
            return "true"
        case "error.handled" | "error.unhandled":
            return "(handled >= 0)"
    return _any([f"{expression} != ''" for expression in _expressions(key, parameters)])


def _term(term: Term, value: str, parameters: Parameters, now: datetime) -> str:
    match term.key:
        case "timestamp":
            return _within(values.interval(value=value, operator=term.operator, now=now), parameters)
        case "id":
            return _id(value.replace("-", "").lower(), parameters)
        case "error.handled":
            return f"(handled = {1 if value == 'true' else 0})"
        case "error.unhandled":
            return f"(handled {'=' if value == 'true' else '!='} 0)"
        case "level" if term.operator != "=":
            return f"level IN {parameters.texts(levels(term.operator, value))}"
    return _any([_means(each, term.key, value, parameters) for each in _expressions(term.key, parameters)])


def _expressions(key: str, parameters: Parameters) -> Sequence[str]:
    tag = tag_meant(key)
    # The same as tags[…], with a quarter less work in the engine.
    return FACT_OF_KEY[key] if tag is None else (f"tags.values[indexOf(tags.keys, {parameters.text(tag)})]",)


def _means(expression: str, key: str, value: str, parameters: Parameters) -> str:
    pieces = values.pattern(value)
    return _like(expression, ("", *pieces, "") if key in SENTENCES else pieces, parameters)


def _like(expression: str, pieces: Sequence[str], parameters: Parameters) -> str:
    return f"{expression} ILIKE {parameters.text('%'.join(map(_plain, pieces)))}"


def _plain(text: str) -> str:
    """Text for LIKE in which nothing is special."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _within(interval: values.Interval, parameters: Parameters) -> str:
    since = [f"timestamp >= {parameters.moment(interval.since)}"] if interval.since else []
    until = [f"timestamp < {parameters.moment(interval.until)}"] if interval.until else []
    return _all(since + until)


def _id(value: str, parameters: Parameters) -> str:
    if _HEX_ID.fullmatch(value):
        return f"event_id = {parameters.event_id(value)}"
    return _like("lower(hex(event_id))", values.pattern(value), parameters)
