"""Keeping the rows of the clocks true: behind what happens, behind other rules, and as time passes."""

from collections.abc import Collection, Sequence
from datetime import datetime

from errata.apps.calendars.queries import calendar_marks
from errata.apps.clocks.escalating import take
from errata.apps.clocks.grounds import Grounds, grounds_of
from errata.apps.clocks.histories import MOVING
from errata.apps.clocks.models import Basis, Clock
from errata.apps.clocks.reckoning import Plan, percent_of, plan, read, save
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.issues.types import Followed
from errata.apps.projects.queries import archived_among, live_teams
from errata.apps.records import together, write
from errata.apps.templates.queries import template_version

FOLLOWER = "clocks"
# A write of so many issues' clocks takes some 30 ms on two slow cores: what anybody else may have to wait.
SLICE = 200
# Slices in one go, so that what is due is looked at between them within a second or two.
_SLICES_AT_ONCE = 8
# Each may tell people and move its issue, some forty statements: a second at most that others wait for the records.
_NOTICED_AT_ONCE = 20


def follow(*, at: datetime) -> bool:
    """Reckon the clocks of issues to which something happened. Return whether there is more."""

    def apply(heard: Sequence[Followed]) -> None:
        ids = {one.issue_id for one in heard if one.kind in MOVING}
        save(plan(read(ids, at=at), at=at))

    # What was there before the first follower is reckoned by Recounting, which wakes nobody about old issues.
    return issues.follow(FOLLOWER, at=at, apply=apply, from_the_beginning=False) > 0


def notice(*, at: datetime) -> bool:
    """Look at the clocks that have reached a mark: show it, and take the steps of the escalation that are due.

    What is done, and that it is done, are one transaction: each step is taken once, whatever kills the process and
    however the machine's clock jumps.
    """
    due = Clock.objects.filter(next_at__lte=at).order_by("next_at", "id")
    if not due.exists():
        return False
    with together():
        places = list(due.values_list("issue_id", "project_id")[:_NOTICED_AT_ONCE])
        archived = archived_among({project_id for _, project_id in places})
        _rest(archived)
        ids = [issue_id for issue_id, project_id in places if project_id not in archived]
        found = read(ids, at=at)
        planned = plan(found, at=at)
        _tell_marks(planned, at=at)
        _escalate(planned, at=at)
        save(planned)
        # What belongs to a project that is being purged is looked at no more.
        gone = set(ids) - {one.life.issue_id for one in found}
        Clock.objects.filter(issue_id__in=gone).update(next_at=None)
    return len(places) == _NOTICED_AT_ONCE


def _rest(archived: Collection[int]) -> None:
    """Look at the clocks of archived projects no more. Without a basis they are reckoned anew, quietly, once back."""
    if archived:
        Clock.objects.filter(project_id__in=archived, next_at__isnull=False).update(next_at=None)
        Basis.objects.filter(project_id__in=archived).delete()


def _tell_marks(plan: Plan, *, at: datetime) -> None:
    """Write down on their issues which marks clocks have come to: rules go by it, now and when they look back."""
    marked = [one for one in plan.planned if one.marks]
    reached = [
        issues.ClockReached(one.row.issue_id, kind=one.reading.kind, percent=mark)
        for one in marked
        for mark in one.marks
    ]
    issues.tell_clocks(reached, at=at)
    for one in marked:
        one.row.passed = max(one.row.passed, percent_of(one.reading))
        one.row.next_at = one.reading.next_at


def _escalate(plan: Plan, *, at: datetime) -> None:
    """Take the steps that are due, in the order in which their clocks came to them."""
    due = [(one.old.next_at if one.old and one.old.next_at else at, one) for one in plan.planned if one.steps]
    for due_at, one in sorted(due, key=lambda pair: pair[0]):
        for place, step in one.steps:
            # As the step before it left the issue: that may have handed it over, or raised its priority.
            for life in issue_queries.lives([one.row.issue_id], kinds=()):
                take(step, place=place, clock=one.row, life=life, due_at=due_at, at=at)
        one.row.passed = max(one.row.passed, percent_of(one.reading))
        one.row.next_at = one.reading.next_at


class Recounting:
    """Reckons anew, in slices, the clocks of projects whose policies or calendars have changed, or that are back."""

    def __init__(self) -> None:
        self._seen: object = None

    def turn(self, at: datetime) -> bool:
        """Do some slices. Return whether there is more. A turn that finds nothing changed is six look-ups."""
        teams = live_teams()
        based = set(Basis.objects.values_list("project_id", flat=True))
        marks = (teams, based, template_version(), calendar_marks())
        if marks != self._seen:
            _begin(grounds_of(teams), at=at)
            self._seen = marks
        for _ in range(_SLICES_AT_ONCE):
            basis = Basis.objects.filter(after_id__isnull=False, project_id__in=teams).order_by("project_id").first()
            if basis is None:
                return False
            _slice(basis, at=at)
        return True


def _begin(grounds: dict[int, Grounds], *, at: datetime) -> None:
    known = dict(Basis.objects.values_list("project_id", "digest"))
    stale = [project_id for project_id, ground in grounds.items() if known.get(project_id) != ground.digest]
    if not stale:
        return
    with write():
        for project_id in stale:
            Basis.objects.update_or_create(
                project_id=project_id,
                defaults={"digest": grounds[project_id].digest, "after_id": 0, "began_at": at, "ended_at": None},
            )


def _slice(basis: Basis, *, at: datetime) -> None:
    """Some issues further. They are read before the records are taken; what happened to one since is left to follow."""
    after_id = basis.after_id or 0
    ids = issue_queries.issue_ids(project_id=basis.project_id, after=after_id, limit=SLICE)
    newest = issue_queries.newest_activity()
    found = read(ids, at=at) if ids else []
    with write():
        mine = Basis.objects.filter(project_id=basis.project_id, digest=basis.digest, after_id=basis.after_id)
        if not ids:
            mine.update(after_id=None, ended_at=at)
            return
        moved = issue_queries.changed_since(ids, activity_id=newest, kinds=MOVING)
        still = [one for one in found if one.life.issue_id not in moved]
        save(plan(still, at=at, quietly=True))
        mine.update(after_id=ids[-1])
