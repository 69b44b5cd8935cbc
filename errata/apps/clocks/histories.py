"""From an issue's activities to the facts that its clocks go by."""

from collections.abc import Iterator, Sequence
from typing import Any

from errata.apps.issues.types import Deed, Life
from errata.core.sla import Fact, History
from errata.core.vocabulary import OPEN_CATEGORIES
from errata.core.workflow import Workflow

# What moves a clock, or shows that somebody of the team has said or done something.
KINDS = (
    "stage", "regressed", "priority", "severity", "waiting_on", "commented", "assignee", "acknowledged",
)  # fmt: skip
# Beside these, what makes or ends one.
MOVING = frozenset({*KINDS, "created", "split_from", "merged_into", "unmerged", "deputy"})
_STAGES = ("stage", "regressed")
# What answers whoever waits. Ratings are between the team and itself.
_WORDS = frozenset({"stage", "commented", "assignee", "acknowledged", "waiting_on"})


def history_of(life: Life, workflow: Workflow) -> History:
    """The history of an issue as clocks see it."""
    stage = _at_first(life.deeds, _STAGES, "stage", life.stage)
    return History(
        opened_at=life.created_at,
        stage=stage,
        priority=_at_first(life.deeds, ("priority",), "priority", life.priority),
        severity=_at_first(life.deeds, ("severity",), "severity", life.severity),
        is_open=_is_open(workflow, stage, life),
        waiting_on=_at_first(life.deeds, ("waiting_on",), "waiting_on", life.waiting_on),
        facts=tuple(_facts(life, workflow)),
    )


def _facts(life: Life, workflow: Workflow) -> Iterator[Fact]:
    for deed in life.deeds:
        match deed.kind:
            case "stage" | "regressed":
                stage = str(deed.after.get("stage", ""))
                yield Fact(deed.at, "stage", stage, is_open=_is_open(workflow, stage, life))
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


def _is_open(workflow: Workflow, stage: str, life: Life) -> bool:
    """What a stage means; one that the workflow no longer has meant work, unless the issue itself says otherwise."""
    if stage == life.stage:
        return life.is_open
    found = workflow.find_stage(stage)
    return found is None or found.category in OPEN_CATEGORIES
