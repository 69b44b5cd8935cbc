"""The charts of the progress page as SVG geometry."""

from collections.abc import Sequence
from datetime import date

import msgspec

from errata.apps.progress.types import AgeCount, DayCount, StageCount
from errata.core.progress import Day
from errata.web.issues.search_links import quoted

WIDTH, HEIGHT = 960, 180
# From the bottom of the flow to its top: what is over lies below what is still to be done.
_LAYERS = (("closed", "Closed"), ("done", "Fixed"), ("verify", "In retest"), ("active", "In work"), ("new", "New"))
_WEEKLY_FROM = 92


class Layer(msgspec.Struct, frozen=True):
    category: str
    name: str
    path: str
    now: int


class Column(msgspec.Struct, frozen=True):
    """A day, or a week, of the throughput."""

    day: date
    until: date
    opened: int
    ended: int
    x: float
    width: float
    opened_height: float
    ended_height: float


class Bar(msgspec.Struct, frozen=True):
    """A row of a funnel or of ages."""

    name: str
    kind: str
    count: int
    width: float  # of 100
    query: str


def flow(days: Sequence[Day]) -> tuple[list[Layer], int]:
    """The layers of a cumulative flow, and the height of all in issues. Closed ones count from the first day on."""
    if len(days) < 2:
        return [], 0
    base = days[0].counts.get("closed", 0)
    stacks = [[day.counts.get(c, 0) - (base if c == "closed" else 0) for c, _ in _LAYERS] for day in days]
    top = max(1, *(sum(stack) for stack in stacks))
    step = WIDTH / (len(days) - 1)
    layers: list[Layer] = []
    below = [0] * len(days)
    for place, (category, name) in enumerate(_LAYERS):
        above = [low + stack[place] for low, stack in zip(below, stacks, strict=True)]
        outline = [f"{n * step:.1f} {_y(v, top)}" for n, v in enumerate(above)]
        outline += [f"{n * step:.1f} {_y(v, top)}" for n, v in reversed(list(enumerate(below)))]
        layers.append(Layer(category, name, f"M{'L'.join(outline)}Z", days[-1].counts.get(category, 0)))
        below = above
    return layers[::-1], top


def evenings(days: Sequence[Day]) -> list[tuple[date, list[int]]]:
    """The flow in numbers, in the order of its layers: each evening, or of many days the last one and a week apart."""
    apart = 7 if len(days) > _WEEKLY_FROM else 1
    return [(day.day, [day.counts.get(c, 0) for c, _ in _LAYERS[::-1]]) for day in days[::-1][::apart]][::-1]


def columns(days: Sequence[DayCount]) -> tuple[list[Column], int]:
    """Opened upwards, ended downwards, from one line; by weeks when there are many days."""
    size = 7 if len(days) > _WEEKLY_FROM else 1
    groups = [days[start : start + size] for start in range(0, len(days), size)]
    sums = [(g[0].day, g[-1].day, sum(d.opened for d in g), sum(d.ended for d in g)) for g in groups]
    top = max(1, *(max(opened, ended) for _, _, opened, ended in sums))
    slot = WIDTH / len(sums)
    gap = min(3.0, slot * 0.25)
    half = HEIGHT / 2 - 2
    found = [
        Column(
            first, last, opened, ended, x=round(place * slot + gap / 2, 2), width=round(slot - gap, 2),
            opened_height=round(half * opened / top, 2), ended_height=round(half * ended / top, 2),
        )
        for place, (first, last, opened, ended) in enumerate(sums)
    ]  # fmt: skip
    return found, top


def funnel(counts: Sequence[StageCount]) -> list[Bar]:
    """Open issues by stage, in the order of the work."""
    order = {"new": 0, "active": 1, "verify": 2}
    most = max((count.count for count in counts), default=1)
    return [
        Bar(c.stage, c.category, c.count, round(100 * c.count / most, 1), _standing(c))
        for c in sorted(counts, key=lambda c: (order.get(c.category, 3), c.stage))
    ]


def ages(counts: Sequence[AgeCount]) -> list[Bar]:
    """Open issues by how long they have been open."""
    most = max((count.count for count in counts), default=0) or 1
    return [
        Bar(_words(c), "age", c.count, round(100 * c.count / most, 1), _aged(c)) for c in counts
    ]  # fmt: skip


def _standing(count: StageCount) -> str:
    """With what the stage means, for two workflows may use one word."""
    return f"stage:{quoted(count.stage)} category:{count.category}"


def _words(count: AgeCount) -> str:
    if count.until is None:
        return f"over {count.since} days"
    if not count.since:
        return "under a day"
    return f"{count.since} to {count.until} days"


def _aged(count: AgeCount) -> str:
    newer = f" created:-{count.until}d" if count.until else ""
    older = f" created:+{count.since}d" if count.since else ""
    return f"is:open{newer}{older}"


def _y(value: int, top: int) -> str:
    return f"{HEIGHT - HEIGHT * value / top:.1f}"
