"""Charts as SVG geometry: numbers in, path data out. No style attributes, so the strict policy lets them through."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

# As wide as the flag of a mark, in the units of the chart.
_MARK_WIDTH = 10.0
_FLAG = 9.0
_DROP = 16


class Bar(msgspec.Struct, frozen=True):
    x: float
    y: float
    width: float
    height: float
    count: int
    start: datetime
    end: datetime
    slot: float  # x of the hit area
    slot_width: float


class Mark(msgspec.Struct, frozen=True):
    """Something that happened at a moment of the chart: a deploy."""

    x: float
    words: str
    at: datetime
    flag: float  # how far its flag reaches: to the left at the right edge,
    drop: int  # and from below the highest count, which stands there
    hit: float  # x of the hit area


class Histogram(msgspec.Struct, frozen=True):
    bars: list[Bar]
    total: int
    highest: int
    bucket_s: int
    width: int
    height: int
    marks: Sequence[Mark] = ()

    @property
    def first(self) -> datetime | None:
        return self.bars[0].start if self.bars else None

    @property
    def last(self) -> datetime | None:
        return self.bars[-1].start if self.bars else None


def spark_path(counts: Sequence[int], *, width: int = 112, height: int = 22, highest: int = 0) -> str:
    """Return the bars of a sparkline as one path: a DOM node a row, not one a bar."""
    if not counts:
        return ""
    top = max(highest, *counts, 1)
    step = width / len(counts)
    parts = []
    for index, count in enumerate(counts):
        if count:
            tall = max(2.0, height * count / top)
            parts.append(f"M{index * step + 0.5:.1f} {height}h{step - 1:.1f}v-{tall:.1f}h-{step - 1:.1f}z")
    return "".join(parts)


def histogram(
    buckets: Sequence[tuple[datetime, int]], *, bucket_s: int, width: int = 960, height: int = 88
) -> Histogram:
    """Lay out the bars of an event histogram in a box of its own units."""
    highest = max((count for _, count in buckets), default=0)
    slot = width / max(len(buckets), 1)
    gap = min(2.0, slot * 0.2)
    bars = [
        Bar(
            x=round(index * slot + gap / 2, 2),
            y=round(height - _tall(count, highest, height), 2),
            width=round(slot - gap, 2),
            height=round(_tall(count, highest, height), 2),
            count=count,
            start=start,
            end=start + timedelta(seconds=bucket_s),
            slot=round(index * slot, 2),
            slot_width=round(slot, 2),
        )
        for index, (start, count) in enumerate(buckets)
    ]
    total = sum(count for _, count in buckets)
    return Histogram(bars=bars, total=total, highest=highest, bucket_s=bucket_s, width=width, height=height)


def marked(chart: Histogram, moments: Sequence[tuple[datetime, str]]) -> Histogram:
    """The chart with marks at these moments. Those too near to be told apart become one, with the words of all."""
    if chart.first is None or chart.last is None:
        return chart
    begin, length_s = chart.first, chart.bucket_s * len(chart.bars)
    marks: list[Mark] = []
    for at, words in sorted(moments):
        share = (at - begin).total_seconds() / length_s
        if not 0 <= share <= 1:
            continue
        x = round(share * chart.width, 2)
        if marks and x - marks[-1].x < _MARK_WIDTH:
            marks[-1] = msgspec.structs.replace(marks[-1], words=f"{marks[-1].words}\n{words}")
        else:
            late = x > chart.width - 4 * _FLAG
            flag = -_FLAG if late else _FLAG
            hit = round(min(x, x + flag) - 2, 2)
            marks.append(Mark(x=x, words=words, at=at, flag=flag, drop=_DROP if late else 0, hit=hit))
    return msgspec.structs.replace(chart, marks=marks)


def _tall(count: int, highest: int, height: int) -> float:
    return max(2.0, height * count / highest) if count else 0.0


def used_share(since: datetime | None, until: datetime | None, *, now: datetime) -> int:
    """How much of a time is used, in percent; all of it when it is over, or has no length."""
    if since is None or until is None:
        return 0
    whole = (until - since).total_seconds()
    return 100 if whole <= 0 else max(0, min(100, round(100 * (now - since).total_seconds() / whole)))
