"""The words an expression may use, and how they are told of one issue."""

from collections.abc import Callable, Mapping

import msgspec

from errata.core.ranking.types import Measures


class Measure(msgspec.Struct, frozen=True):
    """A name of the language."""

    title: str  # in a list of what a ranking looks at
    words: str  # what it is, for the help beside the form
    phrase: Callable[[Measures], str]  # how it is with one issue


class Function(msgspec.Struct, frozen=True):
    form: str
    words: str
    arguments_min: int = 1
    arguments_max: int = 1
    asks: bool = False  # its one argument is a text in quotation marks


def _yes(value: float, *, yes: str, no: str) -> str:
    return yes if value else no


def _count(value: float, one: str, many: str) -> str:
    return f"{value:,.0f} {one if value == 1 else many}"


MEASURES: Mapping[str, Measure] = {
    "severity": Measure(
        "severity",
        "how bad it is: 0 for the least severity, 1 for the worst",
        lambda m: f"severity {m.severity_name or 'none'} is {m.severity:.2g}",
    ),
    "priority": Measure(
        "priority",
        "how soon it is wanted: 0 for the lowest priority, 1 for the highest",
        lambda m: f"priority {m.priority_name or 'none'} is {m.priority:.2g}",
    ),
    "users": Measure(
        "people met", "how many people met it", lambda m: _count(m.users, "person met it", "people met it")
    ),
    "count": Measure("events", "how many events it has", lambda m: _count(m.count, "event", "events")),
    "rate": Measure("events an hour", "events an hour, over the last day", lambda m: f"{m.rate:.3g} events an hour"),
    "trend": Measure(
        "whether it grows",
        "the last day’s events against the day before’s: 1 is the same, 2 is twice as many",
        lambda m: f"{m.trend:.3g} times the day before",
    ),
    "clock": Measure(
        "how much of its time is gone",
        "the share of its time that is gone: 0.5 is half, 1 is the breach, and it goes on",
        lambda m: f"{m.clock:.0%} of its time is gone",
    ),
    "at_risk": Measure(
        "risk", "1 while its clock is at risk, else 0", lambda m: _yes(m.at_risk, yes="at risk", no="not at risk")
    ),
    "breached": Measure(
        "breach",
        "1 once its clock ran out, else 0",
        lambda m: _yes(m.breached, yes="its time ran out", no="still in time"),
    ),
    "client_value": Measure(
        "the client’s worth",
        "what the client it concerns is worth: the field client_value, or a label such as client-value:8",
        lambda m: f"client value {m.client_value:g}",
    ),
    "age_days": Measure(
        "age", "whole days since it was first seen", lambda m: _count(m.age_days, "day old", "days old")
    ),
    "idle_days": Measure(
        "quiet days",
        "whole days since it was last seen",
        lambda m: _count(m.idle_days, "day since it was last seen", "days since it was last seen"),
    ),
    "regressed": Measure(
        "whether it came back",
        "1 if it came back after it was fixed, else 0",
        lambda m: _yes(m.regressed, yes="it came back", no="not back"),
    ),
    "unhandled": Measure(
        "whether the program caught it",
        "1 if the program didn’t catch it, else 0",
        lambda m: _yes(m.unhandled, yes="not caught by the program", no="caught by the program"),
    ),
    "unassigned": Measure(
        "whether somebody holds it",
        "1 while nobody holds it, else 0",
        lambda m: _yes(m.unassigned, yes="nobody holds it", no="somebody holds it"),
    ),
}

_MANY = 20
FUNCTIONS: Mapping[str, Function] = {
    "min": Function("min(a, b …)", "the least of them: a cap", 2, _MANY),
    "max": Function("max(a, b …)", "the greatest of them: a floor", 2, _MANY),
    "if": Function("if(condition, a, b)", "a when the condition holds, else b", 3, 3),
    "abs": Function("abs(a)", "without its sign"),
    "sqrt": Function("sqrt(a)", "the square root: 100 becomes 10"),
    "log": Function("log(a)", "the magnitude: 10 becomes about 1, 100 about 2, 1,000 about 3"),
    "round": Function("round(a)", "to a whole number"),
    "label": Function('label("vip")', "1 if it has this label, else 0", asks=True),
    "type": Function('type("Security")', "1 if it is of this type, else 0", asks=True),
    "field": Function('field("seats")', "the number in this field of the issue, else 0", asks=True),
}
