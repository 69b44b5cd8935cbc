"""What is wrong with a template, before anybody has to live with it."""

import re
from collections.abc import Iterator

import msgspec

from errata.core.designation import DesignationRule, HoursRefused, hours
from errata.core.ranking import RankingRefused, parse
from errata.core.recipients import MEANT, OWNER, is_recipient
from errata.core.sla import ClockPolicy, EscalationStep, Target
from errata.core.template.durations import DURATION_MIN_MAX
from errata.core.template.fields import FIELDS, FieldName
from errata.core.template.types import Overrides, Platform
from errata.core.template.words import whom
from errata.core.vocabulary import PRIORITIES, SEVERITIES

# A list that a person still reads; more rules belong into fewer patterns.
ROWS_MAX = 200
_PERCENT_MAX = 1_000
_OWNERS_MAX = 50
_TEXT_CHARS_MAX = 300
_TAG = re.compile(r"[^=\s]{1,200}=.+")


class Fault(msgspec.Struct, frozen=True):
    field: FieldName
    words: str
    position: int | None = None  # in the ranking's text


def faults(overrides: Overrides) -> list[Fault]:
    """Everything that keeps these fields from being used; none means that they can be."""
    found: list[Fault] = []
    for name in FIELDS:
        match getattr(overrides, name):
            case None:
                continue
            case ClockPolicy() as policy:
                found += (Fault(name, words) for words in _policy(policy))
            case Platform() as platform:
                found += (Fault(name, words) for words in _platform(platform))
            case str() as expression:
                found += _ranking(expression)
            case rules:
                found += (Fault(name, words) for words in _designation(rules))
    return found


def _ranking(expression: str) -> Iterator[Fault]:
    try:
        parse(expression)
    except RankingRefused as refusal:
        yield Fault("ranking", refusal.message, refusal.position)


def _platform(platform: Platform) -> Iterator[str]:
    if len(platform.channel) > _TEXT_CHARS_MAX:
        yield f"The channel’s name is longer than {_TEXT_CHARS_MAX} characters."


def _policy(policy: ClockPolicy) -> Iterator[str]:
    if max(len(policy.targets), len(policy.escalation), len(policy.paused_in)) > ROWS_MAX:
        yield f"There are more than {ROWS_MAX} rows."
    yield from _hidden(policy.targets)
    for target in policy.targets:
        yield from _target(target)
    for step in policy.escalation:
        yield from _step(step)


def _hidden(targets: tuple[Target, ...]) -> Iterator[str]:
    for number, target in enumerate(targets):
        for earlier in targets[:number]:
            if earlier.priority in ("", target.priority) and earlier.severity in ("", target.severity):
                yield (
                    f"The target for {whom(target)} is never used: the one for {whom(earlier)} stands above it "
                    "and fits the same issues."
                )
                break


def _target(target: Target) -> Iterator[str]:
    if target.severity and target.severity not in SEVERITIES:
        yield f"There is no severity {target.severity}. One of: {', '.join(SEVERITIES)}."
    if target.priority and target.priority not in PRIORITIES:
        yield f"There is no priority {target.priority}. One of: {', '.join(PRIORITIES)}."
    given = [target.response_min, target.update_min, target.resolution_min]
    if any(minutes is not None and not 1 <= minutes <= DURATION_MIN_MAX for minutes in given):
        yield f"A time of {whom(target)} is not between a minute and five years."
    if target.response_min and target.resolution_min and target.response_min > target.resolution_min:
        yield f"The first response to {whom(target)} may take longer than its resolution."


def _step(step: EscalationStep) -> Iterator[str]:
    if not 1 <= step.percent <= _PERCENT_MAX:
        yield f"{step.percent} % is no share of the time: 1 to {_PERCENT_MAX}, and 100 is the breach."
    if step.action in ("notify", "chain") and not step.to:
        yield f"Whom to tell at {step.percent} %? It can be {MEANT}."
    yield from (f"“{who}” names nobody to tell. It can be {MEANT}." for who in step.to if not is_recipient(who))


def _designation(rules: tuple[DesignationRule, ...]) -> Iterator[str]:
    if len(rules) > ROWS_MAX:
        yield f"There are more than {ROWS_MAX} rules."
    for number, rule in enumerate(rules, 1):
        yield from _hours(number, rule)
        if rule.kind != "always" and not rule.pattern.strip():
            yield f"Rule {number} says nothing of the {rule.kind} it is about."
        if rule.kind == "tag" and rule.pattern.strip() and not _TAG.fullmatch(rule.pattern):
            yield f"Rule {number}: a tag is written name=value, as in region=eu-*."
        if len(rule.pattern) > _TEXT_CHARS_MAX or len(rule.owners) > _OWNERS_MAX:
            yield f"Rule {number} is too long: {_TEXT_CHARS_MAX} characters and {_OWNERS_MAX} owners are the most."
        if not rule.owners:
            yield f"Rule {number} names nobody: an e-mail address or a #team."
        yield from (
            f"Rule {number}: “{owner}” is neither an e-mail address nor a #team."
            for owner in (*rule.owners, *rule.deputies)
            if not OWNER.fullmatch(owner)
        )


def _hours(number: int, rule: DesignationRule) -> Iterator[str]:
    try:
        if rule.hours:
            hours(rule.hours)
    except HoursRefused as refusal:
        yield f"Rule {number}: {refusal}"
