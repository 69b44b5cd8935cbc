"""A search asked of one issue in memory: as it is, as it was, or as a rule finds it.

Says the same as the records do: tests/apps/standing/test_past.py holds both to one list of searches, which asks every
key there is. Who is meant by a name, and what events say, are the caller's to know.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from errata.core import vocabulary
from errata.core.search.ast import And, EventSide, Has, Node, Not, Or, Term, Text
from errata.core.search.facts import levels
from errata.core.search.fields import DEFAULT_CATALOG, Catalog
from errata.core.search.values import day_from, interval, number, pattern

_FIELD = "field."
Who = Callable[[str], Collection[int]]
Names = Callable[[str], Collection[str]]
Asks = Callable[[Node], bool]


class Subject(msgspec.Struct, frozen=True):
    """What a search can ask of an issue."""

    key: str
    project_slug: str
    project_key: str
    title: str
    culprit: str
    description: str
    type: str
    priority: str
    severity: str
    stage: str
    category: str
    level: str
    platform: str
    count: int
    users: int
    comments: int
    first_seen: datetime
    last_seen: datetime
    created: datetime
    updated: datetime
    moved: datetime
    assignee: int | None = None
    deputy: int | None = None
    creator: int | None = None
    watchers: frozenset[int] = frozenset()
    labels: tuple[str, ...] = ()
    regressed: bool = False
    unhandled: bool = False
    parent: str = ""  # its key
    blocked: bool = False  # by an issue that is open
    blocking: bool = False
    waiting_on: str = ""
    score: float = 0
    clock: str = ""
    due: datetime | None = None
    values: Mapping[str, Any] = {}  # of custom fields, by their slug
    team: str = ""  # of its project
    known: Mapping[str, Sequence[Any]] = {}  # what other apps know of it, by key

    @property
    def is_open(self) -> bool:
        """Whether somebody has something to do about it."""
        return self.category in vocabulary.OPEN_CATEGORIES


class Asker(msgspec.Struct, frozen=True):
    """For whom and when a search is asked."""

    now: datetime
    who: Who  # the people a name means: an e-mail address, #team, me
    me: int | None
    events: Asks  # whether an event of the issue answers
    emails: Names = lambda _: ()  # the same people by their addresses, as custom fields name them
    catalog: Catalog = DEFAULT_CATALOG


def matches(node: Node, subject: Subject, asker: Asker) -> bool:
    """Whether the search finds the issue."""
    match node:
        case And(nodes):
            return all(matches(part, subject, asker) for part in nodes)
        case Or(nodes):
            return any(matches(part, subject, asker) for part in nodes)
        case Not(inner):
            return not matches(inner, subject, asker)
        case EventSide(inner):
            return asker.events(inner)
        case Text(text):
            return _mentions(subject, text)
        case Has(key):
            return _has(subject, key)
        case Term():
            return any(_term(node, value, subject, asker) for value in node.values)


def _mentions(subject: Subject, text: str) -> bool:
    wanted = text.casefold()
    places = (subject.title, subject.culprit, subject.description)
    return any(wanted in place.casefold() for place in places) or subject.key.casefold() == wanted


def _has(subject: Subject, key: str) -> bool:
    held = {
        "assignee": subject.assignee, "deputy": subject.deputy, "creator": subject.creator,
        "watcher": subject.watchers, "label": subject.labels, "parent": subject.parent, "culprit": subject.culprit,
        "level": subject.level, "platform": subject.platform, "count": subject.count, "users": subject.users,
        "comments": subject.comments, "due": subject.due, "clock": subject.clock, "waiting_on": subject.waiting_on,
        "team": subject.team,
    }  # fmt: skip
    if key in subject.known:
        return bool(subject.known[key])
    if key.startswith(_FIELD):
        return subject.values.get(key.removeprefix(_FIELD)) is not None
    return bool(held.get(key, True))


def _term(term: Term, value: str, subject: Subject, asker: Asker) -> bool:
    if term.key in subject.known:
        return any(_known(term, value, held, asker) for held in subject.known[term.key])
    if term.key.startswith(_FIELD):
        return _valued(term, value, subject.values.get(term.key.removeprefix(_FIELD)), asker)
    match term.key:
        case "is":
            return _STATES[value](subject, asker)
        case "assignee" | "deputy" | "creator":
            return _person(getattr(subject, term.key), value, asker)
        case "watcher":
            return not subject.watchers.isdisjoint(asker.who(value))
        case "priority" | "severity" | "level" | "count" | "users" | "comments" | "score":
            return _ordered(term, value, subject)
        case "first_seen" | "last_seen" | "age" | "created" | "updated" | "moved" | "due":
            return _when(term, value, subject, asker.now)
    return _text(term.key, value, subject)


_KINDS = {"age": "age", "due": "ahead"}


def _when(term: Term, value: str, subject: Subject, now: datetime) -> bool:
    moment: datetime | None = subject.first_seen if term.key == "age" else getattr(subject, term.key)
    return moment is not None and _within(moment, term, value, now)


def _within(moment: datetime, term: Term, value: str, now: datetime) -> bool:
    span = interval(value=value, operator=term.operator, now=now, kind=_KINDS.get(term.key, "date"))
    return (span.since is None or moment >= span.since) and (span.until is None or moment < span.until)


def _known(term: Term, value: str, held: Any, asker: Asker) -> bool:
    """What another app knows of the issue: a moment, a number or one of the key's values."""
    if isinstance(held, datetime):
        return _within(held, term, value, asker.now)
    return held == value if isinstance(held, str) else _compare(held, term.operator, number(value))


