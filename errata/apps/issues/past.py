"""Issues as they were: what people had made of them at a moment, taken back from the activity record.

Everything people and rules change about an issue is an activity with what was there before, so an issue as it was is
the issue as it is without the activities since. How often it had happened by then is the event store's to tell. What
has no activity of its own is as it is now: watchers, the issues that block it, clocks, the score, the times of changes.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
from django.db.models import Min, Q

from errata import ports
from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor, Person
from errata.apps.issues import rows
from errata.apps.issues.changes import by_key, issue_not_found, visible
from errata.apps.issues.models import Activity, Issue, IssueLink, Label, Watcher
from errata.apps.issues.search import UNANSWERED
from errata.apps.issues.types import IssueRow, LabelView, Page
from errata.apps.issues.valuing import with_values
from errata.apps.issues.vocabulary import catalog_of, workflow_of
from errata.apps.projects import queries as projects_of
from errata.core.ids import ProjectId
from errata.core.search import And, Asker, Catalog, Has, Node, Not, Or, Subject, Term, Text, matches, parse, partition
from errata.core.vocabulary import PRIORITIES, SEVERITIES, Category
from errata.core.workflow import category_of, told_by
from errata.ports.event_store import Scope, StoreUnavailable

# A view of the past is looked at by one person at a time, and reads what changed since.
_ISSUES_MAX = 20_000
_CUT = f"There were more than {_ISSUES_MAX:,} issues; these are the {_ISSUES_MAX:,} that were created last."


class _Step(NamedTuple):
    """An activity, as far as taking it back needs it."""

    id: int
    kind: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    at: datetime


def list_issues_as_of(
    *,
    actor: Actor,
    as_of: datetime,
    query: str = "",
    sort: str = "",
    limit: int = 200,
    projects: Collection[int] | None = None,
) -> Page:
    """The issues a search would have found at a moment, as they were then."""
    allow(actor, "issue:read")
    catalog = catalog_of(actor.organization_id)
    parsed = parse(query, catalog=catalog)
    found, cut = _rows_as_of(actor, as_of, projects)
    partial = _count_until(found, as_of) or (_CUT if cut else "")
    kept = list(found.values())
    if parsed.where is not None:
        asked = partition(parsed.where, catalog=catalog)
        thens = [Then(row, as_of) for row in found.values()]
        held = _held(asked, thens, actor=actor, catalog=catalog)
        kept = [row for (row, _), found_then in zip(thens, held, strict=True) if found_then]
    items = _sorted(kept, sort or f"{'' if parsed.descending else '+'}{parsed.sort}")
    return Page(items=items[:limit], next=None, partial=partial)


def issue_as_of(*, actor: Actor, key: str, as_of: datetime) -> IssueRow:
    """One issue as it was. Raises IssueNotFound if there was none yet."""
    allow(actor, "issue:read")
    issue = by_key(actor, key).first()
    if issue is None:
        raise issue_not_found(key)
    steps = _steps_since(Q(issue_id=issue.id), as_of)
    row = _undone(rows.fetch_by_ids([issue.id])[0], steps[issue.id], _Names(actor, steps))
    if row is None:
        raise issue_not_found(key)
    found = {row.id: row}
    _count_until(found, as_of)
    return found[row.id]


def rows_after(*, actor: Actor, wanted: Mapping[int, Collection[int]]) -> dict[int, IssueRow]:
    """The issues as each of these activities left them, by activity; `wanted` has the activities' ids by issue."""
    if not wanted:
        return {}
    oldest = min(min(ids) for ids in wanted.values())
    steps: dict[int, list[_Step]] = defaultdict(list)
    columns = ("issue_id", "id", "kind", "before", "after", "at")
    since = Activity.objects.filter(issue_id__in=wanted, id__gte=oldest).order_by("-id")
    for issue_id, *rest in since.values_list(*columns):
        steps[issue_id].append(_Step(*rest))
    names = _Names(actor, steps)
    found: dict[int, IssueRow] = {}
    for row in rows.fetch_by_ids(list(wanted)):
        current: IssueRow | None = row
        for step in steps[row.id]:  # newest first
            if current is None:
                break
            if step.id in wanted[row.id]:
                found[step.id] = current
            current = _undone(current, [step], names)
    return found


