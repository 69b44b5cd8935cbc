"""Random histories of a team: every number of the progress page is the length of the list behind its link."""

import html
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from errata.apps.accounts import operations as accounts
from errata.apps.accounts.types import Actor
from errata.apps.issues import operations as issues
from errata.apps.issues import queries
from errata.apps.issues.models import FollowerPlace
from errata.apps.issues.types import IssueRow
from errata.apps.progress import following
from errata.apps.progress.models import Life, Standing, Stay, Tally, Total
from errata.apps.projects import operations as projects
from errata.apps.projects import queries as projects_of
from errata.apps.projects.types import ProjectView
from errata.core.errors import Refusal
from errata.core.workflow import DEFAULT
from tests.apps.clocks.turning import settle
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive
from tests.web.test_pages import page_of

STAGES = [stage.name for stage in DEFAULT.stages]
TYPES, SEVERITIES = ("Error", "Cost", "Task"), ("Minor", "Major", "Critical")
STEPS = 100
FILTERS: tuple[Mapping[str, str], ...] = (
    {"by": "project"}, {"by": "team", "days": "7"}, {"by": "type", "days": "90"}, {"by": "severity", "days": "365"},
    {"by": "type", "type": "Cost"}, {"by": "project", "severity": "Major", "days": "90"},
    {"by": "severity", "team": "money", "days": "90"}, {"by": "team", "project": "web", "type": "Task", "days": "90"},
)  # fmt: skip
_LINK = re.compile(r'<a href="([^"]*/issues/\?[^"]*)">(\d+)</a>')


class Team:
    """Does at random what teams do, one thing after the other."""

    def __init__(self, chance: random.Random, by: Actor, places: list[ProjectView]) -> None:
        self.chance, self.by, self.places = chance, by, places
        self.merged: list[int] = []
        self.groups = 0

    def act(self, at: datetime) -> None:
        """One thing, if the process lets it be done."""
        deeds = (
            (4, self.report), (3, self.fail), (12, self.move), (2, self.assign), (2, self.retype), (2, self.merge),
            (1, self.split), (1, self.take_back),
        )  # fmt: skip
        deed: Callable[[datetime], Any] = self.chance.choices([d for _, d in deeds], [n for n, _ in deeds])[0]
        try:
            (deed if self._all(at) else self.report)(at)
        except Refusal:
            return

    def report(self, at: datetime) -> None:
        place, kind, severity = (self.chance.choice(of) for of in (self.places, TYPES, SEVERITIES))
        issues.create_issue(
            project=place.slug, title=f"Slow at {at}", type=kind, severity=severity, by=self.by, at=at
        )  # fmt: skip

    def fail(self, at: datetime) -> None:
        """A new group of events, or one that was there before."""
        self.groups += 1
        place = self.places[self.groups % 2]
        arrive(delta(place, self.chance.randint(1, max(1, self.groups)), last=at), at=at)

    def move(self, at: datetime) -> None:
        row = self._some(at)
        issues.transition_issue(
            key=row.key, to=self.chance.choice(STAGES), reason="can't reproduce", comment="Seen.",
            assignee=self.by.email, by=self.by, at=at,
        )  # fmt: skip

    def assign(self, at: datetime) -> None:
        to = self.chance.choice((self.by.email, None))
        issues.assign_issue(key=self._some(at).key, to=to, by=self.by, at=at)

    def retype(self, at: datetime) -> None:
        kind, severity = self.chance.choice(TYPES), self.chance.choice(SEVERITIES)
        issues.update_issue(key=self._some(at).key, type=kind, severity=severity, by=self.by, at=at)

    def merge(self, at: datetime) -> None:
        one, other = self._some(at), self._some(at)
        self.merged += issues.merge_issues(into=one.key, keys=[other.key], by=self.by, at=at).activities[-1:]

    def split(self, at: datetime) -> None:
        row = max(self._all(at), key=lambda row: len(row.groups))
        if row.groups:
            issues.split_grouping(key=row.key, fingerprint=row.groups[0], by=self.by, at=at)

    def take_back(self, at: datetime) -> None:
        if self.merged:
            self.chance.shuffle(self.merged)
            issues.undo(activity_id=self.merged.pop(), by=self.by, at=at)

    def _all(self, at: datetime) -> list[IssueRow]:
        return queries.list_issues(actor=self.by, now=at, limit=200).items

    def _some(self, at: datetime) -> IssueRow:
        return self.chance.choice(self._all(at))


