"""A rule as data."""

from collections.abc import Mapping
from typing import Literal

import msgspec

TriggerKind = Literal["created", "regressed", "stage", "field", "assigned", "commented", "clock", "events", "users"]
ActionKind = Literal[
    "assign", "deputy", "priority", "severity", "type", "label", "unlabel", "stage", "comment", "notify"
]

# What each says in a form, and what its argument is, as an example; "" takes none.
TRIGGERS: Mapping[TriggerKind, tuple[str, str]] = {
    "created": ("an issue is created", ""),
    "regressed": ("an issue happens again after its end", ""),
    "stage": ("an issue comes to a stage", "Retest, or empty for any"),
    "field": ("a field changes", "priority, field.customer, or empty for any"),
    "assigned": ("an issue gets an assignee", ""),
    "commented": ("somebody comments", ""),
    "clock": ("a clock reaches", "resolution 75, response breached, or empty for any"),
    "events": ("so many events come within some minutes", "50 in 10m"),
    "users": ("so many people have met it", "100"),
}
ACTIONS: Mapping[ActionKind, tuple[str, str]] = {
    "assign": ("assign it to", "e-mail address"),
    "deputy": ("make its deputy", "e-mail address"),
    "priority": ("set its priority to", "priority"),
    "severity": ("set its severity to", "severity"),
    "type": ("make it a", "type"),
    "label": ("add the label", "label"),
    "unlabel": ("take the label away", "label"),
    "stage": ("move it to", "stage"),
    "comment": ("comment", "text"),
    "notify": ("tell", "assignee, #team, channel:ops"),
}
FIELDS = ("priority", "severity", "type", "labels", "title", "assignee", "deputy", "waiting_on", "parent")
# Before the slug of a custom field, as in searches.
CUSTOM = "field."


class Trigger(msgspec.Struct, frozen=True):
    kind: TriggerKind
    value: str = ""  # the stage, the field or the clock; "" is any
    count: int = 0  # of events or people; of a clock the percent that it reaches, and 0 is any mark
    minutes: int = 0


class Action(msgspec.Struct, frozen=True):
    kind: ActionKind
    value: str


class Limits(msgspec.Struct, frozen=True):
    """How often a rule may act, so that one that was not thought through does little harm."""

    runs_per_hour_max: int = 100
    minutes_between: int = 0  # for one issue


class Rule(msgspec.Struct, frozen=True):
    """When the trigger, if the search finds the issue as it is then, then the actions in their order."""

    when: Trigger
    actions: tuple[Action, ...]
    where: str = ""  # the search language; "" is every issue
    limits: Limits = Limits()
