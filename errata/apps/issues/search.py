"""A search, compiled to the records: from the tree to a Q, event-side parts answered by the event store."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from django.db.models import Exists, OuterRef, Q

from errata import ports
from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor
from errata.apps.issues.elsewhere import find_source
from errata.apps.issues.models import Grouping, IssueLabel, IssueLink, Watcher
from errata.apps.issues.vocabulary import catalog_of
from errata.apps.records import among, storable
from errata.core import vocabulary
from errata.core.errors import Refusal
from errata.core.ids import ProjectId
from errata.core.search import (
    And,
    Catalog,
    EventSide,
    Field,
    Has,
    Interval,
    Node,
    Not,
    Or,
    Term,
    Text,
    interval,
    number,
    parse,
    partition,
    pattern,
)
from errata.core.search.facts import levels
from errata.core.search.values import day_from
from errata.core.workflow.rules import FIELD
from errata.ports.event_store import Scope, StoreUnavailable

# How many groups one question to the event store may find: the most recent. A search that finds more says so.
GROUPS_MAX = 10_000
UNANSWERED = "The event store doesn't answer, so what the search asks of events was left out."
_NOT_NOW = (
    "The event store isn't answering, so what this search asks of events can't be told now. Try again in a moment, or"
    " ask nothing of events."
)
CUT = f"The search finds more than {GROUPS_MAX:,} groups of events; these are the most recent."

# Django writes `is_open = True` as the bare column on SQLite, which then passes the index by; IN it doesn't.
OPEN = Q(is_open__in=(True,))
CLOSED = Q(is_open__in=(False,))
_EVERYTHING = ~Q(pk__in=[])
_NOTHING = Q(pk__in=[])
_LOOKUPS = {"=": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte"}
_COLUMNS = {"count": "count", "users": "users", "comments": "comment_count", "score": "score"}
_MOMENTS = {
    "first_seen": "first_seen",
    "last_seen": "last_seen",
    "age": "first_seen",
    "created": "created_at",
    "updated": "updated_at",
    "moved": "stage_changed_at",
    "due": "due_at",
}
_KINDS = {"age": "age", "due": "ahead"}
_PEOPLE = {"assignee": "assignee_id", "deputy": "deputy_id", "creator": "created_by_id"}
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9]{1,9})-(\d{1,9})", re.ASCII)


class SearchUnanswered(Refusal):
    """The event store doesn't answer what the search asks of it, and nothing may be left out."""

    code = "events_unavailable"
    status = 503


class Found(msgspec.Struct, frozen=True):
    """What a search comes to: the condition, its order, and what had to be left out."""

    where: Q
    sort: str
    descending: bool
    partial: str


def compile_search(
    text: str,
    *,
    actor: Actor,
    projects: Sequence[int],
    now: datetime,
    catalog: Catalog | None = None,
    until: datetime | None = None,
    whole: bool = False,
) -> Found:
    """Compile a search over these projects, of events up to `until`. Raises SearchError with what can't be read.

    Without the event store, what is asked of it is left out and said; if the answer must be `whole`, it is refused.
    """
    catalog = catalog or catalog_of(actor.organization_id)
    query = parse(storable(text), catalog=catalog)
    if query.where is None:
        return Found(_EVERYTHING, query.sort, query.descending, "")
    compiler = _Compiler(actor, projects, now, catalog, until, whole=whole)
    where = compiler.condition(partition(query.where, catalog=catalog))
    return Found(where, query.sort, query.descending, compiler.partial)


def asks_events(text: str, *, catalog: Catalog) -> bool:
    """Whether a search needs the event store."""
    where = parse(storable(text), catalog=catalog).where
    return where is not None and _has_event_side(partition(where, catalog=catalog))


def _has_event_side(node: Node) -> bool:
    match node:
        case EventSide():
            return True
        case And(nodes) | Or(nodes):
            return any(_has_event_side(part) for part in nodes)
        case Not(inner):
            return _has_event_side(inner)
    return False