_STATES: dict[str, Callable[[Subject, Asker], bool]] = {
    "open": lambda subject, _: subject.is_open,
    "closed": lambda subject, _: not subject.is_open,
    "new": lambda subject, _: subject.category == "new",
    "assigned": lambda subject, _: subject.assignee is not None,
    "unassigned": lambda subject, _: subject.assignee is None,
    "mine": lambda subject, asker: asker.me is not None and subject.assignee == asker.me,
    "watched": lambda subject, asker: asker.me in subject.watchers,
    "regressed": lambda subject, _: subject.regressed,
    "unhandled": lambda subject, _: subject.unhandled,
    "handled": lambda subject, _: not subject.unhandled and subject.count > 0,
    "blocked": lambda subject, _: subject.is_open and subject.blocked,
    "blocking": lambda subject, _: subject.is_open and subject.blocking,
}


def _person(held: int | None, value: str, asker: Asker) -> bool:
    if value.casefold() == "none":
        return held is None
    return held is not None and held in asker.who(value)


def _ordered(term: Term, value: str, subject: Subject) -> bool:
    match term.key:
        case "level":
            return subject.level in levels(term.operator, value)
        case "priority":
            return _ranked(vocabulary.PRIORITIES, subject.priority, term.operator, value)
        case "severity":
            return _ranked(vocabulary.SEVERITIES, subject.severity, term.operator, value)
    return _compare(getattr(subject, term.key), term.operator, number(value))


def _ranked(places: Sequence[str], held: str, operator: str, wanted: str) -> bool:
    if held not in places or wanted not in places:
        return held == wanted
    return _compare(places.index(held), operator, places.index(wanted))


def _text(key: str, value: str, subject: Subject) -> bool:
    match key:
        case "project":
            return _like(subject.project_slug, value) or _like(subject.project_key, value)
        case "label":
            return any(_like(label, value) for label in subject.labels)
        case "key":
            return subject.key.casefold() == value.casefold() or _like(subject.project_key, value.removesuffix("-*"))
        case "title" | "culprit" | "waiting_on":
            return _like(getattr(subject, key), value, anywhere=True)
        case "stage" | "category" | "type" | "clock":
            return bool(getattr(subject, key).casefold() == value.casefold())
        case "team":
            return _like(subject.team, "" if value.casefold() == "none" else value)
        case "parent":
            return subject.parent.casefold() == ("" if value.casefold() == "none" else value.casefold())
    assert key == "platform", f"partition gives {key} to the event store"
    return _like(subject.platform, value)


def _valued(term: Term, value: str, held: Any, asker: Asker) -> bool:
    """A custom field, by its kind."""
    field = asker.catalog.fields.get(term.key)
    kind = field.kind if field else "text"
    if kind == "person" and value.casefold() == "none":
        return held is None
    if held is None:
        return False
    match kind:
        case "number":
            return _compare(held, term.operator, number(value))
        case "date":
            span = interval(value=value, operator=term.operator, now=asker.now)
            since, until = (day_from(moment) if moment else None for moment in (span.since, span.until))
            return (since is None or held >= since) and (until is None or held < until)
        case "person":
            return held in asker.emails(value)
        case "choice":
            return bool(held == (value == "true") if isinstance(held, bool) else held == value)
    return _like(str(held), value, anywhere=True)


def _compare(held: float, operator: str, wanted: float) -> bool:
    match operator:
        case "=":
            return held == wanted
        case ">":
            return held > wanted
        case ">=":
            return held >= wanted
        case "<":
            return held < wanted
    return held <= wanted


def _like(text: str, value: str, *, anywhere: bool = False) -> bool:
    pieces = pattern(value)
    return _expression(("", *pieces, "") if anywhere else pieces).fullmatch(text) is not None


@cache
def _expression(pieces: Sequence[str]) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pieces)), re.IGNORECASE | re.DOTALL)
