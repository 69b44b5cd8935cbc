"""A workflow on a form: every stage and move under a key of its own, so that renaming a stage renames it everywhere.

Nothing of a draft is kept on the server: the form is the draft.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from django.http import QueryDict

from errata.core.numeral import whole_number
from errata.core.vocabulary import Category
from errata.core.workflow import Action, ActionKind, ActorKind, Effect, Guard, Requirement, Rule, Stage, Workflow

# What a person fills in; a form that says more was not made by one.
_ROWS_MAX = 300
_TEXT_MAX = 2_000


class StageRow(msgspec.Struct, frozen=True):
    key: str
    name: str
    category: str
    meaning: str
    was: str = ""  # its name in the version the draft began from


class NeedRow(msgspec.Struct, frozen=True):
    key: str
    fields: str
    ask: str
    options: str


class ActionRow(msgspec.Struct, frozen=True):
    key: str
    kind: str
    value: str
    field: str


class RuleRow(msgspec.Struct, frozen=True):
    key: str
    name: str
    label: str
    sources: tuple[str, ...]  # keys of stages
    to: str  # the key of a stage
    needs: tuple[NeedRow, ...] = ()
    actions: tuple[ActionRow, ...] = ()
    guards: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    by: tuple[str, ...] = ("person", "token", "system")
    on: str = ""
    evidence: tuple[str, ...] = ()
    open: bool = False


class Draft(msgspec.Struct, frozen=True):
    name: str
    stages: tuple[StageRow, ...]
    rules: tuple[RuleRow, ...]
    lasting: str = ""
    types: tuple[str, ...] = ()
    based_on: int = 0

    @property
    def renamed(self) -> dict[str, str]:
        """The new names of stages that were called otherwise."""
        return {row.was: row.name for row in self.stages if row.was and row.was != row.name}


def from_workflow(workflow: Workflow, *, names: Mapping[str, str] | None = None) -> Draft:
    """The draft of a workflow as it is. `names` are what its stages were called, where that is another name."""
    keys = {stage.name: f"s{index}" for index, stage in enumerate(workflow.stages)}
    was = names or {}
    return Draft(
        name=workflow.name,
        stages=tuple(
            StageRow(keys[stage.name], stage.name, stage.category, stage.meaning, was.get(stage.name, stage.name))
            for stage in workflow.stages
        ),
        rules=tuple(_rule_row(f"r{index}", rule, keys) for index, rule in enumerate(workflow.rules)),
        lasting=", ".join(workflow.lasting_reasons),
        types=workflow.types,
        based_on=workflow.version,
    )


def from_post(post: QueryDict) -> Draft:
    """The draft that a form holds."""
    return Draft(
        name=_text(post, "name"),
        stages=tuple(
            StageRow(key, _text(post, f"{key}.name"), _text(post, f"{key}.category"), _text(post, f"{key}.meaning"),
                     _text(post, f"{key}.was"))
            for key in _keys(post, "stages")
        ),
        rules=tuple(_posted_rule(post, key) for key in _keys(post, "rules")),
        lasting=_text(post, "lasting"),
        types=tuple(str(name) for name in post.getlist("types")[:_ROWS_MAX]),
        based_on=whole_number(_text(post, "based_on")) or 0,
    )  # fmt: skip


def to_workflow(draft: Draft) -> Workflow:
    """The workflow that the draft means, faults and all: validate() says which."""
    names = {row.key: row.name for row in draft.stages}
    return Workflow(
        name=draft.name,
        version=draft.based_on,
        stages=tuple(Stage(row.name, cast("Category", row.category), row.meaning) for row in draft.stages),
        rules=tuple(_rule(row, names) for row in draft.rules),
        lasting_reasons=_split(draft.lasting),
        types=draft.types,
    )


def changed(draft: Draft, do: str) -> Draft:
    """The draft after one of its buttons: `add-stage`, `remove:s1`, `up:s1`, `add-need:r2` and so on."""
    act, _, key = do.partition(":")
    match act:
        case "add-stage":
            row = StageRow(_free("s", draft.stages), "", "active", "")
            return msgspec.structs.replace(draft, stages=(*draft.stages, row))
        case "add-rule":
            rule = RuleRow(_free("r", draft.rules), "", "", (), draft.stages[0].key if draft.stages else "", open=True)
            return msgspec.structs.replace(draft, rules=(*draft.rules, rule))
        case "up" | "down":
            stages = _moved(draft.stages, key, -1 if act == "up" else 1)
            return msgspec.structs.replace(draft, stages=stages)
        case "remove":
            return _without(draft, key)
        case "add-need" | "add-action":
            rules = tuple(_with_row(rule, act) if rule.key == key else rule for rule in draft.rules)
            return msgspec.structs.replace(draft, rules=rules)
    return draft


def _without(draft: Draft, key: str) -> Draft:
    of_rule, dot, _ = key.partition(".")
    if dot:
        rules = tuple(_less(rule, key) if rule.key == of_rule else rule for rule in draft.rules)
        return msgspec.structs.replace(draft, rules=rules)
    stages = tuple(row for row in draft.stages if row.key != key)
    rules = tuple(row for row in draft.rules if row.key != key)
    if len(stages) < len(draft.stages):
        # What only led there or only began there goes too; the others lose one beginning.
        rules = tuple(
            msgspec.structs.replace(row, sources=tuple(source for source in row.sources if source != key))
            for row in rules
            if row.to != key and row.sources != (key,)
        )
    return msgspec.structs.replace(draft, stages=stages, rules=rules)


def _less(rule: RuleRow, key: str) -> RuleRow:
    return msgspec.structs.replace(
        rule,
        needs=tuple(row for row in rule.needs if row.key != key),
        actions=tuple(row for row in rule.actions if row.key != key),
        open=True,
    )


def _with_row(rule: RuleRow, act: str) -> RuleRow:
    if act == "add-need":
        need = NeedRow(_free(f"{rule.key}.n", rule.needs), "comment", "", "")
        return msgspec.structs.replace(rule, needs=(*rule.needs, need), open=True)
    action = ActionRow(_free(f"{rule.key}.a", rule.actions), "set_priority", "", "")
    return msgspec.structs.replace(rule, actions=(*rule.actions, action), open=True)


def _moved(stages: tuple[StageRow, ...], key: str, step: int) -> tuple[StageRow, ...]:
    rows = list(stages)
    place = next((index for index, row in enumerate(rows) if row.key == key), None)
    if place is None or not 0 <= place + step < len(rows):
        return stages
    rows[place], rows[place + step] = rows[place + step], rows[place]
    return tuple(rows)


def _free(stem: str, rows: Sequence[Any]) -> str:
    taken = {row.key for row in rows}
    return next(key for key in (f"{stem}{number}" for number in range(len(rows) + 1)) if key not in taken)


def _rule_row(key: str, rule: Rule, keys: Mapping[str, str]) -> RuleRow:
    return RuleRow(
        key=key,
        name=rule.name,
        label=rule.label,
        sources=tuple(keys[name] for name in rule.sources if name in keys),
        to=keys.get(rule.to, ""),
        needs=tuple(
            NeedRow(f"{key}.n{index}", ", ".join(need.fields), need.ask, ", ".join(need.options))
            for index, need in enumerate(rule.requires)
        ),
        actions=tuple(
            ActionRow(f"{key}.a{index}", action.kind, action.value, action.field)
            for index, action in enumerate(rule.actions)
        ),
        guards=rule.guards,
        effects=rule.effects,
        by=rule.by,
        on=rule.on,
        evidence=rule.evidence,
    )


def _posted_rule(post: QueryDict, key: str) -> RuleRow:
    return RuleRow(
        key=key,
        name=_text(post, f"{key}.name"),
        label=_text(post, f"{key}.label"),
        sources=_all(post, f"{key}.from"),
        to=_text(post, f"{key}.to"),
        needs=tuple(
            NeedRow(row, _text(post, f"{row}.fields"), _text(post, f"{row}.ask"), _text(post, f"{row}.options"))
            for row in _keys(post, f"{key}.needs")
        ),
        actions=tuple(
            ActionRow(row, _text(post, f"{row}.kind"), _text(post, f"{row}.value"), _text(post, f"{row}.field"))
            for row in _keys(post, f"{key}.actions")
        ),
        guards=_all(post, f"{key}.guards"),
        effects=_all(post, f"{key}.effects"),
        by=_all(post, f"{key}.by"),
        on="recurrence" if f"{key}.on" in post else "",
        evidence=_all(post, f"{key}.evidence"),
        open=_text(post, f"{key}.open") == "1",
    )


def _rule(row: RuleRow, names: Mapping[str, str]) -> Rule:
    return Rule(
        name=row.name or _command(row.label),
        label=row.label,
        sources=tuple(names.get(key, "") for key in row.sources),
        to=names.get(row.to, ""),
        requires=tuple(Requirement(_split(need.fields), need.ask, _split(need.options)) for need in row.needs),
        effects=cast("tuple[Effect, ...]", row.effects),
        by=cast("tuple[ActorKind, ...]", row.by),
        on="recurrence" if row.on else "",
        guards=cast("tuple[Guard, ...]", row.guards),
        evidence=row.evidence,
        actions=tuple(Action(cast("ActionKind", act.kind), act.value, act.field) for act in row.actions),
    )


def _command(label: str) -> str:
    """What scripts call a move: made from what its button says."""
    return "-".join("".join(c if c.isalnum() else " " for c in label.casefold()).split())[:40]


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _keys(post: QueryDict, name: str) -> list[str]:
    """Keys of rows: short, of our own making, whatever was sent."""
    return [str(key)[:20] for key in dict.fromkeys(post.getlist(name)[:_ROWS_MAX])]


def _all(post: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(str(value)[:40] for value in dict.fromkeys(post.getlist(name)[:_ROWS_MAX]))


def _text(post: QueryDict, name: str) -> str:
    return " ".join(str(post.get(name, "")).split())[:_TEXT_MAX]