class _Compiler:
    def __init__(
        self,
        actor: Actor,
        projects: Sequence[int],
        now: datetime,
        catalog: Catalog,
        until: datetime | None,
        *,
        whole: bool,
    ) -> None:
        self.partial = ""
        self._whole = whole
        self._until = until
        self._catalog = catalog
        self._actor = actor
        self._projects = projects
        self._now = now

    def condition(self, node: Node) -> Q:
        match node:
            case And(nodes):
                return _all(self.condition(part) for part in nodes)
            case Or(nodes):
                return _any(self.condition(part) for part in nodes)
            case Not(inner):
                return ~self.condition(inner)
            case Text(text):
                return _text(text)
            case Has(key):
                return self._has(key)
            case Term():
                return self._term(node)
            case EventSide(inner):
                return self._events(inner)

    def _term(self, term: Term) -> Q:
        compile_value = _FIELDS.get(term.key)
        if term.key.startswith(FIELD):
            compile_value = _Compiler._custom
        elif find_source(term.key):
            compile_value = _Compiler._known
        assert compile_value is not None, f"partition gives {term.key} to the event store"
        return _any(compile_value(self, term, value) for value in term.values)

    def _custom(self, term: Term, value: str) -> Q:
        """A custom field. That it is there is asked too, so that the opposite finds the issues without it."""
        field = self._catalog.fields[term.key]
        if field.kind == "person" and value.casefold() == "none":
            return ~self._has(term.key)
        return self._has(term.key) & self._of_value(field, term, value)

    def _known(self, term: Term, value: str) -> Q:
        """What another app knows of the issue."""
        field = self._catalog.fields[term.key]
        match field.kind:
            case "date":
                return self._rows(term.key, lambda column: _within(column, self._span(term, value)))
            case "number":
                return self._rows(term.key, lambda column: Q(**{f"{column}{_LOOKUPS[term.operator]}": number(value)}))
        return self._rows(term.key, lambda column: Q(**{column: value}))

    def _rows(self, key: str, condition: Callable[[str], Q]) -> Q:
        source = find_source(key)
        assert source is not None
        own = source.rows(self._actor.organization_id, key).filter(condition(source.column))
        return Q(pk__in=own.values("issue_id"))

    def _of_value(self, field: Field, term: Term, value: str) -> Q:
        column = f"values__{term.key.removeprefix(FIELD)}"
        match field.kind:
            case "number":
                return Q(**{f"{column}{_LOOKUPS[term.operator]}": number(value)})
            case "date":
                return _of_days(column, interval(value=value, operator=term.operator, now=self._now))
            case "person":
                return Q(**{f"{column}__in": accounts.emails_of_people(actor=self._actor, named=value)})
            case "choice":
                return Q(**{column: value == "true" if field.values == ("true", "false") else value})
        return _like(column, value, anywhere=True)

    def _chosen(self, term: Term, value: str) -> Q:
        """A stage or type, however two workflows spell it."""
        folded = value.casefold()
        spelt = [known for known in self._catalog.fields[term.key].values if known.casefold() == folded]
        return Q(**{f"{term.key}__in": spelt or [value]})

    def _state(self, _: Term, value: str) -> Q:
        return self._states[value](self)

    def _person(self, term: Term, value: str) -> Q:
        column = _PEOPLE[term.key]
        if value.casefold() == "none":
            return Q(**{f"{column}__isnull": True})
        return Q(**{f"{column}__in": accounts.ids_of_people(actor=self._actor, named=value)})

    def _watcher(self, _: Term, value: str) -> Q:
        ids = accounts.ids_of_people(actor=self._actor, named=value)
        return Q(Exists(Watcher.objects.filter(issue=OuterRef("pk"), user_id__in=ids)))

    def _mine(self) -> Q:
        return Q(assignee_id=self._actor.user_id) if self._actor.user_id else _NOTHING

    def _watched(self) -> Q:
        return Q(Exists(Watcher.objects.filter(issue=OuterRef("pk"), user_id=self._actor.own_id)))

    def _moment(self, term: Term, value: str) -> Q:
        return _within(_MOMENTS[term.key], self._span(term, value))

    def _span(self, term: Term, value: str) -> Interval:
        return interval(value=value, operator=term.operator, now=self._now, kind=_KINDS.get(term.key, "date"))

    def _has(self, key: str) -> Q:
        if key.startswith(FIELD):
            return Q(values__has_key=key.removeprefix(FIELD))
        if find_source(key):
            return self._rows(key, lambda column: Q(**{f"{column}__isnull": False}))
        return _HAS.get(key, _EVERYTHING)

    def _events(self, node: Node) -> Q:
        """The issues that an event of theirs answers for."""
        if not self._projects:
            return _NOTHING
        scope = Scope(projects=dict.fromkeys(map(ProjectId, self._projects)), until=self._until, where=node)
        try:
            found = ports.current().events.fingerprints(scope, limit=GROUPS_MAX)
        except StoreUnavailable:
            if self._whole:
                raise SearchUnanswered(_NOT_NOW) from None
            self.partial = UNANSWERED
            return _EVERYTHING
        if len(found) >= GROUPS_MAX:
            self.partial = CUT
        pairs = set(found)
        rows = Grouping.objects.filter(
            project_id__in={project for project, _ in found}, fingerprint__in=among([number for _, number in found])
        )
        groups = rows.values_list("project_id", "fingerprint", "issue_id")
        ids = {issue for project, number, issue in groups if (project, number) in pairs}
        return Q(pk__in=among(ids))

    _states: dict[str, Callable[["_Compiler"], Q]] = {
        "open": lambda _: OPEN,
        "closed": lambda _: CLOSED,
        "new": lambda _: Q(category="new"),
        "assigned": lambda _: Q(assignee_id__isnull=False),
        "unassigned": lambda _: Q(assignee_id__isnull=True),
        "mine": _mine,
        "watched": _watched,
        "regressed": lambda _: Q(regressed=True),
        "unhandled": lambda _: Q(unhandled=True),
        "handled": lambda _: Q(unhandled=False, count__gt=0),
        "blocked": lambda _: OPEN & _linked("target", "source"),
        "blocking": lambda _: OPEN & _linked("source", "target"),
    }


