"""By what clocks are reckoned: the policies of a project over time, and the calendars of its organisation."""

import hashlib
from collections.abc import Collection, Mapping
from functools import lru_cache

import msgspec

from errata.apps.calendars.queries import calendars_in_force
from errata.apps.projects.queries import organizations_of
from errata.apps.templates.queries import policy_history
from errata.core.sla import Calendar, Calendars, CalendarSince, PolicySince, TimetableSince
from errata.core.sla.timetable import Timetable

# Each holds some hundred kB once years are counted; an organisation has a handful.
_TIMETABLES_MAX = 256


class Grounds(msgspec.Struct, frozen=True):
    policies: tuple[PolicySince, ...]
    calendars: Calendars
    digest: str

    @property
    def percents(self) -> tuple[int, ...]:
        """The shares at which something happens."""
        return tuple({step.percent for version in self.policies for step in version.policy.escalation})


def policies_of(project_id: int) -> tuple[PolicySince, ...]:
    """The policies of a project, oldest first: a change of its template holds from when it was made."""
    first, *others = policy_history(project_id)
    policies = [PolicySince(first[1].maximum_time)]
    for since, template in others:
        if template.maximum_time != policies[-1].policy:
            policies.append(PolicySince(template.maximum_time, since))
    return tuple(policies)


def grounds_of(project_ids: Collection[int]) -> dict[int, Grounds]:
    """What the clocks of each of these projects are reckoned by; those that are gone are left out."""
    return grounds_by_owner(organizations_of(project_ids))


def grounds_by_owner(owners: Mapping[int, int]) -> dict[int, Grounds]:
    """The same, of projects whose organisation is known."""
    calendars = calendars_in_force(set(owners.values()))
    return {
        project_id: grounds(policies_of(project_id), calendars[organization_id])
        for project_id, organization_id in owners.items()
    }


def grounds(policies: tuple[PolicySince, ...], calendars: Mapping[str, tuple[CalendarSince, ...]]) -> Grounds:
    """Make policies and calendars ready to be reckoned with."""
    slugs = {version.policy.calendar for version in policies} & calendars.keys() | {""}
    used = {slug: calendars[slug] for slug in sorted(slugs)}
    told = msgspec.json.encode([policies, used])
    return Grounds(
        policies=policies,
        calendars={slug: _ready(versions) for slug, versions in used.items()},
        digest=hashlib.blake2b(told, digest_size=16).hexdigest(),
    )


def _ready(versions: tuple[CalendarSince, ...]) -> tuple[TimetableSince, ...]:
    return tuple(TimetableSince(_timetable(version.calendar), version.since) for version in versions)


@lru_cache(maxsize=_TIMETABLES_MAX)
def _timetable(calendar: Calendar) -> Timetable:
    return Timetable(calendar)
