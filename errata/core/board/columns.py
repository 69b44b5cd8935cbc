"""The columns of a board: stages where all issues share them, categories where they don't."""

from collections.abc import Mapping, Sequence

import msgspec

from errata.core.vocabulary import CATEGORIES, Category
from errata.core.workflow import Workflow

_NAMES: Mapping[Category, str] = {
    "new": "To take up",
    "active": "In work",
    "verify": "In check",
    "done": "Fixed",
    "closed": "Closed",
}


class Column(msgspec.Struct, frozen=True):
    """A place on the board. `stages` is empty where a category is the place, whatever its stages are called."""

    id: str  # in addresses: the stage's name, or `category:active`
    name: str
    category: Category
    stage: str = ""  # "" where the column is a category
    meaning: str = ""

    @property
    def by_category(self) -> bool:
        """Whether cards have to name their stage themselves."""
        return not self.stage


def columns_of(workflows: Sequence[Workflow]) -> list[Column]:
    """The columns for issues of these workflows, in the order of work."""
    if not workflows:
        return []
    stages = [tuple((stage.name, stage.category) for stage in workflow.stages) for workflow in workflows]
    if all(same == stages[0] for same in stages):
        return [
            Column(id=stage.name, name=stage.name, category=stage.category, stage=stage.name, meaning=stage.meaning)
            for stage in workflows[0].stages
        ]
    used = {category for own in stages for _, category in own}
    return [
        Column(id=f"category:{category}", name=_NAMES[category], category=category, meaning=meaning)
        for category, meaning in CATEGORIES.items()
        if category in used
    ]


def find_column(columns: Sequence[Column], *, stage: str, category: str) -> Column | None:
    """Where an issue stands. A stage that its workflow has no longer stands with its category."""
    exact = next((column for column in columns if column.stage and column.stage == stage), None)
    return exact or next((column for column in columns if column.category == category), None)
