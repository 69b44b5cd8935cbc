"""How the work goes, from the counts of its days: as many statements whatever the number of issues.

A percentile looks up one duration in its index, so each list of durations takes up to three more.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum, Value

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.clocks import queries as clocks
from errata.apps.clocks.types import Promises
from errata.apps.issues import queries as issues
from errata.apps.progress.following import NAME
from errata.apps.progress.models import Life, Standing, Stay, Tally, Total
from errata.apps.progress.types import AgeCount, DayCount, Filter, Part, Progress, StageCount, StageTime
from errata.apps.projects import queries as projects
from errata.apps.workflows.queries import words
from errata.core.errors import Refusal
from errata.core.progress import Day, Percentiles, age_bounds, bucket_bounds, flow, percentiles
from errata.core.vocabulary import CLOSED_CATEGORIES, OPEN_CATEGORIES, SEVERITIES

DAYS_MAX = 366
_FOREVER_S = 2**62
PARTS = ("project", "team", "type", "severity")
# The durations of a kind: where they are, and since when.
_TIMES = {"left": ("total_s", "left_at"), "ended": ("ended_s", "ended_at"), "taken_up": ("taken_up_s", "taken_up_at")}
_OF_LIVES = ("ended", "taken_up")
_Histograms = Mapping[tuple[str, Any], Mapping[int, int]]


class _Chosen(NamedTuple):
    """Which issues are told of, by the columns that stays, lives, tallies and clocks share; and since when."""

    where: Q
    since: datetime
    # Which tallies: by their projects, for they lie project by project.
    tallies: Q
    # Where all projects are told of: what the totals are asked, and what is hidden of them.
    totals: Q | None = None
    hidden: Q = Q(pk__in=())


class PartUnknown(Refusal):
    """A way to divide the numbers that there is not."""

    code = "part_unknown"
    status = 422


def progress(*, actor: Actor, now: datetime, which: Filter) -> Progress:
    """How the work went in the last days."""
    allow(actor, "issue:read")
    which = _sensible(which)
    chosen = _chosen(actor, now, which)
    standing, days = _standing(chosen), _days(chosen)
    times = _histograms(_TIMES, "name", chosen)
    return Progress(
        since=chosen.since,
        funnel=[count for count in standing if count.category not in CLOSED_CATEGORIES],
        flow=_flow(standing, days, now=now, days=which.days),
        stages=_stages(actor, times, chosen),
        ages=_ages(now, chosen),
        throughput=_throughput(days, now=now, days=which.days),
        opened=_whole(days, "opened"),
        ended=_whole(days, "ended"),
        returned=_whole(days, "returned"),
        time_to_take_up=_times(times, "taken_up", "", chosen),
        time_to_end=_times(times, "ended", "", chosen),
        response=_promises(actor, "response", chosen),
        resolution=_promises(actor, "resolution", chosen),
        behind=issues.count_unfollowed(NAME),
    )


def parts(*, actor: Actor, now: datetime, which: Filter, by: str, most: int | None = None) -> list[Part]:
    """The same numbers for each project, team, type or severity, the busiest first; `most` of them at most."""
    allow(actor, "issue:read")
    if by not in PARTS:
        raise PartUnknown(f"There is no part “{by}”. One of: {', '.join(PARTS)}.", values=list(PARTS))
    chosen = _chosen(actor, now, _sensible(which))
    if by == "project" and most is not None:
        chosen = _busiest(chosen, most)
    column = "project_id" if by in ("project", "team") else by
    found = _parts(column, _names(actor, by), _kept(actor, column, chosen), chosen)
    if by == "severity":
        found.sort(key=lambda part: SEVERITIES.index(part.name) if part.name in SEVERITIES else -1, reverse=True)
    else:
        found.sort(key=lambda part: (-part.open - part.opened, part.title))
    return found[:most]


def _busiest(chosen: _Chosen, most: int) -> _Chosen:
    """The projects with the most to tell, before the durations of all are counted."""
    busy = Counter(_sums(Standing.objects.filter(chosen.where, category__in=OPEN_CATEGORIES), "project_id"))
    busy.update({project: count for (project,), count in _tallied(("opened",), chosen, "project_id").items()})
    if len(busy) <= most:
        return chosen
    return _within(chosen, "project_id", [project for project, _ in busy.most_common(most)])


def _parts(
    column: str, name_of: Callable[[Any], tuple[str, str]], kept: Mapping[Any, Promises], chosen: _Chosen
) -> list[Part]:
    open_ = _sums(Standing.objects.filter(chosen.where, category__in=OPEN_CATEGORIES), column)
    opened = {value: count for (value,), count in _tallied(("opened",), chosen, column).items()}
    times = _histograms(_OF_LIVES, column, chosen)
    values: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for value in {*open_, *opened, *kept, *(value for _, value in times)}:
        values[name_of(value)].append(value)
    found = []
    for (name, title), own in values.items():
        here = _within(chosen, column, own)
        merged: dict[tuple[str, Any], Counter[int]] = {
            (what, ""): sum((Counter(times.get((what, value), {})) for value in own), Counter()) for what in _OF_LIVES
        }
        to_end = _times(merged, "ended", "", here)
        found.append(
            Part(
                name=name,
                title=title,
                opened=sum(opened.get(value, 0) for value in own),
                ended=to_end.count,
                open=sum(open_.get(value, 0) for value in own),
                time_to_take_up=_times(merged, "taken_up", "", here),
                time_to_end=to_end,
                resolution=sum((kept.get(value, Promises()) for value in own), Promises()),
            )
        )
    return found


def _chosen(actor: Actor, now: datetime, which: Filter) -> _Chosen:
    first = now.date() - timedelta(days=which.days - 1)
    since = datetime.combine(first, time(), tzinfo=now.tzinfo)
    kind = {name: value for name in ("type", "severity") if (value := getattr(which, name))}
    where = Q(organization_id=actor.organization_id, **kind)
    if which.project:
        own = where & Q(project_id=projects.project(actor=actor, which=which.project).id)
        return _Chosen(own, since, own)
    known = projects.list_projects(actor=actor)
    if which.team:
        own = where & Q(project_id__in=[project.id for project in known if project.team == which.team])
        return _Chosen(own, since, own)
    hidden = Q(project_id__in=projects.hidden_ids(actor))
    return _Chosen(
        where & ~hidden, since, where & Q(project_id__in=[project.id for project in known]), where, where & hidden
    )


def _within(chosen: _Chosen, column: str, values: Collection[Any]) -> _Chosen:
    some = Q(**{f"{column}__in": values})
    return _Chosen(chosen.where & some, chosen.since, chosen.tallies & some)


def _sensible(which: Filter) -> Filter:
    return msgspec.structs.replace(which, days=max(1, min(which.days, DAYS_MAX)))


def _tallied(what: Collection[str], chosen: _Chosen, *columns: str) -> dict[tuple[Any, ...], int]:
    """The counts of the days by these columns. Those of all projects come from the totals, less what is hidden."""
    counts: Counter[tuple[Any, ...]] = Counter()
    if chosen.totals is None or "project_id" in columns:
        sources: list[tuple[QuerySet[Any], int]] = [(Tally.objects.filter(chosen.tallies), 1)]
    else:
        sources = [(Total.objects.filter(chosen.totals), 1), (Tally.objects.filter(chosen.hidden), -1)]
    for rows, sign in sources:
        own = rows.filter(what__in=list(what), day__gte=chosen.since.date())
        for *values, count in own.values_list(*columns).annotate(Sum("count")).order_by():
            counts[tuple(values)] += sign * count
    return {values: count for values, count in counts.items() if count}


def _sums(rows: QuerySet[Standing], column: str) -> dict[Any, int]:
    counts = rows.values_list(column).annotate(Sum("count")).order_by()
    return {value: count for value, count in counts if count}


def _standing(chosen: _Chosen) -> list[StageCount]:
    found = Standing.objects.filter(chosen.where).values_list("stage", "category").annotate(Sum("count"))
    return [StageCount(*row) for row in found.order_by() if row[-1]]


_Days = Mapping[tuple[Any, ...], int]  # by day, what and name


def _days(chosen: _Chosen) -> _Days:
    return _tallied(("came", "went", "opened", "ended", "returned"), chosen, "day", "what", "name")


def _whole(days: _Days, what: str) -> int:
    return sum(count for (_, own, _), count in days.items() if own == what)


def _flow(standing: list[StageCount], days_of: _Days, *, now: datetime, days: int) -> list[Day]:
    current: Counter[str] = Counter()
    for stage in standing:
        current[stage.category] += stage.count
    came, went = (
        {(day, category): count for (day, own, category), count in days_of.items() if own == what}
        for what in ("came", "went")
    )
    return flow(today=now.date(), days=days, now=current, came=came, went=went)


def _throughput(days_of: _Days, *, now: datetime, days: int) -> list[DayCount]:
    first = now.date() - timedelta(days=days - 1)
    all_days = (first + timedelta(days=number) for number in range(days))
    return [DayCount(day, days_of.get((day, "opened", ""), 0), days_of.get((day, "ended", ""), 0)) for day in all_days]


def _ages(now: datetime, chosen: _Chosen) -> list[AgeCount]:
    """One statement of several counts: each is a stretch of an index, as long as no row has to be read for its key."""
    bounds = age_bounds()
    lives = Life.objects.filter(chosen.where, ended_at=None)
    first, *rest = (
        lives.filter(_aged(since, until, now)).order_by().values_list(Value(since)).annotate(number=Count("*"))
        for since, until in bounds
    )
    counts = dict(first.union(*rest, all=True))
    return [AgeCount(since, until, counts.get(since, 0)) for since, until in bounds]


def _aged(since: int, until: int | None, now: datetime) -> Q:
    """As `created:+1d created:-3d` means it in a search."""
    old = Q(opened_at__lt=now - timedelta(days=since)) if since else Q()
    return old if until is None else old & Q(opened_at__gte=now - timedelta(days=until))


def _histograms(what: Collection[str], column: str, chosen: _Chosen) -> _Histograms:
    """How many durations fall into each bucket, by what they are of and a column."""
    found: dict[tuple[str, Any], dict[int, int]] = defaultdict(dict)
    for (own, value, place), count in _tallied(what, chosen, "what", column, "bucket").items():
        found[own, value][place] = count
    return found


def _times(times: _Histograms, what: str, name: str, chosen: _Chosen) -> Percentiles:
    counts = times.get((what, name))
    if not counts:
        return percentiles({}, pick=lambda _, place: place)
    seconds, at = _TIMES[what]
    rows: QuerySet[Any] = Stay.objects.filter(stage=name) if what == "left" else Life.objects.all()
    rows = rows.filter(chosen.where, **{f"{at}__gte": chosen.since, f"{seconds}__isnull": False})
    # Three questions that differ in two numbers: to word one takes longer than to answer it.
    wording, words = rows.values_list(seconds).query.sql_with_params()
    picked = f"SELECT {seconds} FROM ({wording}) AS durations WHERE {seconds} >= %s AND {seconds} < %s ORDER BY 1 LIMIT 1 OFFSET %s"  # noqa: E501, S608 - its own columns

    def pick(bucket: int, place: int) -> int:
        least, end = bucket_bounds(bucket)
        with connection.cursor() as cursor:
            cursor.execute(picked, [*words, least, _FOREVER_S if end is None else end, place])
            found = cursor.fetchone()
        # What is written between two statements may take one away: its bucket is then near enough.
        return least if found is None else int(found[0])

    return percentiles(counts, pick)


def _stages(actor: Actor, times: _Histograms, chosen: _Chosen) -> list[StageTime]:
    """In the order of the work. An issue's last stage has no end, so it is not among them."""
    known = words(actor=actor).stages
    stages = sorted(
        (stage for stage in known if stage.category in OPEN_CATEGORIES and times.get(("left", stage.name))),
        key=lambda stage: OPEN_CATEGORIES.index(stage.category),
    )
    return [StageTime(stage.name, _times(times, "left", stage.name, chosen)) for stage in stages]


def _promises(actor: Actor, kind: str, chosen: _Chosen) -> Promises:
    found = clocks.promises(actor=actor, kind=kind, since=chosen.since, where=chosen.where, by="project_id")
    return sum(found.values(), Promises())


def _kept(actor: Actor, column: str, chosen: _Chosen) -> Mapping[Any, Promises]:
    return clocks.promises(actor=actor, kind="resolution", since=chosen.since, where=chosen.where, by=column)


def _names(actor: Actor, by: str) -> Callable[[Any], tuple[str, str]]:
    """What a value of the column is called: its name for filters, and its title."""
    if by in ("type", "severity"):
        return lambda value: (value, value or "none")
    known = {project.id: project for project in projects.list_projects(actor=actor)}
    if by == "project":
        return lambda value: (known[value].slug, known[value].name) if value in known else ("", "archived")
    teams = {team.slug: team.name for team in accounts.list_teams(actor=actor)}

    def team_of(value: int) -> tuple[str, str]:
        slug = known[value].team if value in known else ""
        return slug, teams.get(slug, "no team")

    return team_of
