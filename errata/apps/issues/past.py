"""Issues as they were: what people had made of them at a moment, taken back from the activity record.

Everything people and rules change about an issue is an activity with what was there before, so an issue as it was is
the issue as it is without the activities since. How often it had happened by then is the event store's to tell. What
has no activity of its own is as it is now: watchers, the issues that block it, clocks, the score, the team of
its project, and what other apps know of it. Who shows an issue of the past leaves that out, by `told`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import msgspec
from django.db.models import Max, Min, Q

from errata import ports
from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor, Person
from errata.apps.issues import rows
from errata.apps.issues.elsewhere import find_source, known
from errata.apps.issues.models import Activity, Grouping, Issue, IssueLink, Label, Watcher
from errata.apps.issues.search import UNANSWERED
from errata.apps.issues.types import IssueRow, LabelView
from errata.apps.issues.valuing import with_values
from errata.apps.issues.vocabulary import workflow_of
from errata.core.ids import ProjectId
from errata.core.search import And, Asker, Catalog, Has, Node, Not, Or, Subject, Term, Text, matches
from errata.core.vocabulary import Category
from errata.core.workflow import category_of, told_by
from errata.ports.event_store import Scope, StoreUnavailable, Total

# Times of events are kept to the millisecond, and a scope ends before its end.
_TICK = timedelta(milliseconds=1)
_REGROUPING = {"merged", "merged_into", "unmerged", "split"}
# How much later than a group's first event the first one kept may be: clients' times are rounded on their way.
_REMOVED = timedelta(seconds=1)


class _Step(NamedTuple):
    """An activity, as far as taking it back needs it."""

    id: int
    kind: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    at: datetime


class Standing(msgspec.Struct, frozen=True):
    """Issues as they were at a moment, by id."""

    rows: dict[int, IssueRow]
    uncounted: frozenset[int] = frozenset()  # those of which nobody can say how often they had happened by then
    partial: str = ""  # in words: what is missing, and why


def rows_then(*, actor: Actor, ids: Sequence[int], as_of: datetime, gone_too: bool = False) -> Standing:
    """These issues as they were, without what wasn't there yet and, unless asked for, what had gone into another."""
    steps = _steps_since(Q(issue_id__in=ids), as_of)
    merged = set(Issue.objects.filter(id__in=ids, merged_into__isnull=False).values_list("id", flat=True))
    names, brought = _Names(actor, steps), _brought(steps, as_of)
    found: dict[int, IssueRow] = {}
    for row in rows.fetch_by_ids(ids):
        since = steps.get(row.id, [])
        gone = not gone_too and _was_gone(since, gone_now=row.id in merged)
        was = None if gone else _undone(row, since, names, brought=brought.get(row.id, []))
        if was is not None:
            found[row.id] = was
    _put_times(found, steps, as_of)
    regrouped = {number for number, since in steps.items() if any(step.kind in _REGROUPING for step in since)}
    then = _counted_then(found, as_of, regrouped=regrouped, astray=_astray(found, steps))
    kept = {number: told(row, counted=number not in then.uncounted) for number, row in then.rows.items()}
    return msgspec.structs.replace(then, rows=kept)


def events_until(as_of: datetime) -> datetime:
    """Where a scope ends that has the events up to a moment, and those of that moment."""
    return as_of + _TICK


def told(row: IssueRow, *, counted: bool = True) -> IssueRow:
    """An issue of the past without what is only known of today."""
    known = msgspec.structs.replace(
        row, users=0, is_unhandled=False, regressed_at=None, last_release="", score=0, clock_state="", clock_from=None,
        due_at=None, parts=0, parts_done=0, blockers=0,
    )  # fmt: skip
    return known if counted else msgspec.structs.replace(known, count=0, last_seen=row.first_seen)


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
    if asks(node, COUNTED):
        thens = _counted(thens)
    return _held(node, thens, actor=actor, catalog=catalog)


def found_in(
    node: Node, found: Collection[IssueRow], *, actor: Actor, at: datetime, catalog: Catalog
) -> list[IssueRow]:
    """Of these issues as they were at a moment, those that a search would have found."""
    thens = [Then(row, at) for row in found]
    held = _held(node, thens, actor=actor, catalog=catalog)
    return [then.row for then, is_found in zip(thens, held, strict=True) if is_found]


def _counted(thens: Sequence[Then]) -> list[Then]:
    """With how often each had happened by its moment: the event store is asked once for each moment."""
    by_moment: dict[datetime, dict[int, IssueRow]] = defaultdict(dict)
    for row, at in thens:
        by_moment[at][row.id] = row
    by_moment = {at: _counted_then(found, at).rows for at, found in by_moment.items()}
    return [
        Then(msgspec.structs.replace(row, count=then.count, last_seen=then.last_seen), at)
        for row, at in thens
        for then in [by_moment[at][row.id]]
    ]


