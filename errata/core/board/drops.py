"""What dropping a card on a column means."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from errata.core.board.columns import Column
from errata.core.workflow import Move


class Drop(msgspec.Struct, frozen=True):
    """`open` moves at once, `asks` wants to know something first, `closed` says why not."""

    state: Literal["open", "asks", "closed"]
    to: str = ""  # the move's name
    stage: str = ""  # where it leads
    words: str = ""  # what it asks, or why not


def drop_on(column: Column, moves: Sequence[Move]) -> Drop:
    """What these moves of an issue make of a drop there: the one that asks least."""
    leading = [move for move in moves if _leads(move, column)]
    ready = next((move for move in leading if move.allowed and not move.needs), None)
    if ready:
        return Drop("open", to=ready.name, stage=ready.to)
    asking = next((move for move in leading if move.allowed), None)
    if asking:
        return Drop("asks", to=asking.name, stage=asking.to, words=" ".join(need.ask for need in asking.needs))
    why = next((move.why_not for move in leading if move.why_not), "")
    return Drop("closed", words=why or f"No move leads to {column.name} from here.")


def _leads(move: Move, column: Column) -> bool:
    return move.to == column.stage if column.stage else move.category == column.category
