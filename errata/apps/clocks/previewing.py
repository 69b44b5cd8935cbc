"""What a change of calendar or policy would do, before it is made: the clocks reckoned by both, and compared."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.calendars.queries import AROUND_THE_CLOCK, calendars_in_force, default_slug
from errata.apps.calendars.types import Definition
from errata.apps.clocks.grounds import Grounds, grounds, policies_of
from errata.apps.clocks.models import Clock
from errata.apps.clocks.reckoning import read
from errata.apps.clocks.types import Flip, Preview
from errata.apps.issues import queries as issues
from errata.apps.projects import queries as projects
from errata.core.errors import Refusal
from errata.core.sla import CalendarSince, ClockPolicy, PolicySince, Reading
from errata.core.template import faults, from_document

# Two cores reckon so many twice over in about a second; those due first are looked at, for they flip first.
LOOKED_AT_MAX = 5_000
_FLIPS_SHOWN = 100
_SLICE = 500


def preview_calendar(
    *,
    actor: Actor,
    slug: str,
    name: str,
    definition: Definition,
    now: datetime,
    is_default: bool | None = None,
    from_now: bool = False,
) -> Preview:
    """What the clocks would show if a calendar, known or new (with no slug yet), said this; None leaves the default."""
    allow(actor, "project:admin")
    known = calendars_in_force([actor.organization_id])[actor.organization_id]
    version = CalendarSince(definition.calendar(name), now if from_now else None)
    changed = (*(known.get(slug, ()) if from_now else ()), version)
    was_default = bool(slug) and default_slug(actor) == slug
    calendars = known | ({slug: changed} if slug else {})
    if was_default if is_default is None else is_default:
        calendars[""] = changed
    elif was_default:
        calendars[""] = AROUND_THE_CLOCK
    own = [project.id for project in projects.list_projects(actor=actor)]
    return _preview(actor, {project_id: grounds(policies_of(project_id), calendars) for project_id in own}, now)


class PolicyRefused(Refusal):
    """What is no policy, or one that no template could have."""

    code = "policy_refused"
    status = 422


def policy_from(document: Any) -> ClockPolicy:
    """The policy that a template's document writes, alone or as its maximum time.

    Raises DocumentRefused for what is no policy and PolicyRefused for one that a template would not take.
    """
    whole = isinstance(document, Mapping) and "maximum_time" in document
    overrides = from_document({"maximum_time": document["maximum_time"] if whole else document})
    if overrides.maximum_time is None:
        raise PolicyRefused("It has no maximum time, so there is nothing to preview.")
    found = faults(overrides)
    if found:
        raise PolicyRefused(found[0].words)
    return overrides.maximum_time


def preview_policy(*, actor: Actor, project_ids: Collection[int], policy: ClockPolicy, now: datetime) -> Preview:
    """What the clocks of these projects would show by another policy, from now on."""
    allow(actor, "issue:read")
    calendars = calendars_in_force([actor.organization_id])[actor.organization_id]
    own = {project.id for project in projects.list_projects(actor=actor)}
    instead = {
        project_id: grounds((*policies_of(project_id), PolicySince(policy, now)), calendars)
        for project_id in own.intersection(project_ids)
    }
    return _preview(actor, instead, now)


def _preview(actor: Actor, instead: Mapping[int, Grounds], now: datetime) -> Preview:
    live = Clock.objects.filter(organization_id=actor.organization_id, is_live__in=(True,), is_first__in=(True,))
    ids = list(
        live.filter(project_id__in=instead).order_by("due_at").values_list("issue_id", flat=True)[:LOOKED_AT_MAX]
    )
    checked = moved = 0
    flips: list[tuple[int, Reading | None, Reading | None]] = []
    for start in range(0, len(ids), _SLICE):
        for issue_id, before, after in _compared(ids[start : start + _SLICE], instead, now):
            checked += 1
            moved += _due(before) != _due(after)
            if _state(before) != _state(after):
                flips.append((issue_id, before, after))
    return Preview(
        checked=checked,
        moved=moved,
        breaches=sum(_state(after) == "breached" for _, _, after in flips),
        rescues=sum(_state(before) == "breached" for _, before, _ in flips),
        risks=sum(_state(after) == "at_risk" and _state(before) != "breached" for _, before, after in flips),
        flips=_shown(actor, flips[:_FLIPS_SHOWN]),
    )


def _compared(
    ids: list[int], instead: Mapping[int, Grounds], now: datetime
) -> Iterator[tuple[int, Reading | None, Reading | None]]:
    for one, other in zip(read(ids, at=now), read(ids, at=now, instead=instead), strict=True):
        before = {reading.kind: reading for reading in one.readings if reading.is_live}
        after = {reading.kind: reading for reading in other.readings if reading.is_live}
        for kind in dict.fromkeys((*before, *after)):
            yield one.life.issue_id, before.get(kind), after.get(kind)


def _shown(actor: Actor, flips: list[tuple[int, Reading | None, Reading | None]]) -> list[Flip]:
    rows = {
        row.id: row for row in issues.issues_by_ids(actor=actor, ids=list(dict.fromkeys(flip[0] for flip in flips)))
    }
    return [
        Flip(
            key=rows[issue_id].key,
            title=rows[issue_id].title,
            kind=(before or after).kind,  # type: ignore[union-attr]  # one of them is there
            before=_state(before),
            after=_state(after),
            due_before=_due(before),
            due_after=_due(after),
            left_before=before.left if before else None,
            left_after=after.left if after else None,
        )
        for issue_id, before, after in flips
        if issue_id in rows
    ]


def _state(reading: Reading | None) -> str:
    return reading.state if reading else ""


def _due(reading: Reading | None) -> datetime | None:
    return reading.due_at if reading else None