def _held(node: Node, thens: Sequence[Then], *, actor: Actor, catalog: Catalog) -> list[bool]:
    elsewhere = [key for key in _keys(node) if find_source(key)]
    unlisted = [_NOTHING] * len(thens)
    if thens and (elsewhere or asks(node, _UNLISTED)):
        unlisted = _unlisted(thens, known(actor.organization_id, elsewhere, {then.row.id for then in thens}))
    asker = _askers(actor, catalog, _Answers(thens))
    return [matches(node, _subject(then.row, more), asker(then)) for then, more in zip(thens, unlisted, strict=True)]


class _Answers:
    """What events answer of issues up to their moments: each question is put once a moment, for all issues of it."""

    def __init__(self, thens: Sequence[Then]) -> None:
        self._found: dict[datetime, list[IssueRow]] = defaultdict(list)
        for row, at in thens:
            self._found[at].append(row)
        self._known: dict[tuple[datetime, Node], set[tuple[ProjectId, int]]] = {}

    def of(self, then: Then, node: Node) -> bool:
        if not then.row.groups:
            return False
        asked = (then.at, node)
        if asked not in self._known:
            self._known[asked] = self._ask(then.at, node)
        return any(place in self._known[asked] for place in _places(then.row))

    def _ask(self, at: datetime, node: Node) -> set[tuple[ProjectId, int]]:
        projects = _groups_of(self._found[at])
        scope = Scope(projects=projects, until=events_until(at), where=node)
        most = sum(len(groups) for groups in projects.values())
        return set(ports.current().events.fingerprints(scope, limit=most))


# What a search may ask that the event store has to be asked for, too.
COUNTED = frozenset({"count", "users", "last_seen", "is:handled"})
_UNLISTED = {"text", "creator", "watcher", "team", "is:watched", "is:blocked", "is:blocking"}


def asks(node: Node, things: Collection[str]) -> bool:
    """Whether a search asks one of these: keys, states as `is:…`, or "text"."""
    return not _keys(node).isdisjoint(things)


def _keys(node: Node) -> set[str]:
    match node:
        case And(nodes) | Or(nodes):
            return {key for part in nodes for key in _keys(part)}
        case Not(inner):
            return _keys(inner)
        case Term("is", values=values):
            return {f"is:{value}" for value in values}
        case Term(key) | Has(key):
            return {key}
        case Text():
            return {"text"}
    return set()


class _Unlisted(NamedTuple):
    """What a search can ask of an issue, and no list shows."""

    description: str = ""
    creator: int | None = None
    watchers: frozenset[int] = frozenset()
    blocked: bool = False
    blocking: bool = False
    team: str = ""
    known: Mapping[str, Sequence[Any]] = {}


_NOTHING = _Unlisted()


def _unlisted(thens: Sequence[Then], elsewhere: Mapping[int, Mapping[str, Sequence[Any]]]) -> list[_Unlisted]:
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
        found.append(own._replace(description=text, known=elsewhere[then.row.id]))
    return found


