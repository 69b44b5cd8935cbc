"""Who holds issues, held them, and knows their neighbourhood: what designation asks of the records."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from django.db.models import Count, Max, Q

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import BY_RULE, ERRATA
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import by_key, issue_not_found, visible
from errata.apps.issues.models import Activity, Comment, Issue
from errata.apps.issues.search import OPEN
from errata.apps.projects import queries as projects_of
from errata.core.designation import Handover, Holding, Load, Post, holdings, weight_of
from errata.core.vocabulary import CLOSED_CATEGORIES

# Neighbours to look at: the newest say best who knows the place today.
_NEIGHBOURS_MAX = 200


class Familiar(msgspec.Struct, frozen=True):
    """Somebody who worked on issues of the same place before."""

    person: int
    fixed: tuple[str, ...]  # keys, newest first
    commented: tuple[str, ...]
    place: str


def holders(*, actor: Actor, key: str) -> list[Holding]:
    """Who held an issue, and was its deputy, when; oldest first."""
    allow(actor, "issue:read")
    issue = by_key(actor, key).values_list("id", flat=True).first()
    if issue is None:
        raise issue_not_found(key)
    return holders_of(actor=actor, issue_id=issue)


def holders_of(*, actor: Actor, issue_id: int) -> list[Holding]:
    """The same, by the number of an issue that was just read."""
    allow(actor, "issue:read")
    rows = Activity.objects.filter(issue_id=issue_id, issue__organization_id=actor.organization_id)
    rows = rows.filter(kind__in=("assignee", "deputy")).order_by("id")
    fields = ("kind", "after", "at", "actor_name", "reason")
    return holdings(_handover(*row) for row in rows.values_list(*fields))


def loads_of(*, actor: Actor, people: Collection[int] | None = None) -> dict[int, Load]:
    """The open issues each of these people holds, and what they weigh."""
    allow(actor, "issue:read")
    found = _open(actor).filter(assignee_id__isnull=False)
    if people is not None:
        found = found.filter(assignee_id__in=people)
    loads: dict[int, Load] = {}
    rows = found.order_by().values_list("assignee_id", "severity").annotate(many=Count("pk"))
    for person, severity, many in rows:
        before = loads.get(person, Load())
        loads[person] = Load(before.issues + many, before.weight + many * weight_of(severity))
    return loads


def count_unassigned(*, actor: Actor) -> dict[int, int]:
    """How many open issues of each project nobody holds: each of them is at risk until somebody does."""
    allow(actor, "issue:read")
    hidden = projects_of.hidden_ids(actor)
    found = _open(actor).filter(assignee_id__isnull=True).exclude(project_id__in=hidden)
    return dict(found.order_by().values_list("project_id").annotate(Count("pk")))


def unassigned_keys(*, actor: Actor, project_id: int, limit: int) -> list[str]:
    """The open issues of a project that nobody holds, oldest first."""
    allow(actor, "issue:read")
    found = visible(actor).filter(OPEN, project_id=project_id, assignee_id__isnull=True, merged_into=None)
    rows = found.order_by("id").values_list("project__key", "number")[:limit]
    return [f"{prefix}-{number}" for prefix, number in rows]


def reassigned_by_hand(*, actor: Actor, issue_ids: Collection[int]) -> dict[int, int]:
    """The last activity of each of these issues in which somebody said who holds it, or that nobody does."""
    allow(actor, "issue:read")
    rows = Activity.objects.filter(issue_id__in=issue_ids, issue__in=visible(actor), kind="assignee")
    rows = rows.exclude(Q(actor_name=ERRATA) | Q(actor_name__startswith=BY_RULE), actor_kind="system")
    return dict(rows.order_by().values_list("issue_id").annotate(Max("id")))


def familiar_people(*, actor: Actor, key: str) -> list[Familiar]:
    """Who fixed issues of the same culprit or module, or commented on them, before; most and newest first."""
    allow(actor, "issue:read")
    issue = by_key(actor, key).values("id", "project_id", "culprit").first()
    if issue is None:
        raise issue_not_found(key)
    place = _module(issue["culprit"])
    if not place:
        return []
    # The same function, or another of the same module: the culprit is "module in function".
    near = Q(culprit=issue["culprit"]) | Q(culprit__startswith=f"{place} in ")
    rows = visible(actor).filter(near, project_id=issue["project_id"]).exclude(id=issue["id"]).order_by("-id")
    fields = ("id", "number", "project__key", "category", "reason", "assignee_id")
    found = list(rows.values(*fields)[:_NEIGHBOURS_MAX])
    keys = {row["id"]: f"{row['project__key']}-{row['number']}" for row in found}
    fixed: dict[int, list[str]] = {}
    for row in found:
        if row["category"] in CLOSED_CATEGORIES and not row["reason"] and row["assignee_id"]:
            fixed.setdefault(row["assignee_id"], []).append(keys[row["id"]])
    commented = _commented(keys)
    score = Counter({person: 3 * len(own) for person, own in fixed.items()})
    score.update({person: len(own) for person, own in commented.items()})
    ranked = sorted(score, key=lambda person: (-score[person], person))
    return [Familiar(one, tuple(fixed.get(one, ())), tuple(commented.get(one, ())), place) for one in ranked]


def _commented(keys: Mapping[int, str]) -> dict[int, list[str]]:
    rows = Comment.objects.filter(issue_id__in=keys, author_id__isnull=False, deleted_at=None).order_by("-issue_id")
    found: dict[int, list[str]] = {}
    for author, issue in rows.values_list("author_id", "issue_id").distinct():
        found.setdefault(author, []).append(keys[issue])
    return found


def _open(actor: Actor) -> Any:
    return Issue.objects.filter(OPEN, organization_id=actor.organization_id, merged_into=None)


def _module(culprit: str) -> str:
    return culprit.partition(" in ")[0].strip()


def _handover(kind: str, after: Mapping[str, Any], at: Any, by: str, reason: str) -> Handover:
    person = after.get(kind)
    post: Post = "deputy" if kind == "deputy" else "assignee"
    name = str(person.get("name") or person.get("email") or "") if person else ""
    return Handover(post=post, to=person["id"] if person else None, name=name, at=at, by=by or "Errata", reason=reason)
