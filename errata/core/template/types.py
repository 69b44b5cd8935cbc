"""The four fields, as one value."""

from typing import Literal, get_args

import msgspec

from errata.core.designation import DesignationRule
from errata.core.sla import ClockPolicy, EscalationStep, Target

PlatformKind = Literal["errata", "email", "slack", "teams", "discord", "webhook", "apprise"]
PLATFORM_KINDS: tuple[PlatformKind, ...] = get_args(PlatformKind)

# First how bad it is, then how soon it is wanted; a tenth of that for each tenfold of people and of events; then what
# the clock says; age last, so that nothing is forgotten. docs/howto/ranking.md explains each word.
DEFAULT_RANKING = (
    "severity * 40 + priority * 30 + log(users) * 10 + log(rate) * 5"
    " + min(clock, 1) * 20 + regressed * 10 + min(age_days, 30) / 3"
)
_HOUR, _DAY = 60, 24 * 60


class Platform(msgspec.Struct, frozen=True):
    """Where a team talks. `errata` is the issue's own page and the inbox."""

    kind: PlatformKind = "errata"
    channel: str = ""  # the name of a channel of the organisation, which holds the address and its secret


class Template(msgspec.Struct, frozen=True):
    maximum_time: ClockPolicy = ClockPolicy()
    platform: Platform = Platform()
    ranking: str = DEFAULT_RANKING
    designation: tuple[DesignationRule, ...] = ()


class Overrides(msgspec.Struct, frozen=True):
    """What an organisation, a team or a project writes down itself; None is inherited."""

    maximum_time: ClockPolicy | None = None
    platform: Platform | None = None
    ranking: str | None = None
    designation: tuple[DesignationRule, ...] | None = None


DEFAULT = Template(
    maximum_time=ClockPolicy(
        targets=(
            Target(severity="Critical", response_min=_HOUR, update_min=4 * _HOUR, resolution_min=_DAY),
            Target(priority="High", response_min=4 * _HOUR, update_min=_DAY, resolution_min=3 * _DAY),
            Target(priority="Medium", response_min=_DAY, update_min=3 * _DAY, resolution_min=10 * _DAY),
            Target(response_min=3 * _DAY, update_min=10 * _DAY, resolution_min=30 * _DAY),
        ),
        escalation=(
            EscalationStep(75, "notify", to=("assignee",)),
            EscalationStep(90, "notify", to=("assignee", "deputy")),
            EscalationStep(100, "notify", to=("assignee", "deputy", "watchers")),
        ),
    ),
)
