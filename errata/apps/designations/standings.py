"""Why an issue stands where it does, and where issues would stand by another basis for ranking."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from errata.apps.accounts.types import Actor
from errata.apps.designations.measures import FROM_EVENTS, Counts, measures_of, recent_counts
from errata.apps.designations.scores import basis_of
from errata.apps.issues.changes import issue_not_found
from errata.apps.issues.measuring import Measured, measured, open_in, place_among
from errata.apps.projects import queries as projects
from errata.apps.templates import queries as templates
from errata.apps.templates.types import Scope, Source
from errata.core.ranking import RankingRefused, Summand, breakdown, names_in, parse, score
from errata.core.template import DEFAULT_RANKING
from errata.ports.event_store import StoreUnavailable

# What a trial looks at: enough to see what moves, and reckoned while somebody waits.
TRIAL_ISSUES_MAX = 2_000
_MOVERS_MAX = 8
_TOP = 10


class Standing(msgspec.Struct, frozen=True):
    """An issue's score, part by part."""

    key: str
    score: float  # now
    noted: float  # what lists sort by; at most a few minutes older
    above: int  # open issues of its project with a higher score
    open: int  # open issues of its project
    expression: str
    source: Source  # whose basis for ranking it is
    summands: list[Summand]
    partial: str = ""  # what is missing, in words


class Mover(msgspec.Struct, frozen=True):
    """An issue, and its place before and after."""

    key: str
    title: str
    before: int
    after: int
    score_before: float
    score_after: float

    @property
    def moved(self) -> int:
        return self.before - self.after


class Trial(msgspec.Struct, frozen=True):
    """What another expression would do to the open issues."""

    issues: int
    moved: int
    up: list[Mover]
    down: list[Mover]
    top: list[Mover]
    projects: int
    cut: bool  # only those seen last were looked at
    partial: str = ""


def standing(*, actor: Actor, key: str, at: datetime) -> Standing:
    """Why an issue ranks where it does. Raises IssueNotFound."""
    row = measured(actor=actor, key=key)
    if row is None:
        raise issue_not_found(key)
    project = projects.project(actor=actor, which=row.project_id)
    view = templates.template(actor=actor, scope=Scope("project", project.slug))
    expression = _readable(view.template.ranking)
    counts, partial = _counts([row], expression, at=at)
    measures = measures_of(row, counts, at=at)
    above, everything = place_among(actor=actor, project_id=row.project_id, score=row.score)
    return Standing(
        key=row.key,
        score=score(parse(expression), measures),
        noted=row.score,
        above=above,
        open=everything,
        expression=expression,
        source=view.sources["ranking"],
        summands=breakdown(expression, measures),
        partial=partial,
    )


def try_ranking(*, actor: Actor, scope: Scope, expression: str, at: datetime) -> Trial:
    """Rank the open issues that the expression would hold for, as they are now and as they would be.

    Raises RankingRefused.
    """
    node = parse(expression)
    ids = templates.projects_inheriting(actor=actor, scope=scope, field="ranking")
    rows = open_in(actor=actor, projects=ids, limit=TRIAL_ISSUES_MAX + 1)
    cut = len(rows) > TRIAL_ISSUES_MAX
    rows = rows[:TRIAL_ISSUES_MAX]
    basis = {project_id: basis_of(project_id) for project_id in {row.project_id for row in rows}}
    asks = FROM_EVENTS & {name for each in (node, *basis.values()) for name in names_in(each)}
    counts, partial = _asked(rows, at=at) if asks else ({}, "")
    measures = {row.id: measures_of(row, counts, at=at) for row in rows}
    before = {row.id: score(basis[row.project_id], measures[row.id]) for row in rows}
    after = {row.id: score(node, measures[row.id]) for row in rows}
    movers = _movers(rows, before, after)
    rising = sorted((each for each in movers if each.moved > 0), key=lambda each: (-each.moved, each.after))
    falling = sorted((each for each in movers if each.moved < 0), key=lambda each: (each.moved, each.before))
    return Trial(
        issues=len(rows),
        moved=len(rising) + len(falling),
        up=rising[:_MOVERS_MAX],
        down=falling[:_MOVERS_MAX],
        top=movers[:_TOP],
        projects=len(ids),
        cut=cut,
        partial=partial,
    )


def _movers(rows: Sequence[Measured], before: dict[int, float], after: dict[int, float]) -> list[Mover]:
    """Everything in its order after. Equal scores keep the order of the older issue first, in both."""
    places = {issue_id: place for place, issue_id in enumerate(_ordered(before), 1)}
    known = {row.id: row for row in rows}
    return [
        Mover(
            key=known[issue_id].key,
            title=known[issue_id].title,
            before=places[issue_id],
            after=place,
            score_before=before[issue_id],
            score_after=after[issue_id],
        )
        for place, issue_id in enumerate(_ordered(after), 1)
    ]


def _ordered(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda issue_id: (-scores[issue_id], issue_id))


def _counts(rows: Sequence[Measured], expression: str, *, at: datetime) -> tuple[Counts, str]:
    return _asked(rows, at=at) if FROM_EVENTS & set(names_in(parse(expression))) else ({}, "")


def _asked(rows: Sequence[Measured], *, at: datetime) -> tuple[Counts, str]:
    try:
        return recent_counts(rows, at=at), ""
    except StoreUnavailable:
        return {}, "The event store isn’t answering, so rate and trend count as if no event had come lately."


def _readable(expression: str) -> str:
    try:
        parse(expression)
    except RankingRefused:
        return DEFAULT_RANKING
    return expression
