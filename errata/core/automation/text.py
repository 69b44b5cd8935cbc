"""A rule as text, line by line, and back.

when created
if level:>=error environment:production
then assign bob@shop.example
then label urgent
limit 20 an hour
"""

import re
from typing import cast, get_args

import msgspec

from errata.core.automation.types import (
    ACTIONS,
    CUSTOM,
    FIELDS,
    Action,
    ActionKind,
    Limits,
    Rule,
    Trigger,
    TriggerKind,
)
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.core.recipients import strange
from errata.core.search import DEFAULT_CATALOG, Catalog, SearchError
from errata.core.search import parse as parse_search
from errata.core.sla import BREACH, MARKS
from errata.core.sla import KINDS as CLOCKS

ACTIONS_MAX = 10
TEXT_CHARS_MAX = 4_000
# A week: beyond, the question is one for a dashboard.
MINUTES_MAX = 7 * 24 * 60
_EVENTS = re.compile(r"(\d{1,9}) in (\d{1,5})\s*(m|h|d)", re.IGNORECASE | re.ASCII)
# What an action sets to one of the values that an organisation has.
_CHOSEN = ("priority", "severity", "type", "stage")
# What people say for 100 percent.
_BREACHED = "breached"
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}
_HOURLY = re.compile(r"(\d{1,6}) an hour", re.IGNORECASE | re.ASCII)
_BETWEEN = re.compile(r"once in (\d{1,5})\s*(m|h|d) an issue", re.IGNORECASE | re.ASCII)


class RuleRefused(Refusal):
    """A rule that can't be used, with its line."""

    code = "rule_refused"
    status = 422


def parse(text: str, *, catalog: Catalog | None = DEFAULT_CATALOG) -> Rule:
    """The rule that a text means. Raises RuleRefused with the line. Without a catalogue its search isn't read."""
    if len(text) > TEXT_CHARS_MAX:
        raise RuleRefused(f"A rule has {TEXT_CHARS_MAX:,} characters at most.", line=0)
    when: Trigger | None = None
    where: list[str] = []
    actions: list[Action] = []
    limits = Limits()
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        match word.casefold():
            case "" | "#":
                continue
            case "when":
                if when is not None:
                    raise RuleRefused("A rule has one “when”. Write another rule for the other.", line=number)
                when = _trigger(rest.strip(), number, catalog)
            case "if":
                where.append(_condition(rest.strip(), number, catalog))
            case "then":
                actions.append(_action(rest.strip(), number, catalog))
            case "limit":
                limits = _limit(limits, rest.strip(), number)
            case _:
                raise RuleRefused(
                    f"“{word}” begins no line of a rule. Lines begin with when, if, then, limit.", line=number
                )
    return _whole(when, where, actions, limits)


def spell(rule: Rule) -> str:
    """The text of a rule: parse(spell(rule)) is the rule."""
    lines = [f"when {_spelt_trigger(rule.when)}"]
    if rule.where:
        lines.append(f"if {rule.where}")
    lines += [f"then {action.kind} {action.value}" for action in rule.actions]
    if rule.limits.runs_per_hour_max != Limits().runs_per_hour_max:
        lines.append(f"limit {rule.limits.runs_per_hour_max} an hour")
    if rule.limits.minutes_between:
        lines.append(f"limit once in {rule.limits.minutes_between}m an issue")
    return "\n".join(lines)


def _whole(when: Trigger | None, where: list[str], actions: list[Action], limits: Limits) -> Rule:
    if when is None:
        raise RuleRefused("Say when: a rule begins with a line like “when created”.", line=0)
    if not actions:
        raise RuleRefused("Say what then: a rule needs a line like “then label urgent”.", line=0)
    if len(actions) > ACTIONS_MAX:
        raise RuleRefused(f"A rule does {ACTIONS_MAX} things at most.", line=0)
    joined = " ".join(f"({part})" for part in where) if len(where) > 1 else "".join(where)
    return Rule(when=when, where=joined, actions=tuple(actions), limits=limits)


def _trigger(text: str, line: int, catalog: Catalog | None) -> Trigger:
    word, _, rest = text.partition(" ")
    kind, rest = word.casefold(), rest.strip()
    match kind:
        case "events":
            return _burst(rest, line)
        case "users":
            count = whole_number(rest, digits_max=9)
            if not count:
                raise RuleRefused("Say how many people: “when users 100”.", line=line)
            return Trigger("users", count=count)
        case "field":
            return Trigger("field", value=_field(rest, line, catalog))
        case "clock":
            return _clock(rest, line)
        case "stage":
            return Trigger("stage", value=_known("stage", rest, line, catalog) if rest else "")
    if kind not in get_args(TriggerKind):
        raise RuleRefused(f"“{word}” never happens. One of: {', '.join(get_args(TriggerKind))}.", line=line)
    return Trigger(cast("TriggerKind", kind))


