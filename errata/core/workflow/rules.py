"""(workflow, state, command) → Transition, or a refusal that says what is missing."""

from collections.abc import Mapping
from typing import Any

from errata.core.errors import Refusal
from errata.core.recipients import recipients
from errata.core.workflow.types import (
    Action,
    Command,
    Effect,
    Guard,
    IssueState,
    Move,
    Requirement,
    Rule,
    Stage,
    Transition,
    Workflow,
)

FIELD = "field."  # what the name of a custom field begins with where a move asks for it

_GUARDS: Mapping[Guard, str] = {
    "holder": "is made by the assignee or the deputy alone",
    "other": "is made by somebody other than the assignee",
    "admin": "is made by an owner or admin alone",
}
# The fields that take the place of proof.
OVERRIDE = ("override", "comment")
PROOF_WORDS = {
    "released": "that a release with the fix runs where it happened",
    "checked": "that its tests and checks are green",
    "silent": "that it has been quiet for long enough",
}


class TransitionRefused(Refusal):
    """The workflow doesn't allow this move, or asks for something first."""

    code = "transition_refused"
    status = 409


def decide(workflow: Workflow, *, state: IssueState, command: Command) -> Transition:
    """Decide where the command takes the issue. Raises TransitionRefused, which names the guard and what is missing.

    A command to the stage the issue is already in changes nothing and is not refused, so that scripts may repeat.
    """
    rule = _rule(workflow, state, command)
    if rule is None:
        return _stay(workflow, state)
    closed = _guarded(rule, state, command)
    if closed is not None:
        raise _barred(workflow, state, command, rule, closed)
    if unproven := _unproven(rule, state, command):
        raise _lacks_proof(workflow, state, command, rule, unproven)
    missing = _missing(rule, state, command)
    if missing:
        raise _incomplete(workflow, state, command, rule, missing)
    return _transition(workflow, state, rule, command.fields, _evidence(rule, state, command))


def regress(workflow: Workflow, *, state: IssueState, evidence: Mapping[str, Any]) -> Transition | None:
    """Decide whether a recurrence moves the issue: None while it is open, or closed for a reason that lasts."""
    if state.reason in workflow.lasting_reasons:
        return None
    for rule in workflow.rules:
        if rule.on == "recurrence" and state.stage in rule.sources:
            return _transition(workflow, state, rule, {}, evidence)
    return None


def moves(workflow: Workflow, *, state: IssueState, command: Command | None = None) -> list[Move]:
    """List every move for a menu: first those the workflow allows from here, then the stages it doesn't lead to."""
    asked = command or Command(to="")
    open_rules = [
        rule for rule in workflow.rules if state.stage in rule.sources and asked.by in rule.by and not rule.on
    ]
    found = [_move(workflow, rule, state, asked) for rule in open_rules]
    reached = {rule.to for rule in open_rules} | {state.stage}
    found += [_closed_move(workflow, state, stage) for stage in workflow.stages if stage.name not in reached]
    return found


def _rule(workflow: Workflow, state: IssueState, command: Command) -> Rule | None:
    """The rule the command names, or the one that asks least of those that lead to the stage it names; None to stay."""
    target = workflow.find_stage(command.to)
    if target is not None and target.name == state.stage:
        return None
    named = [rule for rule in workflow.rules if rule.name == command.to or (target and rule.to == target.name)]
    if not named:
        raise _unknown(workflow, command)
    here = [rule for rule in named if state.stage in rule.sources]
    if not here:
        raise _no_way(workflow, state, command, named[0])
    allowed = [rule for rule in here if command.by in rule.by]
    if not allowed:
        raise _not_yours(workflow, state, command, here[0])
    return min(allowed, key=lambda rule: (bool(_guarded(rule, state, command)), len(_missing(rule, state, command))))


def _guarded(rule: Rule, state: IssueState, command: Command) -> Guard | None:
    """The first guard that stands in the way. Guards are about people: the system passes."""
    if command.by == "system":
        return None
    holders = {state.assignee, state.deputy} - {None}
    passed: Mapping[Guard, bool] = {
        "holder": command.who in holders,
        "other": command.who is None or command.who != state.assignee,
        "admin": command.administers,
    }
    return next((guard for guard in rule.guards if not passed[guard]), None)


