"""Orders of the list, and the places between two of its pages."""

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from django.db.models import Q

from errata.apps.issues.types import IssueRow
from errata.apps.issues.vocabulary import priority_rank, severity_rank
from errata.core.errors import Refusal
from errata.core.search import SORTS

# Each ends in something that no two issues share, so that a page begins where the one before ended.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "last_seen": ("last_seen", "id"),
    "first_seen": ("first_seen", "id"),
    "count": ("count", "id"),
    "users": ("users", "id"),
    "priority": ("priority_rank", "last_seen", "id"),
    "severity": ("severity_rank", "last_seen", "id"),
    "score": ("score", "id"),
    "created": ("created_at", "id"),
    "updated": ("updated_at", "id"),
    "due": ("due_at", "id"),
}
_RANKS: dict[str, Callable[[IssueRow], int]] = {
    "priority_rank": lambda row: priority_rank(row.priority),
    "severity_rank": lambda row: severity_rank(row.severity),
}
_MOMENTS = {"last_seen", "first_seen", "created_at", "updated_at", "due_at"}
# Orders in which first is what others put last: nobody looks for what is due in a year.
_ASCENDING = {"due"}


class CursorRefused(Refusal):
    """A cursor of another list, or made up."""

    code = "cursor_refused"
    status = 400


class SortUnknown(Refusal):
    """An order that lists don't have."""

    code = "sort_unknown"
    status = 400


class Order(NamedTuple):
    sort: str
    descending: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return _COLUMNS[self.sort]

    @property
    def ordering(self) -> list[str]:
        return [f"-{column}" if self.falls else column for column in self.columns]

    @property
    def falls(self) -> bool:
        """Whether the database begins with the greatest."""
        return self.descending != (self.sort in _ASCENDING)

    def place(self, row: IssueRow) -> tuple[Any, ...]:
        """Where an issue stands, as the records would tell it."""
        return tuple(_RANKS[column](row) if column in _RANKS else getattr(row, column) for column in self.columns)

    @property
    def listed(self) -> Q:
        """What has a place in the order: by due time, only what is due at all."""
        return Q(due_at__isnull=False) if self.sort == "due" else Q()


def order_of(sort: str, *, searched: Order) -> Order:
    """The order asked for: what the search itself says, else `sort`, with a sign in front to turn it round."""
    if searched != Order("last_seen", descending=True) or not sort:
        return searched
    name = sort.lstrip("+-")
    if name not in _COLUMNS:
        raise SortUnknown(f"There is no order “{name}”. One of: {', '.join(SORTS)}.", sort=sort)
    # As in the search language: greatest first, `+` turns it round. `-` says so in words of other APIs.
    return Order(name, descending=not sort.startswith("+"))


def cursor_at(values: Iterable[Any], order: Order) -> str:
    """The place behind an issue with these values in the order's columns."""
    return (
        base64.urlsafe_b64encode(msgspec.msgpack.encode([order.sort, order.descending, *values])).decode().rstrip("=")
    )


def behind(cursor: str, order: Order) -> Q:
    """The issues behind the place. Raises CursorRefused."""
    values = _values(cursor, order)
    step = "lt" if order.falls else "gt"
    condition = Q()
    for index in range(len(values)):
        same = dict(zip(order.columns[:index], values[:index], strict=True))
        condition |= Q(**same, **{f"{order.columns[index]}__{step}": values[index]})
    # Says nothing new, but gives the database one range to start its index scan from.
    return Q(**{f"{order.columns[0]}__{step}e": values[0]}) & condition


def is_behind(place: tuple[Any, ...], cursor: str, order: Order) -> bool:
    """Whether an issue that stands there is behind the place. Raises CursorRefused."""
    values = tuple(_values(cursor, order))
    return place < values if order.falls else place > values


def _values(cursor: str, order: Order) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        sort, descending, *values = msgspec.msgpack.decode(raw, type=list[Any])
        if (sort, descending) == (order.sort, order.descending):
            return [_value(column, value) for column, value in zip(order.columns, values, strict=True)]
    except (ValueError, binascii.Error, msgspec.MsgspecError, UnicodeError):
        pass
    raise CursorRefused("This cursor belongs to another list. Begin again without it.")


def _value(column: str, value: Any) -> Any:
    if column in _MOMENTS:
        moment = msgspec.convert(value, datetime)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if column == "score":
        return msgspec.convert(value, float)
    return msgspec.convert(value, int)
