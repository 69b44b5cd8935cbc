"""A Scope as a WHERE clause."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from errata.adapters.clickhouse.parameters import Parameters
from errata.adapters.clickhouse.search import condition
from errata.core.ids import EventId, ProjectId
from errata.core.limits import EVENT_FUTURE_S_MAX
from errata.ports.event_store import Scope

_AHEAD: Final = timedelta(seconds=EVENT_FUTURE_S_MAX)


def where(scope: Scope, parameters: Parameters, *, now: datetime) -> str:
    """The condition that every event of the scope meets."""
    parts = [_projects(scope, parameters)]
    if scope.since:
        parts.append(f"timestamp >= {parameters.moment(scope.since)}")
        # Says nothing new, since no event is stored from further ahead than that, but leaves out the days before.
        parts.append(f"received >= {parameters.moment(scope.since - _AHEAD)}")
    if scope.until:
        parts.append(f"timestamp < {parameters.moment(scope.until)}")
    if scope.where is not None:
        parts.append(condition(scope.where, parameters, now=now))
    return " AND ".join(parts)


def _projects(scope: Scope, parameters: Parameters) -> str:
    whole = [project for project, fingerprints in scope.projects.items() if fingerprints is None]
    parts = [_groups(project, groups, parameters) for project, groups in scope.projects.items() if groups]
    if whole:
        parts.append(f"project_id IN {parameters.numbers(whole)}")
    return f"({' OR '.join(parts)})" if parts else "false"


def _groups(project: ProjectId, fingerprints: Sequence[int], parameters: Parameters) -> str:
    # "=" rather than IN for one group: the engine then knows that its rows are sorted by time.
    one = len(fingerprints) == 1
    groups = f"= {parameters.number(fingerprints[0])}" if one else f"IN {parameters.numbers(fingerprints)}"
    return f"(project_id = {parameters.number(project)} AND fingerprint {groups})"


def behind(place: tuple[datetime, EventId], parameters: Parameters, *, oldest_first: bool) -> str:
    """The condition of the page that follows the event at `place`."""
    than = ">" if oldest_first else "<"
    at, event_id = parameters.moment(place[0]), parameters.event_id(place[1])
    # The first half says nothing new, but it is what the primary key understands.
    return f"timestamp {than}= {at} AND (timestamp, event_id) {than} ({at}, {event_id})"
