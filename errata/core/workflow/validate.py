"""What is wrong with a workflow, before anyone has to live with it."""

import re
from collections import Counter

from errata.core.recipients import MEANT, is_recipient, recipients
from errata.core.vocabulary import CATEGORIES, OPEN_CATEGORIES, PRIORITIES, SEVERITIES
from errata.core.workflow.default import EVIDENCE
from errata.core.workflow.rules import FIELD
from errata.core.workflow.types import Rule, Stage, Workflow

# What a person can keep in view: the largest workflow that teams publish has 24 stages and 90 moves.
STAGES_MAX = 40
RULES_MAX = 200
NAME_CHARS_MAX = 40  # the columns of an issue's stage and type
LABEL_CHARS_MAX = 60
TEXT_CHARS_MAX = 500
_NEEDS_VALUE = {"set_priority", "set_severity", "set_type", "set_assignee", "set_deputy", "add_label", "remove_label",
                "comment", "notify"}  # fmt: skip
# What a person gives with a move, or an issue has; custom fields beside them are FIELD and their slug.
ASKED = ("assignee", "comment", "reason")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_CLOSED_VALUES = {"set_priority": PRIORITIES, "set_severity": SEVERITIES}


def validate(workflow: Workflow) -> list[str]:
    """List the faults of a workflow as sentences; none means that it can be used."""
    if not workflow.stages:
        return ["A workflow needs at least one stage."]
    return [
        *_sizes(workflow),
        *_doubled(workflow),
        *_unknown_names(workflow),
        *_categories(workflow),
        *_unreachable(workflow),
        *_dead_ends(workflow),
        *_recurrences(workflow),
        *(fault for rule in workflow.rules for fault in _move_faults(rule)),
    ]


def _sizes(workflow: Workflow) -> list[str]:
    faults = [
        *(["The workflow has no name."] if not workflow.name.strip() else []),
        *(["A stage has no name."] if any(not stage.name.strip() for stage in workflow.stages) else []),
        *(["An issue type has no name."] if any(not name.strip() for name in workflow.types) else []),
        *(f"“{name[:60]}” is longer than {NAME_CHARS_MAX} characters." for name in _long_names(workflow)),
        *(f"{name[:60]!a} has characters that nobody can see." for name in _words(workflow) if _UNSEEN.search(name)),
    ]
    if len(workflow.stages) > STAGES_MAX:
        faults.append(f"{len(workflow.stages)} stages are too many: {STAGES_MAX} is the most.")
    if len(workflow.rules) > RULES_MAX:
        faults.append(f"{len(workflow.rules)} moves are too many: {RULES_MAX} is the most.")
    return faults


def _names(workflow: Workflow) -> list[str]:
    """What stages, moves and types are called: what goes into columns."""
    stages, rules = (stage.name for stage in workflow.stages), (rule.name for rule in workflow.rules)
    return list(dict.fromkeys((*stages, *rules, *workflow.types)))


def _long_names(workflow: Workflow) -> list[str]:
    return [name for name in _names(workflow) if len(name) > NAME_CHARS_MAX]


def _words(workflow: Workflow) -> list[str]:
    """All that stands on buttons and headings."""
    return list(dict.fromkeys((workflow.name, *_names(workflow), *(rule.label for rule in workflow.rules))))


def _recurrences(workflow: Workflow) -> list[str]:
    """A recurrence has one way from each stage, and leads back to work."""
    rules = [rule for rule in workflow.rules if rule.on == "recurrence"]
    open_stages = {stage.name for stage in workflow.stages if stage.category in OPEN_CATEGORIES}
    ways = Counter(source for rule in rules for source in rule.sources)
    return [
        *(f"A recurrence has two ways from {source}." for source, times in ways.items() if times > 1),
        *(
            f"A recurrence brings issues to {rule.to}, where nobody works on them."
            for rule in rules
            if rule.to not in open_stages
        ),
    ]


def _move_faults(rule: Rule) -> list[str]:
    called = f"The move {rule.label or rule.name or 'without a name'}"
    faults = []
    if not rule.name.strip() or not rule.label.strip():
        faults.append(f"{called} needs a name and a label.")
    if not rule.sources:
        faults.append(f"{called} starts nowhere.")
    if rule.to in rule.sources:
        faults.append(f"{called} leads from {rule.to} to itself.")
    if not rule.by:
        faults.append(f"{called} can be made by nobody.")
    if any(not need.fields or not need.ask.strip() for need in rule.requires):
        faults.append(f"{called} asks for something without saying what.")
    if len(rule.label) > LABEL_CHARS_MAX or any(len(need.ask) > TEXT_CHARS_MAX for need in rule.requires):
        faults.append(f"{called} says too much: {LABEL_CHARS_MAX} characters on its button, {TEXT_CHARS_MAX} to ask.")
    return faults + [f"{called} {fault}" for fault in (*_unmet_faults(rule), *_action_faults(rule))]


def _unmet_faults(rule: Rule) -> list[str]:
    """What a move waits for and nobody can ever bring."""
    asked = dict.fromkeys(name for need in rule.requires for name in need.fields)
    return [
        *(
            f"asks for {name}, which nobody can give. It can be {', '.join(ASKED)}, or a field as {FIELD}impact."
            for name in asked
            if name not in ASKED and not name.startswith(FIELD)
        ),
        *(
            f"needs the proof {name}, which nobody can bring. There are {', '.join(EVIDENCE)}."
            for name in rule.evidence
            if name not in EVIDENCE
        ),
    ]


def _action_faults(rule: Rule) -> list[str]:
    faults = []
    for action in rule.actions:
        words = action.kind.replace("_", " ")
        if (action.kind in _NEEDS_VALUE or action.kind == "set_field") and not action.value.strip():
            faults.append(f"is to {words}, without saying to what.")
        elif action.kind in ("set_field", "clear_field") and not action.field:
            faults.append(f"is to {words}, without saying which.")
        elif (known := _CLOSED_VALUES.get(action.kind)) and action.value not in known:
            faults.append(f"is to {words} to {action.value}, which is none of {', '.join(known)}.")
        elif action.kind == "notify" and (
            strange := [one for one in recipients(action.value) if not is_recipient(one)]
        ):
            faults.append(f"is to notify {', '.join(strange)}. It can be {MEANT}.")
    return faults


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
    return [f"No way leads to {stage.name}." for stage in _named(workflow) if stage.name not in reached]


def _dead_ends(workflow: Workflow) -> list[str]:
    """Every stage must have a way to a closed one, and a closed one a way back.

    A recurrence is a way back, and no way forward: nobody can wait for it, and what was written by hand never recurs.
    """
    made = [rule for rule in workflow.rules if not rule.on]
    finishing = {stage.name for stage in workflow.stages if stage.category == "closed"}
    leaving = {source for rule in workflow.rules for source in rule.sources if source != rule.to}
    while more := {s for rule in made if rule.to in finishing for s in rule.sources} - finishing:
        finishing |= more
    return [
        *(f"From {s.name} an issue can never be closed." for s in _named(workflow) if s.name not in finishing),
        *(f"No way leads out of {s.name}." for s in _named(workflow) if s.name not in leaving),
    ]


def _named(workflow: Workflow) -> list[Stage]:
    """The stages that can be spoken of; that another has no name is said once."""
    return [stage for stage in workflow.stages if stage.name.strip()]


def _starts_in(rule: Rule, reached: set[str]) -> bool:
    return not reached.isdisjoint(rule.sources)
