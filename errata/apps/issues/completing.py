"""What could stand at the cursor of the search bar."""

from datetime import datetime, timedelta

from django.db.models import Max

from errata import ports
from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import visible
from errata.apps.issues.models import Label
from errata.apps.issues.types import Completion
from errata.apps.issues.vocabulary import catalog_of
from errata.apps.projects import queries as projects
from errata.apps.records import storable
from errata.core import search
from errata.core.ids import ProjectId
from errata.core.search import Catalog, Suggestion, tag_of
from errata.ports.event_store import Scope, StoreUnavailable

_SUGGESTIONS_MAX = 50
# Names and values people look for are in use; a month's events say which.
_RECENT = timedelta(days=30)


def completions(*, actor: Actor, text: str, position: int, now: datetime) -> list[Completion]:
    """Suggest keys, values, people, projects, labels and tags for what is being typed."""
    allow(actor, "issue:read")
    text = storable(text)
    catalog = catalog_of(actor.organization_id)
    asked = search.complete(text, position=max(0, min(position, len(text))), catalog=catalog)
    if asked is None:
        return []
    offered = [_written(suggestion, asked) for suggestion in search.suggestions(asked, catalog=catalog)]
    found = offered + _known(actor, asked, now, catalog)
    unique = {suggestion.text: suggestion for suggestion in reversed(found)}
    return [
        Completion(text=suggestion.text, detail=suggestion.help, start=asked.start, end=asked.end)
        for suggestion in reversed(unique.values())
    ][:_SUGGESTIONS_MAX]


def _written(suggestion: Suggestion, asked: search.Completion) -> Suggestion:
    """A value as it has to be written: a stage may be called In Progress."""
    return suggestion if asked.kind == "key" else Suggestion(_quoted(suggestion.text), suggestion.help)


def _known(actor: Actor, asked: search.Completion, now: datetime, catalog: Catalog) -> list[Suggestion]:
    """What only this installation knows."""
    if asked.kind == "key":
        return _tag_keys(actor, asked.prefix, now, catalog)
    field = catalog.fields.get(asked.key)
    if field is not None and field.kind == "person":
        return _people(actor, asked.prefix)
    if asked.key == "project":
        return _matching(asked.prefix, [(view.slug, view.name) for view in projects.list_projects(actor=actor)])
    if asked.key == "team":
        return _matching(asked.prefix, [(team.slug, team.name) for team in accounts.list_teams(actor=actor)])
    if asked.key == "label":
        return _labels(actor, asked.prefix)
    if asked.key == "release":
        return _releases(actor, asked.prefix)
    if catalog.side(asked.key) != "issue":
        return _values(actor, asked, now)
    return []


def _people(actor: Actor, prefix: str) -> list[Suggestion]:
    found = accounts.members_like(prefix, actor=actor, limit=_SUGGESTIONS_MAX)
    teams = [(f"#{team.slug}", team.name) for team in accounts.list_teams(actor=actor)]
    return [Suggestion(_quoted(person.email), person.name) for person in found] + _matching(prefix, teams)


def _labels(actor: Actor, prefix: str) -> list[Suggestion]:
    rows = Label.objects.filter(organization_id=actor.organization_id, folded__startswith=prefix.casefold())
    names = rows.order_by("folded").values_list("name", flat=True)[:_SUGGESTIONS_MAX]
    return [Suggestion(_quoted(name), "") for name in names]


def _releases(actor: Actor, prefix: str) -> list[Suggestion]:
    """The releases that issues were seen in, newest issue first: the records know them, and answer sooner."""
    rows = visible(actor).filter(last_release__startswith=prefix, count__gt=0).exclude(last_release="")
    newest = rows.values("last_release").annotate(newest=Max("last_seen")).order_by("-newest")
    names = newest.values_list("last_release", flat=True)[:_SUGGESTIONS_MAX]
    return [Suggestion(_quoted(name), "") for name in names]


def _matching(prefix: str, pairs: list[tuple[str, str]]) -> list[Suggestion]:
    wanted = prefix.casefold()
    return [
        Suggestion(_quoted(value), words)
        for value, words in pairs
        if value.casefold().startswith(wanted) or words.casefold().startswith(wanted)
    ]


def _tag_keys(actor: Actor, prefix: str, now: datetime, catalog: Catalog) -> list[Suggestion]:
    try:
        keys = ports.current().events.tag_keys(_scope(actor, now), prefix=prefix, limit=20)
    except StoreUnavailable:
        return []
    return [Suggestion(f"{key}:", "Tag") for key in keys if catalog.find(key) is None]


def _values(actor: Actor, asked: search.Completion, now: datetime) -> list[Suggestion]:
    key = tag_of(asked.key) or asked.key
    try:
        values = ports.current().events.tag_values(_scope(actor, now), key=key, prefix=asked.prefix, limit=20)
    except StoreUnavailable:
        return []
    return [Suggestion(_quoted(value), "") for value in values]


def _scope(actor: Actor, now: datetime) -> Scope:
    return Scope(projects=dict.fromkeys(map(ProjectId, projects.visible_ids(actor))), since=now - _RECENT)


def _quoted(value: str) -> str:
    if value and not any(character.isspace() or character in '"()[],' for character in value):
        return value
    return '"' + value.replace('"', '\\"') + '"'