def rows_as_of(*, actor: Actor, moments: Mapping[int, Collection[datetime]]) -> dict[tuple[int, datetime], IssueRow]:
    """Issues as they were at moments of their own; where one was not there yet, it is left out."""
    if not moments:
        return {}
    steps = _steps_since(Q(issue_id__in=moments), min(min(asked) for asked in moments.values()))
    names = _Names(actor, steps)
    found: dict[tuple[int, datetime], IssueRow] = {}
    for row in rows.fetch_by_ids(list(moments)):
        for moment in moments[row.id]:
            before = _undone(row, [step for step in steps[row.id] if step.at > moment], names)
            if before is not None:
                found[row.id, moment] = before
    return found


def rows_at_birth(*, actor: Actor, ids: Collection[int]) -> dict[int, IssueRow]:
    """Issues as the first activity of each left it."""
    first = Activity.objects.filter(issue_id__in=ids).order_by().values_list("issue_id").annotate(Min("id"))
    left = rows_after(actor=actor, wanted={issue_id: [number] for issue_id, number in first}) if ids else {}
    return {row.id: row for row in left.values()}


class Then(NamedTuple):
    """An issue as it was, and the moment at which a search asks it."""

    row: IssueRow
    at: datetime


def finds(node: Node | None, thens: Sequence[Then], *, actor: Actor, catalog: Catalog) -> list[bool]:
    """Whether a search, divided between records and events, found each issue that was like this at its moment."""
    if node is None:
        return [True] * len(thens)
    if _asks(node, _COUNTED):
        thens = _counted(thens)
    return _held(node, thens, actor=actor, catalog=catalog)


def _counted(thens: Sequence[Then]) -> list[Then]:
    """With how often each had happened by its moment: the event store is asked once for each moment."""
    by_moment: dict[datetime, dict[int, IssueRow]] = defaultdict(dict)
    for row, at in thens:
        by_moment[at][row.id] = row
    for at, found in by_moment.items():
        _count_until(found, at)
    return [
        Then(msgspec.structs.replace(row, count=then.count, last_seen=then.last_seen), at)
        for row, at in thens
        for then in [by_moment[at][row.id]]
    ]


def _held(node: Node, thens: Sequence[Then], *, actor: Actor, catalog: Catalog) -> list[bool]:
    unlisted = _unlisted(thens) if thens and _asks(node, _UNLISTED) else [_NOTHING] * len(thens)
    asker = _askers(actor, catalog)
    return [matches(node, _subject(then.row, more), asker(then)) for then, more in zip(thens, unlisted, strict=True)]


_COUNTED = {"count", "users", "last_seen", "is:handled"}
_UNLISTED = {"text", "creator", "watcher", "is:watched", "is:blocked", "is:blocking"}


def _asks(node: Node, things: Collection[str]) -> bool:
    """Whether a search asks one of these: keys, states as `is:…`, or "text"."""
    match node:
        case And(nodes) | Or(nodes):
            return any(_asks(part, things) for part in nodes)
        case Not(inner):
            return _asks(inner, things)
        case Term("is", values=values):
            return any(f"is:{value}" in things for value in values)
        case Term(key) | Has(key):
            return key in things
        case Text():
            return "text" in things
    return False


class _Unlisted(NamedTuple):
    """What a search can ask of an issue, and no list shows."""

    description: str = ""
    creator: int | None = None
    watchers: frozenset[int] = frozenset()
    blocked: bool = False
    blocking: bool = False


_NOTHING = _Unlisted()


def _unlisted(thens: Sequence[Then]) -> list[_Unlisted]:
    """Of each issue, in their order: its description of then, and the rest as it is now."""
    ids = {then.row.id for then in thens}
    now = _unlisted_now(ids)
    described: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    changes = Activity.objects.filter(issue_id__in=ids, kind="description", at__gt=min(then.at for then in thens))
    for issue_id, at, before in changes.order_by("id").values_list("issue_id", "at", "before"):
        described[issue_id].append((at, before["description"]))
    found: list[_Unlisted] = []
    for then in thens:
        own = now.get(then.row.id, _NOTHING)
        text = next((before for at, before in described[then.row.id] if at > then.at), own.description)
        found.append(own._replace(description=text))
    return found


