"""The four fields and the workflow, as the pages tell them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from errata.apps.templates.types import Source, TemplateView
from errata.core.ranking import MEASURES, describe, names_in, parse
from errata.core.sla import ClockPolicy, EscalationStep, Target
from errata.core.template import FIELDS, ORIGIN_WORDS, FieldName, print_duration
from errata.core.template.words import listed, platform_words, rule_words, step_when, step_words, whom
from errata.core.vocabulary import CATEGORIES, PRIORITIES, SEVERITIES
from errata.core.workflow import PROOF_WORDS, Rule, Workflow

_CLOCK_WORDS = {"response": "first response", "update": "update", "resolution": "resolution"}


class TargetTold(msgspec.Struct, frozen=True):
    whom: str
    response: str
    update: str
    resolution: str


class Cell(msgspec.Struct, frozen=True):
    priority: str
    response: str
    update: str
    resolution: str


class Line(msgspec.Struct, frozen=True):
    """A severity, and what holds for it by priority."""

    severity: str
    cells: list[Cell]


class StepTold(msgspec.Struct, frozen=True):
    percent: int
    when: str
    what: str
    clocks: str


class StageTold(msgspec.Struct, frozen=True):
    name: str
    meaning: str
    category: str
    moves: list["MoveTold"]


class MoveTold(msgspec.Struct, frozen=True):
    label: str
    to: str
    asks: str
    alone: bool  # Errata makes it by itself


class FieldTold(msgspec.Struct, frozen=True):
    """A field of a template: its words, and whose it is."""

    name: FieldName
    title: str
    words: str
    origin: str
    own: bool
    at: datetime | None
    by_name: str
    number: int


def fields_told(view: TemplateView) -> dict[FieldName, FieldTold]:
    """The head of each field."""
    return {
        name: FieldTold(
            name=name,
            title=field.title,
            words=field.words,
            origin=origin_words(view.sources[name]),
            own=getattr(view.overrides, name) is not None,
            at=view.sources[name].at,
            by_name=view.sources[name].by_name,
            number=view.sources[name].number,
        )
        for name, field in FIELDS.items()
    }


def origin_words(source: Source) -> str:
    """Whose a field is."""
    return f"{ORIGIN_WORDS[source.origin]}{f' {source.name}' if source.name else ''}"


def template_told(view: TemplateView, *, calendar: str) -> dict[str, Any]:
    """All four fields in words."""
    template = view.template
    policy = template.maximum_time
    return {
        "targets": [target_told(target) for target in policy.targets],
        "matrix": matrix(policy),
        "calendar": calendar,
        "pauses": pauses(policy),
        "reopened": "starts again" if policy.on_reopen == "restart" else "goes on where it stood",
        "steps": [step_told(step) for step in policy.escalation],
        "platform": platform_words(template.platform),
        "summands": describe(template.ranking),
        "ranking": template.ranking,
        "rules": [rule_words(rule) for rule in template.designation],
    }


def target_told(target: Target) -> TargetTold:
    """A row of the table of targets."""
    return TargetTold(
        whom=whom(target),
        response=print_duration(target.response_min),
        update=print_duration(target.update_min),
        resolution=print_duration(target.resolution_min),
    )


def matrix(policy: ClockPolicy) -> list[Line]:
    """What holds for each severity and priority, the worst first."""
    return [
        Line(severity, [_cell(policy, severity, priority) for priority in reversed(PRIORITIES)])
        for severity in reversed(SEVERITIES)
    ]


def _cell(policy: ClockPolicy, severity: str, priority: str) -> Cell:
    target = policy.target_for(priority, severity) or Target()
    told = target_told(target)
    return Cell(priority=priority, response=told.response, update=told.update, resolution=told.resolution)


def pauses(policy: ClockPolicy) -> str:
    """When the time stands still, as a sentence."""
    reasons = [f"in the stage {stage}" for stage in policy.paused_in]
    if policy.paused_while_waiting:
        reasons.append("while the issue waits on somebody outside of the team")
    return f"The time stands still {listed(reasons)}." if reasons else "Nothing stops the time."


def step_told(step: EscalationStep) -> StepTold:
    """A step of escalation."""
    return StepTold(
        percent=step.percent,
        when=step_when(step),
        what=step_words(step),
        clocks=listed([_CLOCK_WORDS.get(kind, kind) for kind in step.kinds]),
    )


def stages_told(workflow: Workflow) -> list[StageTold]:
    """Each stage with the moves that lead out of it."""
    return [
        StageTold(
            name=stage.name,
            meaning=stage.meaning or CATEGORIES.get(stage.category, ""),
            category=stage.category,
            moves=[
                MoveTold(
                    label=rule.label,
                    to=rule.to,
                    asks=_asks(rule),
                    alone=bool(rule.on),
                )
                for rule in workflow.rules
                if stage.name in rule.sources
            ],
        )
        for stage in workflow.stages
    ]


def _asks(rule: Rule) -> str:
    """What a move asks for first."""
    proofs = [PROOF_WORDS.get(name, name) for name in rule.evidence]
    proven = [f"Has to be shown first: {'; '.join(proofs)}."] if proofs else []
    return " ".join([*(need.ask for need in rule.requires), *proven])


def in_short(view: TemplateView, workflow: Workflow) -> list[str]:
    """The whole process in a few sentences, for somebody who reads nothing else."""
    template = view.template
    return [
        f"Whatever goes wrong becomes an issue, by itself or by hand, and begins in {workflow.initial.name}.",
        _who(template.designation),
        *_worst(template.maximum_time),
        *_risk(template.maximum_time.escalation),
        f"Open issues stand in one order, by {_looks_at(template.ranking)}.",
        *_ends(workflow),
        f"The team talks in {platform_words(template.platform)}.",
    ]


def _who(rules: Sequence[Any]) -> str:
    if not rules:
        return "Nobody gets issues by rule: whoever takes one up assigns it to themselves."
    many = f"{len(rules)} rule{'' if len(rules) == 1 else 's'}"
    return f"{many.capitalize()}, from top to bottom, say{'s' if len(rules) == 1 else ''} who gets it."


def _worst(policy: ClockPolicy) -> list[str]:
    worst, least = SEVERITIES[-1], SEVERITIES[0]
    hard = policy.target_for(PRIORITIES[-1], worst)
    soft = policy.target_for(PRIORITIES[0], least)
    told = [
        f"{print_duration(target.resolution_min)} for the {words}"
        for target, words in ((hard, "worst"), (soft, "least"))
        if target and target.resolution_min
    ]
    first = f"A first response is due within {print_duration(hard.response_min)} for the worst" if hard else ""
    if hard and hard.response_min and told:
        return [f"{first}, a resolution within {listed(told)}."]
    return [f"A resolution is due within {listed(told)}."] if told else []


def _risk(steps: Sequence[EscalationStep]) -> list[str]:
    if not steps:
        return []
    first = min(steps, key=lambda step: step.percent)
    when = step_when(first)
    return [f"{when}, {step_words(first)}{'; more happens as it runs out' if len(steps) > 1 else ''}."]


def _looks_at(expression: str) -> str:
    return listed([MEASURES[name].title for name in names_in(parse(expression))]) or "the same for all"


def _ends(workflow: Workflow) -> list[str]:
    checked = [stage.name for stage in workflow.stages if stage.category == "verify"]
    ended = [stage.name for stage in workflow.stages if stage.category in ("done", "closed")]
    if checked:
        return [f"A fix is checked in {listed(checked, joint='or')} before the issue is {listed(ended, joint='or')}."]
    return [f"It ends in {listed(ended, joint='or')}."] if ended else []
