"""Which calendar a policy counts with, in words and as a menu."""

from errata.apps.calendars import queries as calendars
from errata.core.sla import ClockPolicy
from errata.web.requests import ActorRequest


def calendar_words(request: ActorRequest, policy: ClockPolicy) -> str:
    """The calendar's name; "" when every hour counts."""
    known = calendars.list_calendars(actor=request.actor)
    for calendar in known:
        if calendar.slug == policy.calendar or (calendar.is_default and not policy.calendar):
            return calendar.name
    return policy.calendar


def calendar_choices(request: ActorRequest, policy: ClockPolicy) -> list[tuple[str, str]]:
    """The calendars that there are, and the one that is chosen even if it is gone."""
    known = calendars.list_calendars(actor=request.actor)
    ours = next((calendar.name for calendar in known if calendar.is_default), "")
    choices = {"": f"the organisation’s ({ours})" if ours else "around the clock"}
    choices |= {calendar.slug: calendar.name for calendar in known}
    choices.setdefault(policy.calendar, f"{policy.calendar} (gone)")
    return list(choices.items())