def _unlisted_now(ids: Collection[int]) -> dict[int, _Unlisted]:
    watchers: dict[int, set[int]] = defaultdict(set)
    for issue_id, user_id in Watcher.objects.filter(issue_id__in=ids).values_list("issue_id", "user_id"):
        watchers[issue_id].add(user_id)
    blocks = IssueLink.objects.filter(kind="blocks")
    blocked = set(blocks.filter(target__in=ids, source__is_open__in=(True,)).values_list("target_id", flat=True))
    blocking = set(blocks.filter(source__in=ids, target__is_open__in=(True,)).values_list("source_id", flat=True))
    own = Issue.objects.filter(id__in=ids).values_list("id", "description", "created_by_id")
    return {
        number: _Unlisted(
            description=description,
            creator=creator,
            watchers=frozenset(watchers[number]),
            blocked=number in blocked,
            blocking=number in blocking,
        )
        for number, description, creator in own
    }


def _subject(row: IssueRow, unlisted: _Unlisted) -> Subject:
    """An issue as a search in memory asks it."""
    return Subject(
        key=row.key, project_slug=row.project.slug, project_key=row.project.key, title=row.title, culprit=row.culprit,
        type=row.type, priority=row.priority, severity=row.severity, stage=row.stage, category=row.category,
        level=row.level, platform=row.platform, count=row.count, users=row.users, comments=row.comments,
        first_seen=row.first_seen, last_seen=row.last_seen, created=row.created_at, updated=row.updated_at,
        moved=row.stage_changed_at, assignee=row.assignee.id if row.assignee else None,
        deputy=row.deputy.id if row.deputy else None, labels=tuple(label.name for label in row.labels),
        regressed=row.regressed, unhandled=row.is_unhandled, parent=row.parent, waiting_on=row.waiting_on,
        score=row.score, clock=row.clock_state, due=row.due_at, values=row.values, **unlisted._asdict(),
    )  # fmt: skip


_POSTS = ("assignee", "deputy")


class _Names:
    """People, labels and stages that activities name."""

    def __init__(self, actor: Actor, steps: Mapping[int, Sequence[_Step]]) -> None:
        self.workflow = cache(workflow_of)
        ids = {
            fact["id"]
            for own in steps.values()
            for step in own
            if step.kind in _POSTS and (fact := step.before.get(step.kind))
        }
        self._people = {person.id: person for person in accounts.members(actor=actor, ids=ids)} if ids else {}
        own = Label.objects.filter(organization_id=actor.organization_id)
        self._colours = {label.name: label.colour for label in own}

    def person(self, fact: Mapping[str, Any] | None) -> Person | None:
        if not fact:
            return None
        known = self._people.get(fact["id"])
        return known or Person(id=fact["id"], email=fact["email"], name=fact["name"], initials=fact["name"][:1])

    def labels(self, names: Sequence[str]) -> list[LabelView]:
        return [LabelView(name=name, colour=self._colours.get(name, 0)) for name in names]


def _rows_as_of(actor: Actor, as_of: datetime, projects: Collection[int] | None) -> tuple[dict[int, IssueRow], bool]:
    """The issues there were, and whether there were more."""
    own = projects_of.visible_ids(actor)
    chosen = own if projects is None else [project for project in own if project in projects]
    there = visible(actor).filter(project_id__in=chosen, created_at__lte=as_of).order_by("-id")
    ids = list(there.values_list("id", flat=True)[: _ISSUES_MAX + 1])
    cut = len(ids) > _ISSUES_MAX
    ids = ids[:_ISSUES_MAX]
    steps = _steps_since(Q(issue__organization_id=actor.organization_id), as_of)
    gone_now = set(Issue.objects.filter(id__in=ids, merged_into__isnull=False).values_list("id", flat=True))
    names = _Names(actor, steps)
    found: dict[int, IssueRow] = {}
    for row in rows.fetch_by_ids(ids):
        since = steps[row.id]
        was_gone = row.id in gone_now and not any(step.kind == "merged_into" for step in since)
        before = None if was_gone else _undone(row, since, names)
        if before is not None:
            found[row.id] = before
    return found, cut


