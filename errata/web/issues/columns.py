"""The columns of the list: which there are, and which an address asks for."""

from collections.abc import Sequence

import msgspec


class Column(msgspec.Struct, frozen=True):
    """A column. The check box and the title are always there and no columns to choose."""

    id: str
    name: str
    classes: str
    sign: bool = False  # its cells are signs: the heading is for those who can't see them
    usual: bool = True


class Choice(msgspec.Struct, frozen=True):
    """A column in the picker."""

    column: Column
    chosen: bool


TITLE = Column("title", "Issue", "c-title")
_ALL = (
    Column("sev", "Severity", "c-sev", sign=True),
    Column("kind", "Type", "c-kind", sign=True),
    Column("key", "Key", "c-key"),
    TITLE,
    Column("stage", "Stage", "c-stage"),
    Column("pri", "Priority", "c-pri", sign=True),
    Column("clock", "Clock", "c-clock", sign=True),
    Column("spark", "Graph", "c-spark"),
    Column("events", "Events", "c-num"),
    Column("users", "Users", "c-num c-users"),
    Column("seen", "Seen / age", "c-seen"),
    Column("who", "Assignee", "c-who", sign=True),
    Column("due", "Due", "c-due c-more", usual=False),
    Column("project", "Project", "c-word c-more", usual=False),
    Column("labels", "Labels", "c-labels c-more", usual=False),
    Column("deputy", "Deputy", "c-person c-more", usual=False),
    Column("parent", "Part of", "c-key c-more", usual=False),
    Column("parts", "Parts done", "c-parts c-more", usual=False),
    Column("score", "Score", "c-num c-more", usual=False),
    Column("comments", "Comments", "c-num c-more", usual=False),
    Column("created", "Created", "c-time c-more", usual=False),
    Column("updated", "Changed", "c-time c-more", usual=False),
    Column("instage", "In stage since", "c-time c-more", usual=False),
    Column("release", "Last release", "c-word c-more", usual=False),
    Column("level", "Level", "c-word c-more", usual=False),
    Column("platform", "Platform", "c-word c-more", usual=False),
    Column("waiting", "Waiting on", "c-word c-more", usual=False),
)
# What nobody keeps the times of; and the release, which the newest event overwrites.
_UNTOLD = {"clock", "users", "due", "parts", "score", "release"}
_BY_ID = {column.id: column for column in _ALL}
USUAL = tuple(column for column in _ALL if column.usual)


def chosen(text: str) -> tuple[Column, ...]:
    """The columns an address names, in its order; the usual ones where it names none. The title is never left out."""
    named = tuple(_BY_ID[name] for name in dict.fromkeys(text.split(",")) if name in _BY_ID)
    if not named:
        return USUAL
    return named if TITLE in named else (TITLE, *named)


def told(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns that can be told of a moment in the past."""
    return tuple(column for column in columns if column.id not in _UNTOLD)


def choices(columns: Sequence[Column]) -> list[Choice]:
    """The picker: those chosen in their order, then the others."""
    others = [column for column in _ALL if column not in columns]
    return [Choice(column, chosen=True) for column in columns] + [Choice(column, chosen=False) for column in others]


def written(columns: Sequence[Column]) -> str:
    """The columns as an address names them; nothing for the usual ones."""
    return "" if tuple(columns) == USUAL else ",".join(column.id for column in columns)
