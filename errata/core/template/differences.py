"""What differs between two templates, in words: a version and the one before it, a team's and the organisation's."""

from collections.abc import Iterator
from typing import Any

import msgspec

from errata.core.designation import DesignationRule
from errata.core.sla import ClockPolicy, Target
from errata.core.template.durations import print_duration
from errata.core.template.fields import FIELDS, FieldName
from errata.core.template.types import Overrides, Template
from errata.core.template.words import platform_words, rule_words, step_when, step_words, whom

_CLOCKS = (("response_min", "First response"), ("update_min", "Update"), ("resolution_min", "Resolution"))
_TOLD_APART = {"targets", "escalation"}
_NAMES = {
    "calendar": "Calendar",
    "paused_in": "Paused in",
    "paused_while_waiting": "Paused while waiting on somebody else",
    "on_reopen": "When an issue comes back, its clock",
}
_PLAIN = {True: "yes", False: "no", "": "none", None: "none", "restart": "starts again", "continue": "goes on"}


class Difference(msgspec.Struct, frozen=True):
    field: FieldName
    words: str


def differences(before: Template, after: Template) -> list[Difference]:
    """Every difference, in the order of the fields."""
    return [
        Difference(field=name, words=words)
        for name in FIELDS
        for words in _field(name, getattr(before, name), getattr(after, name))
    ]


def changes(before: Overrides, after: Overrides) -> list[str]:
    """What a new version of somebody's own fields changes."""
    return [words for name in FIELDS for words in _change(name, getattr(before, name), getattr(after, name))]


def _change(name: FieldName, before: Any, after: Any) -> Iterator[str]:
    title = FIELDS[name].title
    if before == after:
        return
    if after is None:
        yield f"{title}: inherited again."
    elif before is None:
        yield f"{title}: set here."
        yield from _field(name, type(after)() if not isinstance(after, str) else "", after)
    else:
        yield from _field(name, before, after)


def _field(name: FieldName, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    match name:
        case "maximum_time":
            yield from _policy(before, after)
        case "platform":
            yield f"The team talks in {platform_words(before)} → {platform_words(after)}."
        case "ranking":
            yield f"Ranking: {before} → {after}" if before else f"Ranking: {after}"
        case "designation":
            yield from _rules(before, after)


def _policy(before: ClockPolicy, after: ClockPolicy) -> Iterator[str]:
    yield from _targets(before.targets, after.targets)
    for field in ClockPolicy.__struct_fields__:
        old, new = getattr(before, field), getattr(after, field)
        if field not in _TOLD_APART and old != new:
            yield f"{_NAMES.get(field, _title(field))}: {_plain(old)} → {_plain(new)}."
    old_steps = [f"{step_when(step)}, {step_words(step)}" for step in before.escalation]
    new_steps = [f"{step_when(step)}, {step_words(step)}" for step in after.escalation]
    yield from _lines(old_steps, new_steps, gone="No longer: ", new="New: ")
    if before.escalation != after.escalation and old_steps == new_steps:
        yield "The clocks that the steps of escalation look at."


def _targets(before: tuple[Target, ...], after: tuple[Target, ...]) -> Iterator[str]:
    old, new = ({(each.severity, each.priority): each for each in targets} for targets in (before, after))
    for key, target in new.items():
        known = old.get(key, Target(priority=target.priority, severity=target.severity))
        for field, clock in _CLOCKS:
            minutes, now = getattr(known, field), getattr(target, field)
            if minutes != now and key in old:
                yield f"{clock} of {whom(target)}: {print_duration(minutes)} → {print_duration(now)}."
            elif minutes != now:
                yield f"{clock} of {whom(target)}: {print_duration(now)}."
    for key, target in old.items():
        if key not in new:
            yield f"No target any more for {whom(target)}."
    if before != after and len(old) == len(new) and list(old) != list(new) and set(old) == set(new):
        yield "The order of the targets, in which the first that fits holds."


def _rules(before: tuple[DesignationRule, ...], after: tuple[DesignationRule, ...]) -> Iterator[str]:
    old, new = [rule_words(rule) for rule in before], [rule_words(rule) for rule in after]
    told = [*_lines(old, new, gone="No longer: ", new="New: ")]
    yield from told or ["The order or the details of the designation list."]


def _lines(before: list[str], after: list[str], *, gone: str, new: str) -> Iterator[str]:
    yield from (f"{gone}{line.rstrip('.')}." for line in before if line not in after)
    yield from (f"{new}{line.rstrip('.')}." for line in after if line not in before)


def _plain(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(_plain(each) for each in value) or "none"
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{_title(name).lower()} {_plain(getattr(value, name))}" for name in value.__struct_fields__)
    return _PLAIN.get(value, str(value)) if isinstance(value, str | bool | None) else str(value)


def _title(field: str) -> str:
    return field.replace("_", " ").capitalize()
