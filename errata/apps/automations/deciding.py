"""Whether a rule fires for what happened. Live evaluation and backtests both ask here."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from errata import ports
from errata.apps.accounts.queries import BY_RULE
from errata.apps.accounts.types import Actor
from errata.apps.issues import past
from errata.apps.issues.past import Then
from errata.apps.issues.types import Followed, IssueRow
from errata.apps.issues.vocabulary import catalog_of
from errata.core.automation import Change, Firing, Rule, bursts, is_meant
from errata.core.ids import ProjectId
from errata.core.search import Catalog, Node, event_side, parse, partition
from errata.ports.event_store import Scope

MINUTE = timedelta(minutes=1)
# The cause of a firing for so many people: it happens to an issue once.
USERS = "users"


class Meant(msgspec.Struct, frozen=True):
    """A rule with its search read once."""

    rule: Rule
    issue_side: Node | None
    event_side: Node | None
    catalog: Catalog

    @staticmethod
    def of(rule: Rule, *, actor: Actor) -> "Meant":
        """Read it with the stages, types and fields of the organisation. Raises SearchError for one that is gone."""
        catalog = catalog_of(actor.organization_id)
        where = parse(rule.where, catalog=catalog).where
        side = partition(where, catalog=catalog) if where is not None else None
        return Meant(rule, side, event_side(where, catalog=catalog), catalog)


def for_changes(meant: Meant, followed: Sequence[Followed], *, actor: Actor) -> list[Firing]:
    """The firings that these activities cause, in their order."""
    caught = [
        one
        for one in followed  # What a rule does is no cause for rules: two that answer each other would never end.
        if is_meant(meant.rule.when, Change(one.kind, one.after)) and not one.actor_name.startswith(BY_RULE)
    ]
    wanted: dict[int, set[int]] = defaultdict(set)
    for one in caught:
        wanted[one.issue_id].add(one.id)
    rows = past.rows_after(actor=actor, wanted=wanted)
    there = [one for one in caught if one.id in rows]
    thens = [Then(rows[one.id], one.at) for one in there]
    found = past.finds(meant.issue_side, thens, actor=actor, catalog=meant.catalog)
    return [Firing(one.issue_id, one.at, f"a{one.id}") for one, fires in zip(there, found, strict=True) if fires]


def for_events(
    meant: Meant, rows: Sequence[IssueRow], *, actor: Actor, since: datetime, until: datetime,
    last: Mapping[int, datetime],
) -> list[Firing]:  # fmt: skip
    """The firings that events cause from one minute to another; `last` has each issue's firing before, if any."""
    trigger = meant.rule.when
    first, end = floor(since), floor(until) + MINUTE
    start = first - (trigger.minutes - 1) * MINUTE
    counts = _per_minute(meant, rows, start=start, end=end)
    found: list[Firing] = []
    for row in rows:
        before = last.get(row.id)
        place = int((before - start) / MINUTE) if before else None
        places = bursts(counts.get(row.id, []), trigger=trigger, last=place)
        found += [_in_minute(row.id, start + number * MINUTE) for number in places]
    return _held(meant, sorted(found, key=lambda firing: (firing.at, firing.issue_id)), actor=actor)


def for_users(
    meant: Meant, rows: Sequence[IssueRow], *, actor: Actor, since: datetime | None, until: datetime
) -> list[Firing]:
    """One firing for each issue, in the minute in which so many people had met it, unless that was before `since`."""
    needed = meant.rule.when.count
    # Estimated and cheap, for all of them; those it tells of are asked for the very moment.
    now = _users(meant, rows, until=until)
    many = [row for row in rows if now.get(row.id, 0) >= needed]
    met = _met_by(meant, many, users=needed, until=until)
    found = [
        Firing(row.id, floor(at), USERS)
        for row in many
        if (at := met.get(row.id)) is not None and (since is None or at >= since)
    ]  # fmt: skip
    return _held(meant, sorted(found, key=lambda firing: (firing.at, firing.issue_id)), actor=actor)


def floor(moment: datetime) -> datetime:
    """The minute it is in."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _in_minute(issue_id: int, minute: datetime) -> Firing:
    return Firing(issue_id, minute, f"m{int(minute.timestamp()) // 60}")


def _held(meant: Meant, firings: Sequence[Firing], *, actor: Actor) -> list[Firing]:
    """Those whose issue the search found as the minute began, or as the issue did in it."""
    if meant.issue_side is None:
        return list(firings)
    moments: dict[int, set[datetime]] = defaultdict(set)
    for firing in firings:
        moments[firing.issue_id].add(firing.at)
    rows = past.rows_as_of(actor=actor, moments=moments)
    unborn = {firing.issue_id for firing in firings if (firing.issue_id, firing.at) not in rows}
    born = past.rows_at_birth(actor=actor, ids=unborn) if unborn else {}
    asked = [
        (firing, Then(row, firing.at + MINUTE))
        for firing in firings
        if (row := rows.get((firing.issue_id, firing.at)) or born.get(firing.issue_id))
    ]
    found = past.finds(meant.issue_side, [then for _, then in asked], actor=actor, catalog=meant.catalog)
    return [firing for (firing, _), held in zip(asked, found, strict=True) if held]


def _scope(meant: Meant, rows: Sequence[IssueRow], *, since: datetime | None, until: datetime) -> Scope:
    projects: dict[ProjectId, list[int]] = defaultdict(list)
    for row in rows:
        projects[ProjectId(row.project.id)] += row.groups
    return Scope(projects=dict(projects), since=since, until=until, where=meant.event_side)


def _per_minute(meant: Meant, rows: Sequence[IssueRow], *, start: datetime, end: datetime) -> dict[int, list[int]]:
    if not rows:
        return {}
    lines = ports.current().events.sparklines(_scope(meant, rows, since=start, until=end), bucket_s=60)
    counts: dict[int, list[int]] = {}
    for row in rows:
        own = [lines[key] for group in row.groups if (key := (ProjectId(row.project.id), group)) in lines]
        if own:
            counts[row.id] = [sum(bucket.count for bucket in buckets) for buckets in zip(*own, strict=True)]
    return counts


def _met_by(meant: Meant, rows: Sequence[IssueRow], *, users: int, until: datetime) -> dict[int, datetime]:
    if not rows:
        return {}
    met = ports.current().events.met_by(_scope(meant, rows, since=None, until=until), users=users)
    own = {row.id: [(ProjectId(row.project.id), group) for group in row.groups] for row in rows}
    return {
        number: min(met[key] for key in keys if key in met) for number, keys in own.items() if met.keys() & set(keys)
    }


def _users(meant: Meant, rows: Sequence[IssueRow], *, until: datetime) -> dict[int, int]:
    if not rows:
        return {}
    totals = ports.current().events.totals(_scope(meant, rows, since=None, until=until))
    return {
        row.id: max(
            (totals[key].users for group in row.groups if (key := (ProjectId(row.project.id), group)) in totals),
            default=0,
        )
        for row in rows
    }