@pytest.mark.parametrize("seed", range(2))
def test_every_number_is_the_length_of_its_list(
    seed: int, olga: Actor, payments: ProjectView, browser: Any, events: Any, now: datetime
) -> None:
    team = history(random.Random(seed), olga, payments, now)
    client = browser(olga)

    checked = told = 0
    for which in FILTERS:
        page = page_of(client, "/progress/?" + "&".join(f"{name}={value}" for name, value in which.items()))
        for address, query, project, shown in numbers(page):
            ids = [place.id for place in team.places if place.slug == project] if project else None
            found = queries.count_views(actor=olga, queries=[query], projects=ids, now=now)
            assert found == {query: shown}, address
            checked, told = checked + 1, told + shown
    assert checked > 200
    assert told > 500


@pytest.mark.parametrize("seed", range(2))
def test_read_at_once_or_in_turns_the_counts_are_the_same(
    seed: int, olga: Actor, payments: ProjectView, events: Any, now: datetime
) -> None:
    """A number that went down takes back what it counted: no count stays behind, and none is less than nothing."""
    history(random.Random(seed), olga, payments, now, follow=True)
    in_turns = tallies()
    assert totals() == summed()

    forget()
    while following.follow(now):
        pass

    assert tallies() == in_turns
    assert min(in_turns.values()) > 0
    assert totals() == summed()


def history(chance: random.Random, by: Actor, payments: ProjectView, now: datetime, *, follow: bool = False) -> Team:
    """Sixty days of three projects, one of them with a team and one put away in the end."""
    accounts.create_team(name="Money", members=[], by=by, at=now)
    for name in ("Web", "Old"):
        projects.create_project(name=name, platform="node", by=by, at=now)
    projects.update_project(which="payments", team="money", by=by, at=now)
    team = Team(chance, by, [payments, *projects_of.list_projects(actor=by)])
    team.places = list({place.id: place for place in team.places}.values())
    at = now - timedelta(days=60)
    for _ in range(STEPS):
        at += timedelta(hours=chance.uniform(0, 2 * 60 * 24 / STEPS))
        if at < now:
            team.act(at)
        if follow and chance.random() < 0.3:
            following.follow(now)
    projects.archive_project(which="old", by=by, at=now)
    settle(now)
    while following.follow(now):
        pass
    return team


def numbers(page: str) -> Iterator[tuple[str, str, str, int]]:
    """The address of each list, its search, its project, and the number that leads there."""
    for link, shown in _LINK.findall(page):
        address = html.unescape(link)
        asked = parse_qs(urlsplit(address).query)
        yield address, asked["q"][0], asked.get("project", [""])[0], int(shown)


def tallies() -> dict[tuple[Any, ...], int]:
    columns = ("project_id", "day", "what", "name", "type", "severity", "bucket")
    rows = Tally.objects.exclude(count=0).values_list(*columns, "count")
    places = Standing.objects.exclude(count=0).values_list(
        "project_id", "stage", "category", "type", "severity", "count"
    )
    return {tuple(key): count for *key, count in [*rows, *places]}


def totals() -> dict[tuple[Any, ...], int]:
    columns = ("day", "what", "name", "type", "severity", "bucket")
    return {tuple(key): count for *key, count in Total.objects.exclude(count=0).values_list(*columns, "count")}


def summed() -> dict[tuple[Any, ...], int]:
    """What the totals should be."""
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in Tally.objects.all():
        sums[row.day, row.what, row.name, row.type, row.severity, row.bucket] += row.count
    return {cell: count for cell, count in sums.items() if count}


def forget() -> None:
    """As if the projection was never read."""
    for model in (Tally, Total, Standing, Stay, Life):
        model.objects.all().delete()
    FollowerPlace.objects.filter(name=following.NAME).delete()
