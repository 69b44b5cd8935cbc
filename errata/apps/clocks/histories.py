"""From an issue's activities to the facts that its clocks go by."""

from collections.abc import Iterator, Sequence
from typing import Any

from errata.apps.issues.types import Deed, Life
from errata.core.sla import Fact, History
from errata.core.vocabulary import OPEN_CATEGORIES
from errata.core.workflow import Told, Workflow, category_of, told_by

# What moves a clock, or shows that somebody of the team has said or done something.
KINDS = (
    "stage", "regressed", "priority", "severity", "waiting_on", "commented", "assignee", "acknowledged",
)  # fmt: skip
# Beside these, what makes or ends one.
MOVING = frozenset({*KINDS, "created", "split_from", "merged_into", "unmerged", "deputy", "type"})
_STAGES = ("stage", "regressed")
# What answers whoever waits. Ratings are between the team and itself.
_WORDS = frozenset({"stage", "commented", "assignee", "acknowledged", "waiting_on"})


def history_of(life: Life, workflow: Workflow) -> History:
    """The history of an issue as clocks see it."""
    stage = _at_first(life.deeds, _STAGES, "stage", life.stage)
    at_first, meanings = _meanings(life.deeds)
    return History(
        opened_at=life.created_at,
        stage=stage,
        priority=_at_first(life.deeds, ("priority",), "priority", life.priority),
        severity=_at_first(life.deeds, ("severity",), "severity", life.severity),
        is_open=_is_open(workflow, stage, life, at_first),
        waiting_on=_at_first(life.deeds, ("waiting_on",), "waiting_on", life.waiting_on),
        facts=tuple(_facts(life, workflow, meanings)),
    )


def _facts(life: Life, workflow: Workflow, meanings: Sequence[Told]) -> Iterator[Fact]:
    for deed, meant in zip(life.deeds, meanings, strict=True):
        match deed.kind:
            case "stage" | "regressed":
                stage = str(deed.after.get("stage", ""))
                yield Fact(deed.at, "stage", stage, is_open=_is_open(workflow, stage, life, meant))
            case "priority":
                yield Fact(deed.at, "priority", str(deed.after.get("priority", "")))
            case "severity":
                yield Fact(deed.at, "severity", str(deed.after.get("severity", "")))
            case "waiting_on":
                yield Fact(deed.at, "waiting", str(deed.after.get("waiting_on", "")))
        if deed.kind in _WORDS and not deed.machine:
            yield Fact(deed.at, "word")


def _at_first(deeds: Sequence[Deed], kinds: Sequence[str], field: str, now: Any) -> str:
    """What a field was in the beginning: before its first change, or what it still is."""
    return str(next((deed.before.get(field, now) for deed in deeds if deed.kind in kinds), now))


def _meanings(deeds: Sequence[Deed]) -> tuple[Told, list[Told]]:
    """The categories of stages at first, and after each deed, as far as deeds tell.

    Of an old move, which told none, the next that leaves the stage may: moves to another workflow always did.
    """
    meant: Told = {}
    after: list[Told] = []
    for deed in reversed(deeds):
        after.append({**meant, **told_by(deed.after)})
        meant = {**meant, **told_by(deed.before)}
    return meant, after[::-1]


def _is_open(workflow: Workflow, stage: str, life: Life, meant: Told) -> bool:
    """What a stage meant then; one that nobody knows any more meant work."""
    if stage == life.stage and stage not in meant:
        return life.is_open
    return category_of(stage, told=meant, workflow=workflow) in (None, *OPEN_CATEGORIES)
