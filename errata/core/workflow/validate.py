"""What is wrong with a workflow, before anyone has to live with it."""

from collections import Counter

from errata.core.vocabulary import CATEGORIES
from errata.core.workflow.types import Rule, Stage, Workflow


def validate(workflow: Workflow) -> list[str]:
    """List the faults of a workflow as sentences; none means that it can be used."""
    if not workflow.stages:
        return ["A workflow needs at least one stage."]
    return [
        *_doubled(workflow),
        *_unknown_names(workflow),
        *_categories(workflow),
        *_unreachable(workflow),
        *_dead_ends(workflow),
    ]


def _doubled(workflow: Workflow) -> list[str]:
    stages = Counter(stage.name.casefold() for stage in workflow.stages)
    moves = Counter((source, rule.name) for rule in workflow.rules for source in rule.sources)
    return [
        *(f"Two stages are called {stage.name}." for stage in _firsts(workflow) if stages[stage.name.casefold()] > 1),
        *(f"{source} has two moves called {name}." for (source, name), times in moves.items() if times > 1),
    ]


def _firsts(workflow: Workflow) -> list[Stage]:
    return list({stage.name.casefold(): stage for stage in reversed(workflow.stages)}.values())


def _unknown_names(workflow: Workflow) -> list[str]:
    known = {stage.name for stage in workflow.stages}
    return [
        f"The move {rule.name} names the stage {name}, which doesn't exist."
        for rule in workflow.rules
        for name in dict.fromkeys((*rule.sources, rule.to))
        if name not in known
    ]


def _categories(workflow: Workflow) -> list[str]:
    faults = [
        f"The stage {stage.name} has no category." for stage in workflow.stages if stage.category not in CATEGORIES
    ]
    if workflow.initial.category != "new":
        faults.append(f"Issues begin in {workflow.initial.name}, so its category has to be new.")
    if not any(stage.category == "closed" for stage in workflow.stages):
        faults.append("No stage has the category closed, so nothing could ever be finished.")
    return faults


def _unreachable(workflow: Workflow) -> list[str]:
    reached = {workflow.initial.name}
    while more := {rule.to for rule in workflow.rules if _starts_in(rule, reached)} - reached:
        reached |= more
    return [f"No way leads to {stage.name}." for stage in workflow.stages if stage.name not in reached]


def _dead_ends(workflow: Workflow) -> list[str]:
    """Every stage must have a way to a closed one, and a closed one a way back."""
    finishing = {stage.name for stage in workflow.stages if stage.category == "closed"}
    while more := {s for rule in workflow.rules if rule.to in finishing for s in rule.sources} - finishing:
        finishing |= more
    leaving = {source for rule in workflow.rules for source in rule.sources if source != rule.to}
    return [
        *(f"From {s.name} an issue can never be closed." for s in workflow.stages if s.name not in finishing),
        *(f"No way leads out of {s.name}." for s in workflow.stages if s.name not in leaving),
    ]


def _starts_in(rule: Rule, reached: set[str]) -> bool:
    return not reached.isdisjoint(rule.sources)
