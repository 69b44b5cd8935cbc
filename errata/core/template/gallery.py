"""Templates that are ready: each for a kind of team, to begin with and to change."""

from collections.abc import Mapping

import msgspec

from errata.core.sla import ClockPolicy, EscalationStep, Target
from errata.core.template.types import DEFAULT, DEFAULT_RANKING, Template

_H, _D = 60, 24 * 60


class Ready(msgspec.Struct, frozen=True):
    """A template of the gallery."""

    slug: str
    name: str
    audience: str  # whom it is for, in a sentence
    reason: str  # what is particular about it
    template: Template  # designates nobody: owners are people, whom no gallery knows


def _targets(*rows: tuple[str, str, int | None, int | None, int | None]) -> tuple[Target, ...]:
    """Severity, priority, then the minutes to a response, to an update and to the resolution."""
    return tuple(
        Target(severity=severity, priority=priority, response_min=first, update_min=news, resolution_min=end)
        for severity, priority, first, news, end in rows
    )


_TELL = (
    EscalationStep(75, "notify", to=("assignee",)),
    EscalationStep(90, "notify", to=("assignee", "deputy")),
    EscalationStep(100, "notify", to=("assignee", "deputy", "watchers")),
)
_TAKE_OVER = (
    EscalationStep(50, "notify", to=("assignee",)),
    EscalationStep(75, "raise_priority"),
    EscalationStep(90, "deputise"),
    EscalationStep(100, "chain", to=("deputy", "watchers")),
)