def _missing(rule: Rule, state: IssueState, command: Command) -> tuple[Requirement, ...]:
    unproven = _unproven(rule, state, command)
    ask = f"It is not proven yet: {_proofs(unproven)}. Say why it passes all the same."
    proof = (Requirement(OVERRIDE, ask),) if unproven else ()
    return (*proof, *(need for need in rule.requires if not _is_met(need, state, command)))


def _unproven(rule: Rule, state: IssueState, command: Command) -> tuple[str, ...]:
    """The evidence that is missing, unless somebody answers for it."""
    return () if _override(command) else tuple(name for name in rule.evidence if name not in state.evidence)


def _override(command: Command) -> str:
    """The reason to pass without proof. What a person says with the move is one; a rule has to call it that."""
    given = command.fields.get("override") or (command.fields.get("comment") if command.by != "system" else "")
    return str(given or "").strip()


def _evidence(rule: Rule, state: IssueState, command: Command) -> Mapping[str, Any]:
    """Why it is moved; where proof was missing, what was missing and the reason that took its place."""
    missing = [name for name in rule.evidence if name not in state.evidence]
    if not missing:
        return command.evidence
    return {**command.evidence, "override": _override(command), "unproven": missing}


def _is_met(need: Requirement, state: IssueState, command: Command) -> bool:
    if need.options and (reason := command.fields.get(need.fields[0])) and _option(need, reason) is None:
        return False
    asked = [field for field in need.fields if _is_askable(field, state)]
    return not asked or any(command.fields.get(field) or _is_there(field, state) for field in asked)


def _is_askable(field: str, state: IssueState) -> bool:
    """Whether the issue can have it: a custom field may be for other types, or put away since the move was designed."""
    slug = field.removeprefix(FIELD)
    return slug == field or state.fields is None or slug in state.fields


def _is_there(field: str, state: IssueState) -> bool:
    """Whether the issue has it already. A number 0 and an unticked box are values too."""
    if field == "assignee":
        return bool(state.assignee)
    return field.startswith(FIELD) and state.values.get(field.removeprefix(FIELD)) is not None


def _option(need: Requirement, value: Any) -> str | None:
    wanted = str(value).strip().casefold().replace("’", "'")
    return next((option for option in need.options if option.casefold() == wanted), None)


def _transition(
    workflow: Workflow,
    state: IssueState,
    rule: Rule,
    fields: Mapping[str, Any],
    evidence: Mapping[str, Any] | None = None,
) -> Transition:
    stage = _stage(workflow, rule.to)
    changes: dict[str, Any] = {}
    if assignee := fields.get("assignee"):
        changes["assignee"] = assignee
    for effect in rule.effects:
        changes |= _changes(effect, rule, fields)
    return Transition(
        name=rule.name,
        from_stage=state.stage,
        to_stage=stage.name,
        category=stage.category,
        changes=changes,
        comment=fields.get("comment") or None,
        evidence=dict(evidence or {}) | _notified(rule.actions),
        actions=tuple(action for action in rule.actions if action.kind != "notify"),
    )


def _notified(actions: tuple[Action, ...]) -> dict[str, Any]:
    told = [word for action in actions if action.kind == "notify" for word in recipients(action.value)]
    return {"notify": told} if told else {}


def _changes(effect: Effect, rule: Rule, fields: Mapping[str, Any]) -> dict[str, Any]:
    match effect:
        case "clear_assignee":
            return {"assignee": None}
        case "keep_reason":
            return {"reason": _reason(rule, fields)}
        case "clear_reason":
            return {"reason": None}
        case "mark_regressed":
            return {"regressed": True}
        case "clear_regressed":
            return {"regressed": False}


def _reason(rule: Rule, fields: Mapping[str, Any]) -> str | None:
    given = fields.get("reason")
    if not given:
        return None
    canonical = (_option(need, given) for need in rule.requires if need.options)
    return next((option for option in canonical if option), str(given))


def _stay(workflow: Workflow, state: IssueState) -> Transition:
    stage = _stage(workflow, state.stage)
    return Transition(name="stay", from_stage=stage.name, to_stage=stage.name, category=stage.category)


def _stage(workflow: Workflow, name: str) -> Stage:
    stage = workflow.find_stage(name)
    assert stage is not None, f"{workflow.name} has no stage {name}"
    return stage