_Compile = Callable[[_Compiler, Term, str], Q]


def _choice(column: str) -> _Compile:
    return lambda _, __, value: Q(**{column: value})


def _contained(column: str) -> _Compile:
    return lambda _, __, value: _like(column, value, anywhere=True)


def _exactly(column: str) -> _Compile:
    return lambda _, __, value: _like(column, value, anywhere=False)


def _ranked(column: str, values: Sequence[str]) -> _Compile:
    return lambda _, term, value: Q(**{f"{column}{_LOOKUPS[term.operator]}": values.index(value)})


def _number(_: _Compiler, term: Term, value: str) -> Q:
    wanted = number(value)
    if term.operator == "=" and isinstance(wanted, float) and term.key != "score":
        return _NOTHING  # the column is whole, and Django would cut the number to fit
    return Q(**{f"{_COLUMNS[term.key]}{_LOOKUPS[term.operator]}": wanted})


def _of_days(column: str, span: Interval) -> Q:
    """Days are kept as texts like 2026-11-25, whose order is that of the days."""
    since = Q(**{f"{column}__gte": day_from(span.since)}) if span.since else _EVERYTHING
    return since & Q(**{f"{column}__lt": day_from(span.until)}) if span.until else since


def _within(column: str, span: Interval) -> Q:
    since = Q(**{f"{column}__gte": span.since}) if span.since else _EVERYTHING
    return since & Q(**{f"{column}__lt": span.until}) if span.until else since


def _level(_: _Compiler, term: Term, value: str) -> Q:
    return Q(level__in=levels(term.operator, value))


def _project(_: _Compiler, __: Term, value: str) -> Q:
    return _like("project__slug", value, anywhere=False) | _like("project__key", value, anywhere=False)


def _team(_: _Compiler, __: Term, value: str) -> Q:
    if value.casefold() == "none":
        return Q(project__team__isnull=True)
    return Q(project__team__isnull=False) & _like("project__team__slug", value, anywhere=False)


