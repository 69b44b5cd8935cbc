"""A board as data: the columns that workflows make, where a card may be dropped, and how full a column may be."""

from errata.core.board.columns import Column, columns_of, find_column
from errata.core.board.drops import Drop, drop_on
from errata.core.board.limits import LIMIT_MAX, LimitsRefused, read_limits, write_limits

__all__ = [
    "LIMIT_MAX",
    "Column",
    "Drop",
    "LimitsRefused",
    "columns_of",
    "drop_on",
    "find_column",
    "read_limits",
    "write_limits",
]
