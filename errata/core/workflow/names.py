"""What a workflow's moves name of its organisation: fields and types that have to be there for them to work."""

from collections.abc import Collection, Iterator, Mapping

from errata.core.fields import CustomField, FieldValueRefused, checked
from errata.core.workflow.rules import FIELD
from errata.core.workflow.types import Action, Rule, Workflow


def unknown_names(workflow: Workflow, *, fields: Mapping[str, CustomField], types: Collection[str]) -> list[str]:
    """List, as sentences, what the moves name and the organisation doesn't have; `fields` are by their slug.

    Types that the workflow itself is for come with it.
    """
    known = {name.casefold() for name in (*types, *workflow.types)}
    return [
        f"The move {rule.label or rule.name} {fault}"
        for rule in workflow.rules
        for fault in dict.fromkeys(_of_rule(rule, fields, known))
    ]


def _of_rule(rule: Rule, fields: Mapping[str, CustomField], types: Collection[str]) -> Iterator[str]:
    for need in rule.requires:
        # What can be given otherwise asks for something all the same.
        missing = [name.removeprefix(FIELD) for name in need.fields if name.startswith(FIELD)]
        if len(missing) == len(need.fields) and not any(slug in fields for slug in missing):
            yield from (f"asks for {FIELD}{slug}, but there is no field {slug}." for slug in missing)
    for action in rule.actions:
        yield from _of_action(action, fields, types)


def _of_action(action: Action, fields: Mapping[str, CustomField], types: Collection[str]) -> Iterator[str]:
    if action.kind in ("set_field", "clear_field") and action.field and action.field not in fields:
        yield f"is to {action.kind.replace('_', ' ')} {action.field}, but there is no such field."
    elif action.kind == "set_field" and action.field:
        try:
            checked(fields[action.field], action.value)
        except FieldValueRefused as refusal:
            yield f"is to set {fields[action.field].name}, and can't: {refusal.message}"
    elif action.kind == "set_type" and action.value.strip() and action.value.casefold() not in types:
        yield f"is to set the type to {action.value}, but no such type can be chosen."