def _burst(text: str, line: int) -> Trigger:
    found = _EVENTS.fullmatch(text)
    if found is None:
        raise RuleRefused("Say how many in what time: “when events 50 in 10m”.", line=line)
    count, minutes = int(found[1]), int(found[2]) * _MINUTES[found[3].lower()]
    if not (count > 0 and 0 < minutes <= MINUTES_MAX):
        raise RuleRefused("Between one minute and seven days, and at least one event.", line=line)
    return Trigger("events", count=count, minutes=minutes)


def _field(text: str, line: int, catalog: Catalog | None) -> str:
    name = text.casefold()
    custom = name.startswith(CUSTOM) and len(name) > len(CUSTOM) and (catalog is None or name in catalog.fields)
    if name not in ("", *FIELDS) and not custom:
        known = [*FIELDS, *(own for own in (catalog.fields if catalog else ()) if own.startswith(CUSTOM))]
        raise RuleRefused(f"There is no field “{text}”. One of: {', '.join(known)}.", line=line)
    return name


def _clock(text: str, line: int) -> Trigger:
    """Which clock, and which share of its time: `resolution 75`, `response breached`, either alone, or nothing."""
    value, count = "", 0
    for word in text.casefold().replace("%", " ").split():
        percent = BREACH if word == _BREACHED else whole_number(word, digits_max=3)
        if word in CLOCKS and not value:
            value = word
        elif percent in MARKS and not count:
            count = percent
        else:
            marks = ", ".join(str(mark) for mark in MARKS if mark != BREACH)
            known = f"{', '.join(CLOCKS)}, and one of {marks} or {_BREACHED}"
            msg = f"“{text}” is nothing that a clock reaches. Say which clock, and how far: {known}."
            raise RuleRefused(msg, line=line)
    return Trigger("clock", value=value, count=count)


def _condition(text: str, line: int, catalog: Catalog | None) -> str:
    if catalog is None:
        return text
    try:
        parse_search(text, catalog=catalog)
    except SearchError as error:
        raise RuleRefused(error.message, line=line, position=error.position) from None
    return text


def _action(text: str, line: int, catalog: Catalog | None) -> Action:
    word, _, rest = text.partition(" ")
    kind, value = word.casefold(), rest.strip()
    if kind not in get_args(ActionKind):
        raise RuleRefused(f"A rule can't “{word}”. It can: {', '.join(get_args(ActionKind))}.", line=line)
    if not value:
        action = cast("ActionKind", kind)
        raise RuleRefused(f"“{kind}” needs to know more, as in “then {kind} {ACTIONS[action][1]}”.", line=line)
    return Action(cast("ActionKind", kind), _checked(kind, value, line, catalog))


def _checked(kind: str, value: str, line: int, catalog: Catalog | None) -> str:
    """What an action says, as the organisation writes it. Raises RuleRefused for what is nothing there."""
    if catalog is None:
        return value
    if kind == "notify" and (fault := strange(value)):
        raise RuleRefused(fault, line=line)
    return _known(kind, value, line, catalog) if kind in _CHOSEN else value


def _known(kind: str, value: str, line: int, catalog: Catalog | None) -> str:
    """The value as the organisation writes it. Stored rules, read without a catalogue, may name what is gone."""
    values = catalog.fields[kind].values if catalog else ()
    found = next((one for one in values if one.casefold() == value.casefold()), None)
    if values and found is None:
        raise RuleRefused(f"There is no {kind} “{value}”. One of: {', '.join(values)}.", line=line)
    return found or value


def _limit(limits: Limits, text: str, line: int) -> Limits:
    if found := _HOURLY.fullmatch(text):
        return msgspec.structs.replace(limits, runs_per_hour_max=max(1, int(found[1])))
    if found := _BETWEEN.fullmatch(text):
        minutes = int(found[1]) * _MINUTES[found[2].lower()]
        return msgspec.structs.replace(limits, minutes_between=minutes)
    raise RuleRefused("A limit is “limit 20 an hour” or “limit once in 30m an issue”.", line=line)


def _spelt_trigger(trigger: Trigger) -> str:
    match trigger.kind:
        case "events":
            return f"events {trigger.count} in {trigger.minutes}m"
        case "users":
            return f"users {trigger.count}"
        case "clock":
            mark = _BREACHED if trigger.count == BREACH else str(trigger.count or "")
            return " ".join(word for word in ("clock", trigger.value, mark) if word)
    return f"{trigger.kind} {trigger.value}".strip()
