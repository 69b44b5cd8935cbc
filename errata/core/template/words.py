"""The four fields in sentences: for the process page, for versions, for the drift report."""

from errata.core.designation import DesignationRule
from errata.core.recipients import channel_named
from errata.core.sla import EscalationStep, Target
from errata.core.template.durations import print_duration
from errata.core.template.types import Platform

_PLATFORMS = {
    "errata": "the issue’s own page and the inbox of Errata",
    "email": "e-mail",
    "slack": "Slack",
    "teams": "Microsoft Teams",
    "discord": "Discord",
    "webhook": "a webhook",
    "apprise": "another service (apprise)",
}
# As a menu has them.
PLATFORM_NAMES = {
    "errata": "Errata itself",
    "email": "E-mail",
    "slack": "Slack",
    "teams": "Microsoft Teams",
    "discord": "Discord",
    "webhook": "Webhook",
    "apprise": "Another service (apprise)",
}
_RULES = {
    "path": "a file matching {}",
    "url": "an address matching {}",
    "tag": "the tag {}",
    "service": "the service {}",
    "module": "the module {}",
    "type": "the type {}",
    "codeowners": "a file of the repository matching {}",
}
_CHOICES = {
    "first": "the first of",
    "round_robin": "in turn one of",
    "least_load": "the least busy of",
    "skill": "the one who knows it best of",
    "on_duty": "whoever is on duty of",
}
_ACTIONS = {
    "notify": "{} is told",
    "deputise": "the deputy takes over",
    "raise_priority": "the priority is raised",
    "chain": "{} are told, one after the other every {}, until one acknowledges",
}
_RECIPIENTS = {"assignee": "the assignee", "deputy": "the deputy", "watchers": "the watchers"}


def whom(target: Target) -> str:
    """Which issues a target is for."""
    if not target.severity and not target.priority:
        return "every other issue"
    parts = [f"severity {target.severity}" if target.severity else ""]
    parts.append(f"priority {target.priority}" if target.priority else "")
    return " and ".join(part for part in parts if part)


def platform_words(platform: Platform) -> str:
    """Where a team talks."""
    place = _PLATFORMS.get(platform.kind, platform.kind)
    return f"{place}, {platform.channel}" if platform.channel else place


def step_words(step: EscalationStep) -> str:
    """What happens when that share of the time is gone."""
    people = listed([_recipient(who) for who in step.to]) or "nobody"
    deed = _ACTIONS.get(step.action, step.action).format(people, print_duration(step.every_min))
    return deed.replace(" is told", " are told") if len(step.to) > 1 or "watchers" in step.to else deed


def _recipient(who: str) -> str:
    channel = channel_named(who)
    return f"the channel {channel}" if channel else _RECIPIENTS.get(who, who)


def step_when(step: EscalationStep) -> str:
    """When it happens."""
    return "When the time has run out" if step.percent == 100 else f"When {step.percent} % of the time is gone"


def rule_words(rule: DesignationRule) -> str:
    """A line of the designation list as a sentence."""
    about = _RULES.get(rule.kind, rule.kind + " {}").format(rule.pattern) if rule.kind != "always" else ""
    when = f"Issues about {about}" if about else "Everything else"
    if rule.kind == "type":
        when = f"Issues of {about}"
    hours = f", from {rule.hours.replace('-', ' to ', 1)}," if rule.hours else ""
    owners = listed(list(rule.owners), joint="or") or "nobody yet"
    choice = f"{_CHOICES.get(rule.choose, rule.choose)} " if len(rule.owners) > 1 or _is_group(rule) else ""
    skills = f", for {listed(list(rule.skills))}" if rule.skills else ""
    deputies = f"; {listed(list(rule.deputies), joint='or')} stand{'s' if len(rule.deputies) == 1 else ''} in"
    stand_in = deputies if rule.deputies else ""
    return f"{when}{hours} go{'es' if not about else ''} to {choice}{owners}{skills}{stand_in}."


def listed(names: list[str], *, joint: str = "and") -> str:
    """Names in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def _is_group(rule: DesignationRule) -> bool:
    return any(owner.startswith("#") for owner in rule.owners)
