"""What a search came to, and its pages: issues as the records have them, and those that were otherwise at the time."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from django.db.models import QuerySet

from errata.apps.issues import cursors, rows
from errata.apps.issues.cursors import Order
from errata.apps.issues.models import Issue
from errata.apps.issues.past import told
from errata.apps.issues.search import Found
from errata.apps.issues.types import IssueRow, Page

Place = tuple[Any, ...]


class Sought(msgspec.Struct, frozen=True):
    """What a search found. Of today it is all in `issues`; of a moment, what changed since is in `others`."""

    found: Found
    issues: QuerySet[Issue]
    others: dict[int, IssueRow] = {}  # by id, as they were
    uncounted: frozenset[int] = frozenset()  # of the others, those whose events nobody can count any more
    past: bool = False

    def order(self, sort: str) -> Order:
        """The order asked for, or that of the search."""
        return cursors.order_of(sort, searched=Order(self.found.sort, self.found.descending))

    def page(self, order: Order, *, limit: int, cursor: str | None = None) -> Page:
        """The issues behind the cursor."""
        # The ids first: sorting 10,000 of them is quick, sorting 10,000 whole rows is not.
        places = self.places(
            self.issues.filter(order.listed), self.others.values(), order, limit=limit + 1, cursor=cursor
        )
        return Page(
            items=self.rows([place[-1] for place in places[:limit]]),
            next=cursors.cursor_at(places[limit - 1], order) if len(places) > limit else None,
            partial=self.found.partial,
            uncounted=self.uncounted,
        )

    def places(
        self,
        issues: QuerySet[Issue],
        others: Collection[IssueRow],
        order: Order,
        *,
        limit: int,
        cursor: str | None = None,
    ) -> list[Place]:
        """The first places in the order, behind the cursor, among some of the issues and some of the others."""
        if cursor:
            issues = issues.filter(cursors.behind(cursor, order))
        kept: list[Place] = list(issues.order_by(*order.ordering).values_list(*order.columns)[:limit])
        if not others:
            return kept
        own = [order.place(row) for row in others]
        own = [place for place in own if not cursor or cursors.is_behind(place, cursor, order)]
        return sorted([*kept, *own], reverse=order.falls)[:limit]

    def rows(self, ids: Sequence[int]) -> list[IssueRow]:
        """These issues as the list shows them."""
        kept = {row.id: row for row in rows.fetch_by_ids([number for number in ids if number not in self.others])}
        shown = {number: told(row) for number, row in kept.items()} if self.past else kept
        shown |= self.others
        return [shown[number] for number in ids if number in shown]
