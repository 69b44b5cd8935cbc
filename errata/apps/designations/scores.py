"""Keeping scores: soon after something happened to an issue, and by going round all open ones, for age and rates."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from errata.apps.designations.measures import FROM_EVENTS, Counts, measures_of, recent_counts
from errata.apps.issues import operations as issues
from errata.apps.issues.measuring import Measured, open_behind, open_by_ids
from errata.apps.issues.types import Followed
from errata.apps.records import write
from errata.apps.templates.queries import template_of, template_version
from errata.core.ranking import Node, RankingRefused, names_in, parse, score
from errata.core.template import DEFAULT_RANKING
from errata.ports.event_store import StoreUnavailable

FOLLOWER = "scores"
# A write of some 20 ms: nobody waits for it. 10,000 issues are 40 of them.
SLICE_ISSUES = 250
# How old a score may get that nothing happens to. Ages count days, and rates an average over one.
ROUND_S = 300
# What says nothing of how urgent an issue is.
_BESIDE = {"commented", "comment_edited", "comment_deleted", "description", "title", "deputy"}


def follow_scores(at: datetime) -> bool:
    """Rank the issues that something happened to. Say whether there is more."""
    heard: list[Followed] = []
    found = issues.follow(FOLLOWER, at=at, apply=heard.extend)
    ids = {one.issue_id for one in heard if one.kind not in _BESIDE}
    if ids:
        # After the follower's transaction: a score is a state and not an effect, so nothing must happen exactly once,
        # and the event store may take its time. What a crash leaves out, the next round finds.
        rescore(open_by_ids(ids), at=at)
    return found > 0


def rescore(rows: Sequence[Measured], *, at: datetime) -> int:
    """Reckon the scores of these issues, and note those that changed. Return how many.

    While the event store is away, issues whose ranking asks it keep the score they have.
    """
    basis = {project_id: basis_of(project_id) for project_id in {row.project_id for row in rows}}
    asking = {project_id for project_id, node in basis.items() if FROM_EVENTS & set(names_in(node))}
    counts: Counts = {}
    try:
        counts = recent_counts([row for row in rows if row.project_id in asking], at=at)
    except StoreUnavailable:
        rows = [row for row in rows if row.project_id not in asking]
    scores = {row.id: score(basis[row.project_id], measures_of(row, counts, at=at)) for row in rows}
    changed = {row.id: scores[row.id] for row in rows if scores[row.id] != row.score}
    if changed:
        with write():
            issues.note_scores(changed)
    return len(changed)


def basis_of(project_id: int) -> Node:
    """A project's basis for ranking. One that no version of the language reads any more gives way to the default."""
    try:
        return parse(template_of(project_id).ranking)
    except RankingRefused:
        return parse(DEFAULT_RANKING)


class Rounds:
    """Goes round all open issues, a slice at a time: every few minutes, and at once when a template has changed."""

    def __init__(self) -> None:
        self._behind = 0
        self._template = -1
        self._next: datetime | None = None

    def slice(self, at: datetime) -> bool:
        """Rank the next slice, if one is due. Say whether the round goes on."""
        template = template_version()
        if template != self._template:
            self._template, self._behind, self._next = template, 0, None
        if self._next is not None and at < self._next:
            return False
        rows = open_behind(self._behind, limit=SLICE_ISSUES)
        rescore(rows, at=at)
        if len(rows) == SLICE_ISSUES:
            self._behind = rows[-1].id
            return True
        self._behind, self._next = 0, at + timedelta(seconds=ROUND_S)
        return False
