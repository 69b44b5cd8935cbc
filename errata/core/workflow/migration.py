"""What becomes of the issues of a workflow when another takes its place: planned before anything moves."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from errata.core.errors import Refusal
from errata.core.vocabulary import CATEGORIES, CLOSED_CATEGORIES, Category
from errata.core.workflow.types import Stage, Workflow

Kept = Literal["same", "renamed", "chosen", "nearest"]
_ORDER: tuple[Category, ...] = tuple(CATEGORIES)


class StageUnknown(Refusal):
    """A migration that sends issues to a stage the workflow doesn't have."""

    code = "stage_unknown"
    status = 422


class Step(msgspec.Struct, frozen=True):
    """Where the issues of one stage go."""

    stage: str
    category: str
    to: str
    to_category: Category
    issues: int
    why: Kept
    lost: tuple[str, ...] = ()  # sentences

    @property
    def moves(self) -> bool:
        """Whether its issues change at all."""
        return (self.stage, self.category) != (self.to, self.to_category)


class Migration(msgspec.Struct, frozen=True):
    steps: tuple[Step, ...]
    lost: tuple[str, ...] = ()  # what isn't lost by one stage alone

    @property
    def issues(self) -> int:
        """How many issues change their stage or what it means."""
        return sum(step.issues for step in self.steps if step.moves)


def plan(
    before: Workflow,
    after: Workflow,
    *,
    counts: Mapping[tuple[str, str], int],
    chosen: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] | None = None,
    types: Mapping[str, int] | None = None,
) -> Migration:
    """Plan where each stage's issues go: where somebody chose, else to its new name, its own name, or the nearest.

    `counts` are the issues in each stage and category that has any, which may be stages that `before` doesn't know.
    Raises StageUnknown for a choice of a stage that isn't there, before or after.
    """
    known = {(stage.name, str(stage.category)): 0 for stage in before.stages}
    # A stage's issues are where its name is, whatever category they were given at the time.
    found = {place: number for place, number in counts.items() if number}
    named = {name for name, _ in found}
    places = {place: number for place, number in known.items() if place[0] not in named} | found
    order = {stage.name: index for index, stage in enumerate(before.stages)}
    ordered = sorted(places.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0]))
    for name in chosen or {}:
        if name not in {stage for stage, _ in places}:
            known_names = ", ".join(stage for (stage, _), _ in ordered)
            raise StageUnknown(
                f"No issue is in a stage {name}, and none could be. The stages are {known_names}.", stage=name
            )
    steps = [
        _step(before, after, place, number, chosen=chosen or {}, renamed=renamed or {}) for place, number in ordered
    ]
    return Migration(steps=tuple(steps), lost=(*_merged(steps), *_strangers(after, types or {})))


def _step(
    before: Workflow,
    after: Workflow,
    place: tuple[str, str],
    issues: int,
    *,
    chosen: Mapping[str, str],
    renamed: Mapping[str, str],
) -> Step:
    name, category = place
    stage, why = _target(after, name, category, chosen, renamed)
    step = Step(stage=name, category=category, to=stage.name, to_category=stage.category, issues=issues, why=why)
    return msgspec.structs.replace(step, lost=tuple(_lost(before, after, step)))


def _target(
    after: Workflow, name: str, category: str, chosen: Mapping[str, str], renamed: Mapping[str, str]
) -> tuple[Stage, Kept]:
    if name in chosen:
        stage = after.find_stage(chosen[name])
        if stage is None:
            known = ", ".join(stage.name for stage in after.stages)
            raise StageUnknown(
                f"There is no stage {chosen[name]} to move {name} to. The stages are {known}.", stage=name
            )
        return stage, "same" if stage.name == name else "chosen"
    if (stage := after.find_stage(renamed.get(name, ""))) is not None:
        return stage, "same" if stage.name == name else "renamed"
    if (stage := after.find_stage(name)) is not None:
        return stage, "same"
    return min(after.stages, key=lambda stage: _distance(stage.category, category)), "nearest"


def _distance(one: str, other: str) -> tuple[bool, int]:
    """Open issues stay open and closed ones closed, if there is any way to."""
    crosses = (one in CLOSED_CATEGORIES) != (other in CLOSED_CATEGORIES)
    places = [_ORDER.index(name) if name in _ORDER else 0 for name in (one, other)]
    return crosses, abs(places[0] - places[1])


def _lost(before: Workflow, after: Workflow, step: Step) -> list[str]:
    lost = []
    was_closed, is_closed = (name in CLOSED_CATEGORIES for name in (step.category, step.to_category))
    if was_closed and not is_closed:
        lost.append(f"What was finished in {step.stage} is open again.")
    if is_closed and not was_closed:
        lost.append(f"What is open in {step.stage} counts as finished.")
    if step.category == "verify" != step.to_category:
        lost.append(f"That {step.stage} waits for a check is no longer to be seen.")
    returning = {name for rule in before.rules if rule.on for name in rule.sources}
    still = {name for rule in after.rules if rule.on for name in rule.sources}
    if step.stage in returning and step.to not in still:
        lost.append(f"A recurrence no longer brings issues back from {step.to}.")
    return lost


def _merged(steps: Sequence[Step]) -> list[str]:
    """Stages that can't be told apart any more."""
    arriving: dict[str, list[str]] = {}
    for step in steps:
        names = arriving.setdefault(step.to, [])
        if step.issues and step.stage not in names:
            names.append(step.stage)
    return [
        f"The issues of {' and '.join(names)} can't be told apart any more: all are in {to}."
        for to, names in arriving.items()
        if len(names) > 1
    ]


def _strangers(after: Workflow, types: Mapping[str, int]) -> list[str]:
    if not after.types:
        return []
    known = {name.casefold() for name in after.types}
    return [
        f"{number} {'issue has' if number == 1 else 'issues have'} the type {name}, which {after.name} doesn't offer; "
        f"{'it keeps' if number == 1 else 'they keep'} it."
        for name, number in types.items()
        if number and name.casefold() not in known
    ]
