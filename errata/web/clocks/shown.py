"""A clock as pages show it: everything said and drawn here, so that templates only write."""

from datetime import timedelta

import msgspec

from errata.apps.clocks.plain import counted_words, words
from errata.apps.clocks.types import Preview
from errata.core.sla import Part, Reading
from errata.web.clocks import drawing
from errata.web.clocks.drawing import Band, Ring

_KIND_NAMES = {"response": "Response", "update": "Update", "resolution": "Resolution"}
_PART_NAMES = {
    "counted": "Counted",
    "outside": "Outside hours",
    "holiday": "Holiday",
    "closed": "Closed",
    "paused": "Paused",
    "waiting": "Waiting",
    "stopped": "Finished",
    "switch": "Switch",
}


class ShownPart(msgspec.Struct, frozen=True):
    part: Part
    name: str
    length: str


class Sum(msgspec.Struct, frozen=True):
    """How much of the wall time was of a kind."""

    name: str
    kind: str
    length: str


class Flipped(msgspec.Struct, frozen=True):
    """A clock before a change and after it."""

    key: str
    title: str
    kind: str
    before: str
    after: str


class ShownClock(msgspec.Struct, frozen=True):
    reading: Reading
    name: str
    state: str
    ring: Ring
    due: str
    elapsed: str
    target: str
    left: str
    parts: list[ShownPart]
    sums: list[Sum]
    wall: str

    @property
    def band(self) -> Band | None:
        """What has been, at length."""
        return drawing.band(self.reading)

    @property
    def way(self) -> Band | None:
        """From its beginning to when it is due."""
        return drawing.band(self.reading, whole=True)


def shown(reading: Reading) -> ShownClock:
    """A clock in words and shapes."""
    end = reading.stopped_at or reading.as_of
    return ShownClock(
        reading=reading,
        name=_KIND_NAMES[reading.kind],
        state=drawing.state_words(reading.state),
        ring=drawing.ring_of(reading),
        due=_due(reading),
        elapsed=counted_words(reading.elapsed, calendar=reading.calendar),
        target=counted_words(reading.target, calendar=reading.calendar),
        left=_left(reading),
        parts=[ShownPart(part, _PART_NAMES[part.kind], words(part.length)) for part in reading.parts],
        sums=_sums(reading),
        wall=words(end - reading.started_at),
    )


def flipped(preview: Preview | None) -> list[Flipped]:
    """The clocks that a change would put into another state, in words."""
    return [
        Flipped(flip.key, flip.title, flip.kind, _state(flip.before), _state(flip.after))
        for flip in (preview.flips if preview else ())
    ]


def _state(state: str) -> str:
    return drawing.state_words(state) if state else "no clock"


def _due(reading: Reading) -> str:
    if not reading.is_live:
        return drawing.state_words(reading.state).capitalize()
    if reading.state == "paused":
        return "Stands still"
    if reading.due_at is None:
        return "Never due"
    return drawing.due_words(reading.due_at, now=reading.as_of)


def _left(reading: Reading) -> str:
    length = counted_words(abs(reading.left), calendar=reading.calendar)
    return f"{length} left" if reading.left > timedelta() else f"{length} over"


def _sums(reading: Reading) -> list[Sum]:
    lengths: dict[str, timedelta] = {}
    for part in reading.parts:
        if part.kind != "switch":
            lengths[part.kind] = lengths.get(part.kind, timedelta()) + part.length
    return [Sum(_PART_NAMES[kind], kind, words(length)) for kind, length in lengths.items()]