def _unlisted_now(ids: Collection[int]) -> dict[int, _Unlisted]:
    watchers: dict[int, set[int]] = defaultdict(set)
    for issue_id, user_id in Watcher.objects.filter(issue_id__in=ids).values_list("issue_id", "user_id"):
        watchers[issue_id].add(user_id)
    blocks = IssueLink.objects.filter(kind="blocks")
    blocked = set(blocks.filter(target__in=ids, source__is_open__in=(True,)).values_list("target_id", flat=True))
    blocking = set(blocks.filter(source__in=ids, target__is_open__in=(True,)).values_list("source_id", flat=True))
    own = Issue.objects.filter(id__in=ids).values_list("id", "description", "created_by_id", "project__team__slug")
    return {
        number: _Unlisted(
            description=description,
            creator=creator,
            watchers=frozenset(watchers[number]),
            blocked=number in blocked,
            blocking=number in blocking,
            team=team or "",
        )
        for number, description, creator, team in own
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


def _steps_since(which: Q, as_of: datetime) -> dict[int, list[_Step]]:
    """The activities after a moment by issue, newest first."""
    found: dict[int, list[_Step]] = defaultdict(list)
    columns = ("issue_id", "id", "kind", "before", "after", "at")
    for issue_id, *rest in Activity.objects.filter(which, at__gt=as_of).order_by("-id").values_list(*columns):
        found[issue_id].append(_Step(*rest))
    return found


def _undone(row: IssueRow, steps: Sequence[_Step], names: _Names, *, brought: Sequence[int] = ()) -> IssueRow | None:
    """The issue without these activities, newest first; None if it did not exist before them.

    `brought` are the groups that it took along into another.
    """
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
            case "merged" | "merged_into" | "split":
                changes["groups"] = _groups_before(changes.get("groups", row.groups), step, brought)
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


def _groups_before(groups: Sequence[int], step: _Step, brought: Sequence[int]) -> list[int]:
    match step.kind:
        case "merged":
            came = set(map(int, step.after["fingerprints"]))
            return [group for group in groups if group not in came]
        case "split":
            return [*groups, int(step.after["fingerprint"])]
    return list(brought)


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


def _was_gone(steps: Sequence[_Step], *, gone_now: bool) -> bool:
    """Whether an issue had gone into another before these activities, newest first."""
    gone = gone_now
    for step in steps:
        # An undone merge is told of at both ends: here by its source.
        gone = False if step.kind == "merged_into" else gone or (step.kind == "unmerged" and "issue" in step.after)
    return gone


def _astray(found: Collection[int], steps: Mapping[int, Sequence[_Step]]) -> set[int]:
    """Those that had groups of another, which went back to it since: which ones, only the other remembers."""
    return {
        number
        for number in found
        if any(step.kind == "unmerged" and "issue" in step.before for step in steps.get(number, ()))
    }


def _brought(steps: Mapping[int, Sequence[_Step]], as_of: datetime) -> dict[int, list[int]]:
    """The groups of issues that went into others since: those they brought along, which only the other issue tells."""
    gone = [number for number, since in steps.items() if any(step.kind == "merged_into" for step in since)]
    if not gone:
        return {}
    taken = Activity.objects.filter(kind="merged", at__gt=as_of, after__issue_id__in=gone).order_by("id")
    return {after["issue_id"]: [*map(int, after["fingerprints"])] for after in taken.values_list("after", flat=True)}


def _put_times(found: dict[int, IssueRow], steps: Mapping[int, Sequence[_Step]], as_of: datetime) -> None:
    """Put in when each had last changed by then, and when it had come to its stage."""
    changed = [number for number in found if number in steps]
    if not changed:
        return
    before = Activity.objects.filter(issue_id__in=changed, at__lte=as_of).order_by().values_list("issue_id")
    moved = Max("at", filter=Q(kind__in=("stage", "regressed")))
    for number, updated, staged in before.annotate(updated=Max("at"), staged=moved):
        row = found[number]
        found[number] = msgspec.structs.replace(row, updated_at=updated, stage_changed_at=staged or row.created_at)


def _counted_then(
    found: dict[int, IssueRow],
    as_of: datetime,
    *,
    regrouped: Collection[int] = (),
    astray: Collection[int] = (),
) -> Standing:
    """Put in how often each had happened by then.

    An issue of which events have been removed since, or whose groups went to and fro, has no number that would be true.
    """
    asked = [row for row in found.values() if row.last_seen > as_of or row.id in regrouped]
    if not any(row.groups for row in asked):
        return Standing(found | {row.id: _without_events(row) for row in asked}, frozenset(astray))
    try:
        counted = ports.current().events.totals(Scope(projects=_groups_of(asked), until=events_until(as_of)))
    except StoreUnavailable:
        return Standing(found, frozenset(row.id for row in asked), UNANSWERED)
    first = _first_seen(asked)
    uncounted = set(astray)
    for row in asked:
        happened = [place for place in _places(row) if first.get(place, row.first_seen) <= as_of]
        if any(place not in counted or counted[place].first - first[place] > _REMOVED for place in happened):
            uncounted.add(row.id)
        totals = [counted[place] for place in happened if place in counted]
        began = min((first[place] for place in happened), default=None) if row.id in regrouped else row.first_seen
        found[row.id] = _with_events(row, totals, began=began) if totals and began else _without_events(row)
    return Standing(found, frozenset(uncounted))


def _with_events(row: IssueRow, totals: Sequence[Total], *, began: datetime) -> IssueRow:
    count, last = sum(total.count for total in totals), max(total.last for total in totals)
    return msgspec.structs.replace(row, count=count, first_seen=began, last_seen=last)


def _without_events(row: IssueRow) -> IssueRow:
    """As one is before its first event: seen when it was written down."""
    return msgspec.structs.replace(row, count=0, first_seen=row.created_at, last_seen=row.created_at)


def _places(row: IssueRow) -> list[tuple[ProjectId, int]]:
    return [(ProjectId(row.project.id), group) for group in row.groups]


def _groups_of(found: Collection[IssueRow]) -> dict[ProjectId, list[int]]:
    scope: dict[ProjectId, list[int]] = defaultdict(list)
    for row in found:
        if row.groups:
            scope[ProjectId(row.project.id)] += row.groups
    return dict(scope)


def _first_seen(found: Collection[IssueRow]) -> dict[tuple[ProjectId, int], datetime]:
    """When each of the groups happened first, which retention does not forget."""
    groups = _groups_of(found)
    wanted = {number for own in groups.values() for number in own}
    kept = Grouping.objects.filter(project_id__in=groups, fingerprint__in=wanted)
    return {
        (ProjectId(project), number): first
        for project, number, first in kept.values_list("project_id", "fingerprint", "first_seen")
    }


def _askers(actor: Actor, catalog: Catalog, answers: _Answers) -> Callable[[Then], Asker]:
    """Who asks each issue. The people that a search names are looked up once for all of them."""
    who = cache(lambda named: accounts.ids_of_people(actor=actor, named=named))
    emails = cache(lambda named: accounts.emails_of_people(actor=actor, named=named))

    def asker(then: Then) -> Asker:
        def events(node: Node) -> bool:
            return answers.of(then, node)

        return Asker(now=then.at, me=actor.user_id, events=events, who=who, emails=emails, catalog=catalog)

    return asker
