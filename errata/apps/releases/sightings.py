"""Releases that events tell of. Looked for by the clock, so that the digest, which counts events, has no part in it."""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest, Least

from errata import ports
from errata.apps.projects import queries as projects
from errata.apps.records import storable, write
from errata.apps.releases.models import Ledger, Release, Sighting
from errata.apps.releases.rows import VERSION_CHARS_MAX, changed, make_release
from errata.core.ids import ProjectId
from errata.ports.event_store import Scope, Spread

# Events come late: from a client that was offline, or by a digest that had a backlog. What comes later than this is
# found when its release sends again.
_OVERLAP = timedelta(minutes=15)
# At the first look ever, as far back as the default retention's common part.
_FIRST = timedelta(days=30)
_AHEAD = timedelta(minutes=2)


def look_at_events(*, at: datetime) -> int:
    """Note the releases, and where they ran, of the events since the last look. Return how many were new or moved."""
    ledger = Ledger.objects.filter(id=1).first()
    looked_at = ledger.looked_at if ledger else None
    organizations = {project_id: place.organization_id for project_id, place in _projects().items()}
    if not organizations:
        return 0
    since = looked_at - _OVERLAP if looked_at else at - _FIRST
    scope = Scope(projects={ProjectId(number): None for number in organizations}, since=since, until=at + _AHEAD)
    found = [one for one in ports.current().events.spread(scope) if 0 < len(one.release.strip()) <= VERSION_CHARS_MAX]
    with write():
        moved = sum(_note(one, organizations[one.project_id], at=at) for one in found)
        if not ledger:
            Ledger.objects.get_or_create(id=1)
        Ledger.objects.filter(id=1).update(looked_at=at)
        if moved:
            changed()
    return moved


def _projects() -> dict[int, projects.DigestProject]:
    return projects.rows_for_digest(list(projects.current_dictionaries()))


def _note(one: Spread, organization_id: int, *, at: datetime) -> bool:
    """Note one release in one environment. Whether it is new there: later events only move its end."""
    release = make_release(organization_id, one.release, at=min(one.first_at, at), projects=[one.project_id])
    Release.objects.filter(id=release.id).filter(
        Q(first_event_at=None) | Q(first_event_at__gt=one.first_at) | Q(last_event_at__lt=one.last_at)
    ).update(
        first_event_at=Least(Coalesce(F("first_event_at"), one.first_at), one.first_at),
        last_event_at=Greatest(Coalesce(F("last_event_at"), one.last_at), one.last_at),
    )
    row, made = Sighting.objects.get_or_create(
        release_id=release.id, project_id=one.project_id, environment=storable(one.environment)[:64],
        defaults={"first_at": one.first_at, "last_at": one.last_at},
    )  # fmt: skip
    if made:
        return True
    if one.first_at < row.first_at or one.last_at > row.last_at:
        Sighting.objects.filter(id=row.id).update(
            first_at=min(one.first_at, row.first_at), last_at=max(one.last_at, row.last_at)
        )
    return False
