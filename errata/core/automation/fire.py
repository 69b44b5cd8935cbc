"""When a rule fires. Asked by live evaluation and by backtests alike, so that one can't say other than the other."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from errata.core.automation.types import CUSTOM, FIELDS, Limits, Trigger

_HOUR = timedelta(hours=1)
_KINDS: Mapping[str, tuple[str, ...]] = {
    "created": ("created", "split_from"),
    "regressed": ("regressed",),
    "stage": ("stage", "regressed"),
    "field": (*FIELDS, "field"),
    "assigned": ("assignee",),
    "commented": ("commented",),
    "clock": ("clock",),
}


class Change(msgspec.Struct, frozen=True):
    """What happened, as far as a trigger asks."""

    kind: str
    after: Mapping[str, Any]


class Firing(msgspec.Struct, frozen=True):
    """A rule meant something that happened."""

    issue_id: int
    at: datetime
    cause: str  # what it was, once and for all: an activity, a minute, a threshold


def kinds(trigger: Trigger) -> tuple[str, ...]:
    """The kinds of activity that a trigger may mean; none for those that go by events."""
    return _KINDS.get(trigger.kind, ())


def is_meant(trigger: Trigger, change: Change) -> bool:
    """Whether a change is what the trigger waits for."""
    if change.kind not in kinds(trigger):
        return False
    match trigger.kind:
        case "stage":
            return not trigger.value or str(change.after.get("stage", "")).casefold() == trigger.value.casefold()
        case "field":
            return not trigger.value or trigger.value in _fields(change)
        case "clock":
            return (trigger.value in ("", change.after.get("clock"))) and (
                trigger.count in (0, change.after.get("percent"))
            )
        case "assigned":
            return bool(change.after.get("assignee"))
    return True


def _fields(change: Change) -> list[str]:
    """What changed, in the words of rules: a custom field's change is of the kind “field”, whatever its slug."""
    return [f"{CUSTOM}{slug}" for slug in change.after] if change.kind == "field" else [change.kind]


def bursts(counts: Sequence[int], *, trigger: Trigger, last: int | None = None) -> list[int]:
    """The minutes, by their place, in which the last `minutes` held `count` events; not again for as long after one.

    `last` is the place of the firing before, negative if it lies before the first minute. A minute that isn't over may
    be given as it is: its firing can only be earlier than its end, never in another minute.
    """
    window = trigger.minutes
    found: list[int] = []
    held = sum(counts[: window - 1]) if window > 1 else 0
    for place in range(window - 1, len(counts)):
        held += counts[place]
        if held >= trigger.count and (last is None or place - last >= window):
            found.append(place)
            last = place
        held -= counts[place - window + 1]
    return found


def within_limits(firings: Iterable[Firing], limits: Limits, *, before: Iterable[Firing] = ()) -> list[Firing]:
    """The firings that the limits let act, in their order; those `before` have acted already."""
    acted: deque[datetime] = deque()
    last: dict[int, datetime] = {}
    for firing in before:
        acted.append(firing.at)
        last[firing.issue_id] = firing.at
    pause = timedelta(minutes=limits.minutes_between)
    kept: list[Firing] = []
    for firing in firings:
        while acted and acted[0] <= firing.at - _HOUR:
            acted.popleft()
        rested = firing.issue_id not in last or firing.at - last[firing.issue_id] >= pause
        if len(acted) < limits.runs_per_hour_max and rested:
            kept.append(firing)
            acted.append(firing.at)
            last[firing.issue_id] = firing.at
    return kept
