"""What a person has to do, and when what is due."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues import rows
from errata.apps.issues.finding import listed, search
from errata.apps.issues.models import Activity, Issue, Mention
from errata.apps.issues.search import OPEN
from errata.apps.issues.types import IssueRow

# Whoever holds more has a list of their own to sort it: is:mine.
SHOWN_MAX = 100
# What nobody has answered for a month isn't waiting any more.
_MENTIONS_FOR = timedelta(days=30)
# Due dates of one month; a month with more is a list to filter.
DUE_MAX = 2_000


class MyWork(msgspec.Struct, frozen=True):
    """What waits for a person. Due first in each."""

    held: list[IssueRow]
    to_retest: list[IssueRow]
    mentioned: list[IssueRow]  # asked by name, and not answered
    deputised: list[IssueRow]

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not (self.held or self.to_retest or self.mentioned or self.deputised)


def my_work(*, actor: Actor, now: datetime) -> MyWork:
    """What the actor holds, and what waits for them."""
    allow(actor, "issue:read")
    if actor.user_id is None:
        return MyWork(held=[], to_retest=[], mentioned=[], deputised=[])
    open_ones = listed(actor, None).filter(OPEN)
    me = actor.user_id
    in_check = Q(category="verify")
    asked = {
        "held": open_ones.filter(Q(assignee_id=me) & ~in_check),
        "to_retest": open_ones.filter(in_check & (Q(assignee_id=me) | Q(deputy_id=me) | Q(created_by_id=me))),
        "mentioned": open_ones.filter(id__in=_unanswered(me, now)),
        "deputised": open_ones.filter(Q(deputy_id=me) & ~in_check & ~Q(assignee_id=me)),
    }
    ids = {name: list(_due_first(issues).values_list("id", flat=True)[:SHOWN_MAX]) for name, issues in asked.items()}
    found = {row.id: row for row in rows.fetch_by_ids(list({one for own in ids.values() for one in own}))}
    return MyWork(**{name: [found[one] for one in own if one in found] for name, own in ids.items()})


def due_between(
    *, actor: Actor, since: datetime, until: datetime, now: datetime, query: str = ""
) -> tuple[list[IssueRow], int]:
    """The issues due in a time, earliest first, and how many there are."""
    allow(actor, "issue:read")
    issues = search(actor, query, None, now)[1].filter(due_at__gte=since, due_at__lt=until)
    ids = list(issues.order_by("due_at", "id").values_list("id", flat=True)[:DUE_MAX])
    total = len(ids) if len(ids) < DUE_MAX else issues.count()
    return rows.fetch_by_ids(ids), total


def overdue(*, actor: Actor, before: datetime, query: str = "", now: datetime) -> int:
    """How many open issues were due before a time."""
    allow(actor, "issue:read")
    return search(actor, query, None, now)[1].filter(OPEN, due_at__lt=before).count()


def _due_first(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    return issues.order_by(F("due_at").asc(nulls_last=True), "-priority_rank", "-severity_rank", "-last_seen", "id")


def _unanswered(me: int, now: datetime) -> "QuerySet[Any, Any]":
    """Where somebody named me, and I have done nothing since."""
    answered = Activity.objects.filter(issue=OuterRef("issue"), actor_id=me).order_by().values("issue")
    recent = Mention.objects.filter(person_id=me, at__gte=now - _MENTIONS_FOR, comment__deleted_at=None)
    since = recent.annotate(answered_at=Subquery(answered.annotate(last=Max("at")).values("last")))
    return since.filter(Q(answered_at=None) | Q(at__gt=F("answered_at"))).values("issue_id")
