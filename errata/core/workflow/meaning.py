"""What a stage meant at the time: what activities tell of it, else what today's workflow says."""

from collections.abc import Mapping
from typing import Any, cast

from errata.core.vocabulary import Category
from errata.core.workflow.default import DEFAULT
from errata.core.workflow.types import Workflow

Told = Mapping[str, Category]  # categories, by the names of their stages


def told_by(side: Mapping[str, Any]) -> dict[str, Category]:
    """The meaning that one side of an activity tells: none, for activities of other things and for old ones."""
    if "stage" not in side or "category" not in side:
        return {}
    return {str(side["stage"]): cast("Category", str(side["category"]))}


def category_of(stage: str, *, told: Told, workflow: Workflow) -> Category | None:
    """The category of a stage as it was told, as the workflow says, or as the default does; None if nobody knows it."""
    found = workflow.find_stage(stage) or DEFAULT.find_stage(stage)
    return told.get(stage) or (found.category if found else None)
