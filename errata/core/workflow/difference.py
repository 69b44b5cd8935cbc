"""What changed between two versions of a workflow, in sentences."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from errata.core.workflow.types import Rule, Stage, Workflow

Sign = Literal["+", "-", "~"]


class Line(msgspec.Struct, frozen=True):
    sign: Sign
    text: str


def difference(before: Workflow, after: Workflow, *, renamed: Mapping[str, str] | None = None) -> list[Line]:
    """Say what was added, taken away and changed: none for equal ones."""
    names = {old: new for old, new in (renamed or {}).items() if old != new}
    return [
        *_said("name", before.name, after.name),
        *(Line("~", f"The stage {old} is called {new}.") for old, new in names.items() if after.find_stage(new)),
        *_stages(before, after, names),
        *_order(before, after, names),
        *_rules(before, after, names),
        *_said("issue types", _listed(before.types), _listed(after.types)),
        *_said("reasons that last", _listed(before.lasting_reasons), _listed(after.lasting_reasons)),
    ]


def _stages(before: Workflow, after: Workflow, names: Mapping[str, str]) -> Iterable[Line]:
    old = {names.get(stage.name, stage.name): stage for stage in before.stages}
    new = {stage.name: stage for stage in after.stages}
    yield from (Line("-", f"The stage {old[name].name} is gone.") for name in old if name not in new)
    yield from (Line("+", f"A stage {name} ({new[name].category}).") for name in new if name not in old)
    for name in (name for name in new if name in old):
        yield from _changed_stage(old[name], new[name])


def _changed_stage(old: Stage, new: Stage) -> Iterable[Line]:
    if old.category != new.category:
        yield Line("~", f"{new.name} was {old.category} and is {new.category}.")
    if old.meaning != new.meaning:
        yield Line("~", f"{new.name} now means: {new.meaning or 'nothing in particular'}")


def _order(before: Workflow, after: Workflow, names: Mapping[str, str]) -> Iterable[Line]:
    old = [names.get(stage.name, stage.name) for stage in before.stages]
    new = [stage.name for stage in after.stages]
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Line("~", f"The stages are in the order {', '.join(new)}.")


def _rules(before: Workflow, after: Workflow, names: Mapping[str, str]) -> Iterable[Line]:
    old = {rule.name: _renamed(rule, names) for rule in before.rules}
    new = {rule.name: rule for rule in after.rules}
    yield from (Line("-", f"The move {_told(old[name])} is gone.") for name in old if name not in new)
    yield from (Line("+", f"A move {_told(new[name])}.") for name in new if name not in old)
    for name in (name for name in new if name in old and new[name] != old[name]):
        changed = [field for field in Rule.__struct_fields__ if getattr(old[name], field) != getattr(new[name], field)]
        words = _listed(_WORDS.get(field, field) for field in changed)
        yield Line("~", f"The move {_told(new[name])} has other {words}.")


_WORDS = {
    "label": "words on its button",
    "sources": "stages to start from",
    "to": "stage to lead to",
    "requires": "things it asks for",
    "effects": "marks",
    "by": "people to make it",
    "on": "cause",
    "actions": "actions",
}


def _renamed(rule: Rule, names: Mapping[str, str]) -> Rule:
    sources = tuple(names.get(name, name) for name in rule.sources)
    return msgspec.structs.replace(rule, sources=sources, to=names.get(rule.to, rule.to))


def _told(rule: Rule) -> str:
    return f"“{rule.label}” ({', '.join(rule.sources)} → {rule.to})"


def _said(what: str, old: str, new: str) -> Sequence[Line]:
    return [] if old == new else [Line("~", f"The {what}: {new or 'none'}. Before: {old or 'none'}.")]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
