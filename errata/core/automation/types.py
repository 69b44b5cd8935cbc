"""A rule as data."""

from collections.abc import Mapping
from typing import Literal

import msgspec

TriggerKind = Literal["created", "regressed", "stage", "field", "assigned", "commented", "clock", "events", "users"]
ActionKind = Literal[
    "assign", "deputy", "priority", "severity", "type", "label", "unlabel", "stage", "comment", "notify"
]

# What each says in a form, and an example of its argument; "" takes none.
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
    "assign": ("assign it to", "bob@example.com"),
    "deputy": ("make its deputy", "bob@example.com"),
    "priority": ("set its priority to", "High"),
    "severity": ("set its severity to", "Critical"),
    "type": ("make it a", "Security"),
    "label": ("add the label", "urgent"),
    "unlabel": ("take the label away", "urgent"),
    "stage": ("move it to", "Assigned"),
    "comment": ("comment", "in Markdown; @name mentions"),
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