_SHOP = Ready(
    slug="web-shop",
    name="Web shop",
    audience="A team that sells on the web and loses money while the checkout fails.",
    reason="Minutes count for what is critical; people met and events an hour weigh more than age.",
    template=Template(
        maximum_time=ClockPolicy(
            targets=_targets(
                ("Critical", "", 15, 60, 4 * _H),
                ("Major", "High", 30, 2 * _H, 8 * _H),
                ("Major", "", 2 * _H, 8 * _H, 2 * _D),
                ("Minor", "", 8 * _H, 2 * _D, 7 * _D),
                ("", "", 2 * _D, 7 * _D, 30 * _D),
            ),
            escalation=_TAKE_OVER,
        ),
        ranking="severity * 40 + priority * 20 + log(users) * 15 + log(rate) * 15 + (trend > 2) * 10"
        " + min(clock, 1) * 20 + regressed * 10 + client_value",
    ),
)
_SAAS = Ready(
    slug="saas",
    name="SaaS platform",
    audience="A product with contracts, where some clients were promised more than others.",
    reason="The clock and the client’s value weigh most, and updates are promised as well as a resolution.",
    template=Template(
        maximum_time=ClockPolicy(
            targets=_targets(
                ("Critical", "", 30, 2 * _H, 8 * _H),
                ("", "High", 2 * _H, 8 * _H, 2 * _D),
                ("Major", "", 4 * _H, _D, 4 * _D),
                ("", "Medium", _D, 3 * _D, 10 * _D),
                ("", "", 3 * _D, 10 * _D, 45 * _D),
            ),
            escalation=_TAKE_OVER,
        ),
        ranking="severity * 30 + priority * 25 + client_value * 5 + min(clock, 2) * 30 + breached * 20"
        " + log(users) * 10 + regressed * 10",
    ),
)
_INTERNAL = Ready(
    slug="internal-it",
    name="Internal IT",
    audience="A team that runs the tools of its own organisation.",
    reason="Questions and requests count too. Choose your office hours as the calendar, so that nights don’t count.",
    template=Template(
        maximum_time=ClockPolicy(
            targets=_targets(
                ("Critical", "", _H, 4 * _H, _D),
                ("", "High", 4 * _H, _D, 3 * _D),
                ("", "Medium", _D, 3 * _D, 10 * _D),
                ("", "", 2 * _D, 10 * _D, 20 * _D),
            ),
            escalation=_TELL,
        ),
        ranking="severity * 30 + priority * 30 + log(users) * 15 + min(clock, 1) * 20 + min(age_days, 20)"
        ' + type("Inquiry") * 5',
    ),
)
_OPEN_SOURCE = Ready(
    slug="open-source",
    name="Open-source project",
    audience="Volunteers who give their evenings, and promise an answer rather than a date.",
    reason="A friendly first response is promised, a resolution only for security; nothing is escalated but silence.",
    template=Template(
        maximum_time=ClockPolicy(
            targets=_targets(
                ("Critical", "", 2 * _D, 7 * _D, 30 * _D),
                ("Major", "", 7 * _D, 30 * _D, None),
                ("", "", 14 * _D, None, None),
            ),
            on_reopen="restart",
            escalation=(EscalationStep(100, "notify", to=("assignee", "watchers"), kinds=("response",)),),
        ),
        ranking='severity * 40 + type("Security") * 40 + log(users) * 15 + regressed * 15'
        ' + label("good first issue") * 5 + min(age_days, 60) / 6',
    ),
)
_SECURITY = Ready(
    slug="security-team",
    name="Security team",
    audience="People who answer for vulnerabilities, and to an auditor.",
    reason="The usual 1, 7, 30 and 90 days by severity; waiting on somebody else doesn’t stop the clock.",
    template=Template(
        maximum_time=ClockPolicy(
            targets=_targets(
                ("Critical", "", 30, 4 * _H, _D),
                ("Major", "", 4 * _H, _D, 7 * _D),
                ("Minor", "", _D, 7 * _D, 30 * _D),
                ("", "", 3 * _D, 30 * _D, 90 * _D),
            ),
            paused_while_waiting=False,
            escalation=(
                EscalationStep(50, "notify", to=("assignee",)),
                EscalationStep(75, "notify", to=("assignee", "deputy")),
                EscalationStep(90, "deputise"),
                EscalationStep(100, "chain", to=("deputy", "watchers")),
            ),
        ),
        ranking="severity ** 2 * 60 + priority * 20 + min(clock, 2) * 25 + breached * 25 + log(users) * 5"
        " + (unassigned and severity > 0.5) * 20",
    ),
)
_AGENCY = Ready(
    slug="agency",
    name="Agency",
    audience="A house that looks after the sites and apps of several clients.",
    reason="What the client pays for decides; time stands still while the client is asked.",
    template=Template(
        maximum_time=ClockPolicy(
            targets=_targets(
                ("Critical", "", _H, 4 * _H, _D),
                ("", "High", 4 * _H, _D, 3 * _D),
                ("", "Medium", _D, 4 * _D, 14 * _D),
                ("", "", 3 * _D, 14 * _D, 60 * _D),
            ),
            paused_in=("Retest",),
            escalation=_TELL,
        ),
        ranking="client_value * 10 + severity * 25 + priority * 25 + min(clock, 1) * 25 + regressed * 10"
        ' + label("retainer") * 10',
    ),
)
_MOBILE = Ready(
    slug="mobile-app",
    name="Mobile app",
    audience="A team whose fixes reach people days later, through a store.",
    reason="Crashes that nobody caught come first, and what comes back counts double: a release is a slow remedy.",
    template=Template(
        maximum_time=ClockPolicy(
            targets=_targets(
                ("Critical", "", 2 * _H, _D, 3 * _D),
                ("Major", "", _D, 3 * _D, 10 * _D),
                ("", "", 3 * _D, 14 * _D, 45 * _D),
            ),
            paused_in=("Retest",),
            escalation=_TELL,
        ),
        ranking="severity * 35 + unhandled * 15 + log(users) * 20 + regressed * 20 + (trend > 1.5) * 10"
        " + min(clock, 1) * 15",
    ),
)
_START = Ready(
    slug="standard",
    name="Standard",
    audience="Any team that wants to begin today and write its own rules later.",
    reason="What Errata starts with: days rather than minutes, and a ranking that looks at everything a little.",
    template=msgspec.structs.replace(DEFAULT, ranking=DEFAULT_RANKING),
)

GALLERY: Mapping[str, Ready] = {
    ready.slug: ready for ready in (_START, _SHOP, _SAAS, _INTERNAL, _AGENCY, _MOBILE, _OPEN_SOURCE, _SECURITY)
}
