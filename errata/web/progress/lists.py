"""The lists behind the numbers of the progress page, as searches that find as many issues."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

from errata.apps.clocks.types import Promises
from errata.apps.progress.types import Filter, Part
from errata.core.progress import Percentiles
from errata.core.search.fields import left
from errata.web.issues import search_links

# For each promise: the keys of its state, and of when it was over.
_PROMISES = {"response": ("response", "responded"), "resolution": ("resolution", "resolved")}


class Counted(msgspec.Struct, frozen=True):
    """A number and its list."""

    count: int
    url: str


class Kept(msgspec.Struct, frozen=True):
    """What became of a promise."""

    name: str
    met: Counted
    missed: Counted
    late: Counted
    percent: int | None


class Timed(msgspec.Struct, frozen=True):
    """Times, and the list of the issues that they were taken from."""

    name: str
    time: Percentiles
    url: str


class Row(msgspec.Struct, frozen=True):
    """A part of the whole with its lists."""

    part: Part
    opened: Counted
    ended: Counted
    open: Counted
    resolution: Kept


class Lists(msgspec.Struct, frozen=True):
    """The lists for a filter, and for the days since one."""

    which: Filter
    since: date
    more: str = ""  # of the search

    def of(self, query: str) -> str:
        """The list of what fits the filter and a search."""
        given = [
            f"{name}:{search_links.quoted(value)}"
            for name in ("team", "type", "severity")
            if (value := getattr(self.which, name)) and (name != "team" or not self.which.project)
        ]
        return search_links.search(" ".join((query, *given, self.more)).strip(), project=self.which.project)

    def recent(self, key: str) -> str:
        """The list of what happened within the days."""
        return self.of(f"{key}:>={self.since}")

    def between(self, key: str, first: date, last: date) -> str:
        """The list of what happened on these days."""
        return self.of(f"{key}:>={first} {key}:<{last + timedelta(days=1)}")

    def numbers(self) -> Mapping[str, str]:
        """The lists behind the figures at the top."""
        return {
            "open": self.of("is:open"),
            "opened": self.recent("created"),
            "ended": self.recent("ended"),
            "returned": self.of(f"created:>={self.since} returns:>0"),
            "taken_up": self.recent("taken_up"),
        }

    def left(self, stage: str, time: Percentiles) -> Timed:
        """What left a stage."""
        return Timed(stage, time, self.recent(left(stage)))

    def kept(self, kind: str, promises: Promises) -> Kept:
        """What became of a promise."""
        state, over = _PROMISES[kind]
        return Kept(
            name=kind.capitalize(),
            met=Counted(promises.met, self.of(f"{state}:met {over}:>={self.since}")),
            missed=Counted(promises.missed, self.of(f"{state}:missed {over}:>={self.since}")),
            late=Counted(promises.breached, self.of(f"{state}:breached")),
            percent=None if promises.share is None else promises.percent,
        )

    def rows(self, by: str, parts: Sequence[Part]) -> list[Row]:
        """Parts with their lists."""
        return [self._within(by, part.name)._row(part) for part in parts]

    def _row(self, part: Part) -> Row:
        lists = self.numbers()
        return Row(
            part=part,
            opened=Counted(part.opened, lists["opened"]),
            ended=Counted(part.ended, lists["ended"]),
            open=Counted(part.open, lists["open"]),
            resolution=self.kept("resolution", part.resolution),
        )

    def _within(self, by: str, name: str) -> "Lists":
        """A project is chosen, for a search for it would find another one whose key is the same word."""
        if by == "project":
            return msgspec.structs.replace(self, which=msgspec.structs.replace(self.which, project=name))
        return msgspec.structs.replace(self, more=f"{by}:{search_links.quoted(name or 'none')}")
