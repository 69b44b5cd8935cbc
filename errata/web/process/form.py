"""The form of a template: from its fields to rows of inputs, and back.

Each row carries what the form has no input for, so that saving never drops a field that somebody else's page writes.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from django.http import QueryDict

from errata.core.designation import DesignationRule
from errata.core.errors import Refusal
from errata.core.numeral import whole_number
from errata.core.recipients import recipients
from errata.core.sla import ClockPolicy, EscalationStep, Target
from errata.core.template import DurationRefused, FieldName, parse_duration, print_duration

Made = TypeVar("Made", bound=msgspec.Struct)
Row = TypeVar("Row", Target, EscalationStep, DesignationRule)
_NAME = re.compile(r"(target|step|rule)-(\d{1,4})-(\w{1,20})")
_DURATIONS = (("response", "response_min"), ("update", "update_min"), ("resolution", "resolution_min"))
_MINUTES = dict(_DURATIONS)
_CLOCKS = ("response", "update", "resolution")


class FormUnreadable(Refusal):
    """A value of the form that says nothing."""

    code = "template_form_unreadable"
    status = 422


class RowShown(msgspec.Struct, frozen=True):
    """A row of inputs: its number, its values as text, and what it carries."""

    number: int
    values: Mapping[str, Any]
    rest: str


def target_rows(policy: ClockPolicy) -> list[RowShown]:
    """The table of targets."""
    return [
        RowShown(
            number=number,
            values={
                "severity": target.severity,
                "priority": target.priority,
                **{name: _duration(getattr(target, field)) for name, field in _DURATIONS},
            },
            rest=_rest(target),
        )
        for number, target in enumerate(policy.targets)
    ]


def step_rows(policy: ClockPolicy) -> list[RowShown]:
    """The steps of escalation."""
    return [
        RowShown(
            number=number,
            values={
                "percent": step.percent,
                "action": step.action,
                "to": ", ".join(step.to),
                "every": _duration(step.every_min),
                **{clock: clock in step.kinds for clock in _CLOCKS},
            },
            rest=_rest(step),
        )
        for number, step in enumerate(policy.escalation)
    ]


def rule_rows(rules: Sequence[DesignationRule]) -> list[RowShown]:
    """The designation list."""
    return [
        RowShown(
            number=number,
            values={
                "kind": rule.kind,
                "pattern": rule.pattern,
                "owners": ", ".join(rule.owners),
                "deputies": ", ".join(rule.deputies),
                "choose": rule.choose,
                "hours": rule.hours,
            },
            rest=_rest(rule),
        )
        for number, rule in enumerate(rules)
    ]


def read_field(name: FieldName, post: QueryDict, current: Any) -> Any:
    """What the form says of a field. Raises FormUnreadable."""
    match name:
        case "maximum_time":
            return _policy(post, current)
        case "platform":
            kind, channel = post.get("kind", "errata"), post.get("channel", "").strip()
            return _made(current, kind=kind, channel=channel)
        case "ranking":
            return post.get("ranking", "").strip()
        case "designation":
            return tuple(_rule(row) for row in _rows(post, "rule") if row.get("owners") or row.get("pattern"))


def _policy(post: QueryDict, current: ClockPolicy) -> ClockPolicy:
    targets = tuple(_target(row) for row in _rows(post, "target") if any(row.get(name) for name in _TARGET))
    steps = tuple(_step(row) for row in _rows(post, "step") if row.get("percent"))
    return _made(
        current,
        calendar=post.get("calendar", "").strip(),
        targets=targets,
        paused_in=tuple(post.getlist("paused_in")),
        paused_while_waiting="paused_while_waiting" in post,
        on_reopen=post.get("on_reopen", "continue"),
        escalation=steps,
    )


_TARGET = ("severity", "priority", *_MINUTES)


def _target(row: Mapping[str, str]) -> Target:
    minutes = {field: _minutes(row.get(name, "")) for name, field in _DURATIONS}
    values = {"severity": row.get("severity", ""), "priority": row.get("priority", "")}
    return _made(_carried(row, Target, Target()), **values, **minutes)


def _step(row: Mapping[str, str]) -> EscalationStep:
    text = row.get("percent", "").strip().rstrip("%").strip()
    percent = whole_number(text, digits_max=5)
    if percent is None:
        raise FormUnreadable(f"“{text}” is no share of the time: write 75 for 75 %.", field="maximum_time")
    return _made(
        _carried(row, EscalationStep, EscalationStep(percent, "notify")),
        percent=percent,
        action=row.get("action", "notify"),
        to=tuple(dict.fromkeys(recipients(row.get("to", "")))),
        every_min=_minutes(row.get("every", "")) or EscalationStep(1, "chain").every_min,
        kinds=tuple(clock for clock in _CLOCKS if row.get(clock)),
    )


def _rule(row: Mapping[str, str]) -> DesignationRule:
    return _made(
        _carried(row, DesignationRule, DesignationRule()),
        kind=row.get("kind", "always"),
        pattern=row.get("pattern", "").strip(),
        owners=_names(row.get("owners", "")),
        deputies=_names(row.get("deputies", "")),
        choose=row.get("choose", "first"),
        hours=row.get("hours", "").strip(),
    )


def _made(base: Made, **values: Any) -> Made:
    """The same with other values, checked as if they had been read: a select can be made to say anything."""
    changed = msgspec.structs.replace(base, **values)
    try:
        return msgspec.convert(msgspec.to_builtins(changed), type(base))
    except msgspec.ValidationError as error:
        raise FormUnreadable(f"The form says something that can’t be: {error}.") from None


def _carried(row: Mapping[str, str], kind: type[Row], otherwise: Row) -> Row:
    try:
        return msgspec.json.decode(row.get("rest", ""), type=kind)
    except msgspec.MsgspecError:
        return otherwise


def _rows(post: QueryDict, prefix: str) -> list[dict[str, str]]:
    """The rows of a table, in the order in which the page has them: their numbers are only names."""
    rows: dict[str, dict[str, str]] = {}
    for name, value in post.items():
        match = _NAME.fullmatch(name)
        if match and match[1] == prefix:
            rows.setdefault(match[2], {})[match[3]] = str(value).strip()
    return list(rows.values())


def _minutes(text: str) -> int | None:
    try:
        return parse_duration(text)
    except DurationRefused as refusal:
        raise FormUnreadable(refusal.message, field="maximum_time") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in re.split(r"[\s,;]+", text) if name))


def _duration(minutes: int | None) -> str:
    return "" if minutes is None else print_duration(minutes)


def _rest(struct: msgspec.Struct) -> str:
    return msgspec.json.encode(struct).decode()