def _label(_: _Compiler, __: Term, value: str) -> Q:
    own = IssueLabel.objects.filter(_like("label__name", value, anywhere=False), issue=OuterRef("pk"))
    return Q(Exists(own))


def _key(_: _Compiler, __: Term, value: str) -> Q:
    match = _KEY.fullmatch(value)
    if match:
        return Q(project__key=match[1].upper(), number=int(match[2]))
    return _like("project__key", value.removesuffix("-*"), anywhere=False)


def _parent(_: _Compiler, __: Term, value: str) -> Q:
    if value.casefold() == "none":
        return Q(parent__isnull=True)
    match = _KEY.fullmatch(value)
    return Q(parent__project__key=match[1].upper(), parent__number=int(match[2])) if match else _NOTHING


def _linked(own: str, other: str) -> Q:
    """Issues at one end of a blocking link whose other end is still open."""
    links = IssueLink.objects.filter(kind="blocks", **{own: OuterRef("pk"), f"{other}__is_open__in": (True,)})
    return Q(Exists(links))


def _like(column: str, value: str, *, anywhere: bool) -> Q:
    """The column against a value with wildcards, in any case."""
    pieces = pattern(value)
    if len(pieces) == 1:
        return Q(**{f"{column}__{'icontains' if anywhere else 'iexact'}": pieces[0]})
    inner = ".*".join(re.escape(piece) for piece in pieces)
    return Q(**{f"{column}__iregex": inner if anywhere else f"^{inner}$"})


def _text(text: str) -> Q:
    anywhere = Q(title__icontains=text) | Q(culprit__icontains=text) | Q(description__icontains=text)
    match = _KEY.fullmatch(text)
    return anywhere | Q(project__key=match[1].upper(), number=int(match[2])) if match else anywhere


def _all(conditions: Iterable[Q]) -> Q:
    whole = _EVERYTHING
    for condition in conditions:
        whole = condition if whole is _EVERYTHING else whole & condition
    return whole


def _any(conditions: Iterable[Q]) -> Q:
    whole: Q | None = None
    for condition in conditions:
        whole = condition if whole is None else whole | condition
    return _NOTHING if whole is None else whole


_FIELDS: dict[str, _Compile] = {
    "is": _Compiler._state,
    "stage": _Compiler._chosen,
    "category": _choice("category"),
    "type": _Compiler._chosen,
    "assignee": _Compiler._person,
    "deputy": _Compiler._person,
    "creator": _Compiler._person,
    "watcher": _Compiler._watcher,
    "priority": _ranked("priority_rank", vocabulary.PRIORITIES),
    "severity": _ranked("severity_rank", vocabulary.SEVERITIES),
    "project": _project,
    "team": _team,
    "label": _label,
    "key": _key,
    "parent": _parent,
    "title": _contained("title"),
    "culprit": _contained("culprit"),
    "platform": _exactly("platform"),
    "level": _level,
    "clock": _choice("clock_state"),
    "waiting_on": _contained("waiting_on"),
    **dict.fromkeys(_COLUMNS, _number),
    **dict.fromkeys(_MOMENTS, _Compiler._moment),
}

_HAS: dict[str, Q] = {
    "assignee": Q(assignee_id__isnull=False),
    "deputy": Q(deputy_id__isnull=False),
    "creator": Q(created_by_id__isnull=False),
    "watcher": Q(Exists(Watcher.objects.filter(issue=OuterRef("pk")))),
    "label": Q(Exists(IssueLabel.objects.filter(issue=OuterRef("pk")))),
    "parent": Q(parent__isnull=False),
    "team": Q(project__team__isnull=False),
    "culprit": ~Q(culprit=""),
    "level": ~Q(level=""),
    "due": Q(due_at__isnull=False),
    "clock": ~Q(clock_state=""),
    "waiting_on": ~Q(waiting_on=""),
    "platform": ~Q(platform=""),
    "count": Q(count__gt=0),
    "users": Q(users__gt=0),
    "comments": Q(comment_count__gt=0),
}