def _move(workflow: Workflow, rule: Rule, state: IssueState, command: Command) -> Move:
    stage = _stage(workflow, rule.to)
    closed = _guarded(rule, state, command)
    return Move(
        name=rule.name,
        label=rule.label,
        to=stage.name,
        category=stage.category,
        allowed=closed is None,
        why_not=f"“{rule.label}” {_GUARDS[closed]}." if closed else "",
        needs=() if closed else _missing(rule, state, command),
    )


def _closed_move(workflow: Workflow, state: IssueState, stage: Stage) -> Move:
    why = f"{stage.name} is reached from {_listed(_sources(workflow, stage.name))}, not from {state.stage}."
    return Move(name=stage.name, label=stage.name, to=stage.name, category=stage.category, allowed=False, why_not=why)


def _sources(workflow: Workflow, to: str) -> list[str]:
    reached = {source for rule in workflow.rules if rule.to == to and not rule.on for source in rule.sources}
    return [stage.name for stage in workflow.stages if stage.name in reached]


def _onward(workflow: Workflow, state: IssueState, command: Command) -> list[str]:
    return [move.to for move in moves(workflow, state=state, command=command) if move.allowed]


def _unknown(workflow: Workflow, command: Command) -> TransitionRefused:
    stages = [stage.name for stage in workflow.stages]
    return TransitionRefused(
        f"The workflow {workflow.name} has no stage or move “{command.to}”. Its stages are {_listed(stages)}.",
        guard="known stage",
        to=command.to,
        allowed=stages,
    )


def _no_way(workflow: Workflow, state: IssueState, command: Command, rule: Rule) -> TransitionRefused:
    onward = list(dict.fromkeys(_onward(workflow, state, command)))
    return TransitionRefused(
        f"No move leads from {state.stage} to {rule.to}: {rule.to} is reached from "
        f"{_listed(_sources(workflow, rule.to))}. From here it can go to {_listed(onward)}.",
        guard="stage",
        stage=state.stage,
        to=rule.to,
        allowed=onward,
    )


def _not_yours(workflow: Workflow, state: IssueState, command: Command, rule: Rule) -> TransitionRefused:
    return TransitionRefused(
        f"“{rule.label}” is made by the {_listed(list(rule.by))} alone, not by a {command.by}.",
        guard="actor",
        stage=state.stage,
        to=rule.to,
        allowed=list(dict.fromkeys(_onward(workflow, state, command))),
    )


def _barred(workflow: Workflow, state: IssueState, command: Command, rule: Rule, guard: Guard) -> TransitionRefused:
    return TransitionRefused(
        f"“{rule.label}” {_GUARDS[guard]}.",
        guard=guard,
        stage=state.stage,
        to=rule.to,
        allowed=list(dict.fromkeys(_onward(workflow, state, command))),
    )


def _incomplete(
    workflow: Workflow, state: IssueState, command: Command, rule: Rule, missing: tuple[Requirement, ...]
) -> TransitionRefused:
    asks = " ".join(need.ask + (f" One of: {', '.join(need.options)}." if need.options else "") for need in missing)
    return TransitionRefused(
        f"{state.stage} → {rule.to} needs more. {asks}",
        guard="required fields",
        stage=state.stage,
        to=rule.to,
        missing=[need.fields[0] for need in missing],
        allowed=list(dict.fromkeys(_onward(workflow, state, command))),
    )


def _lacks_proof(
    workflow: Workflow, state: IssueState, command: Command, rule: Rule, unproven: tuple[str, ...]
) -> TransitionRefused:
    return TransitionRefused(
        f"{state.stage} → {rule.to} needs proof. Not shown yet: {_proofs(unproven)}. Wait for it, or pass it without "
        f"by giving the reason (the field override; a comment with the move will do).",
        guard="evidence",
        stage=state.stage,
        to=rule.to,
        missing=list(unproven),
        override="override",
        allowed=list(dict.fromkeys(_onward(workflow, state, command))),
    )


def _proofs(names: tuple[str, ...]) -> str:
    return "; ".join(PROOF_WORDS.get(name, name) for name in names)


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names) or "nowhere"
    return f"{', '.join(names[:-1])} or {names[-1]}"