def _steps_since(which: Q, as_of: datetime) -> dict[int, list[_Step]]:
    """The activities after a moment by issue, newest first."""
    found: dict[int, list[_Step]] = defaultdict(list)
    columns = ("issue_id", "id", "kind", "before", "after", "at")
    for issue_id, *rest in Activity.objects.filter(which, at__gt=as_of).order_by("-id").values_list(*columns):
        found[issue_id].append(_Step(*rest))
    return found


def _undone(row: IssueRow, steps: Sequence[_Step], names: _Names) -> IssueRow | None:
    """The issue without these activities, newest first; None if it did not exist before them."""
    changes: dict[str, Any] = {}
    meant: dict[str, Category] = {}
    comments = row.comments
    for step in steps:
        meant.update(told_by(step.after) | told_by(step.before))
        match step.kind:
            case "created" | "split_from":
                return None
            case "assignee" | "deputy":
                changes[step.kind] = names.person(step.before.get(step.kind))
            case "labels":
                changes["labels"] = names.labels(step.before.get("labels", []))
            case "parent":
                above = step.before.get("parent")
                changes["parent"] = above["key"] if above else ""
            case "field":
                changes["values"] = with_values(changes.get("values", row.values), step.before)
            case "commented":
                comments -= 1
            case "comment_deleted":
                comments += 1
            case _:
                changes |= {name: value for name, value in step.before.items() if name in _TAKEN_BACK}
    if "stage" in changes:
        known = category_of(changes["stage"], told=meant, workflow=names.workflow(row.project.id))
        changes["category"] = known or row.category
    return msgspec.structs.replace(row, comments=comments, **changes)


_TAKEN_BACK = {
    "title",
    "type",
    "priority",
    "severity",
    "stage",
    "reason",
    "regressed",
    "values",
    "waiting_on",
}


def _count_until(found: dict[int, IssueRow], as_of: datetime) -> str:
    """Put in how often each had happened by then. Return in words what is missing."""
    scope: dict[ProjectId, list[int]] = defaultdict(list)
    for row in found.values():
        if row.groups and row.last_seen > as_of:
            scope[ProjectId(row.project.id)] += row.groups
    if not scope:
        return ""
    try:
        counted = ports.current().events.totals(Scope(projects=dict(scope), until=as_of))
    except StoreUnavailable:
        return UNANSWERED
    for number, row in found.items():
        if row.groups and row.last_seen > as_of:
            own = [counted[place] for group in row.groups if (place := (ProjectId(row.project.id), group)) in counted]
            if own:
                last = max(total.last for total in own)
                found[number] = msgspec.structs.replace(row, count=sum(total.count for total in own), last_seen=last)
    return ""


def _askers(actor: Actor, catalog: Catalog) -> Callable[[Then], Asker]:
    """Who asks each issue. The people that a search names are looked up once for all of them."""
    who = cache(lambda named: accounts.ids_of_people(actor=actor, named=named))
    emails = cache(lambda named: accounts.emails_of_people(actor=actor, named=named))

    def asker(then: Then) -> Asker:
        row, at = then

        def events(node: Node) -> bool:
            scope = Scope(projects={ProjectId(row.project.id): row.groups}, until=at, where=node)
            return bool(row.groups) and ports.current().events.count(scope)[0] > 0

        return Asker(now=at, me=actor.user_id, events=events, who=who, emails=emails, catalog=catalog)

    return asker


_ORDERS: dict[str, Callable[[IssueRow], Any]] = {
    "last_seen": lambda row: row.last_seen,
    "first_seen": lambda row: row.first_seen,
    "count": lambda row: row.count,
    "users": lambda row: row.users,
    "priority": lambda row: _rank(PRIORITIES, row.priority),
    "severity": lambda row: _rank(SEVERITIES, row.severity),
    "created": lambda row: row.created_at,
    "updated": lambda row: row.updated_at,
}


def _sorted(found: list[IssueRow], sort: str) -> list[IssueRow]:
    order = _ORDERS.get(sort.lstrip("+-"), _ORDERS["last_seen"])
    return sorted(found, key=lambda row: (order(row), row.id), reverse=not sort.startswith("+"))


def _rank(places: Sequence[str], value: str) -> int:
    return places.index(value) if value in places else -1
