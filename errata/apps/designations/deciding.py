"""Deciding for issues and giving them to who was decided on, with the reason."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import msgspec

from errata.apps.accounts import queries as accounts
from errata.apps.designations import gathering
from errata.apps.designations.models import Decision, Turn
from errata.apps.issues import operations as issues
from errata.apps.issues.types import Assignment, IssueRow
from errata.apps.projects import queries as projects
from errata.core.designation import Facts, Load, Outcome, RuleList, Staff, designate
from errata.core.vocabulary import OPEN_CATEGORIES


class Bench:
    """The rules and people of one organisation while some issues are decided: loads and turns move with each."""

    def __init__(self, organization_id: int, *, at: datetime) -> None:
        self.actor = accounts.system_actor(organization_id)
        self._at = at
        self._staff: Staff | None = None
        self._loads: dict[int, Load] = {}
        self._taken: dict[tuple[int, str, int], int] = {}
        self._turns: dict[int, dict[str, dict[int, int]]] = {}
        self._teams = {one.id: one.team for one in projects.list_projects(actor=self.actor, include_archived=True)}
        self._lists: dict[int, list[RuleList]] = {}

    def is_unheld(self, row: IssueRow) -> bool:
        """Whether the issue is open and nobody who is still here holds it."""
        if row.category not in OPEN_CATEGORIES:
            return False
        return row.assignee is None or row.assignee.id not in self._here

    @cached_property
    def _here(self) -> set[int]:
        return {person.id for person in accounts.members(actor=self.actor)}

    def prepare(self) -> None:
        """Read the people and their loads, so that no transaction has to wait for that."""
        if self._staff is None:
            staff = gathering.staff_of(self.actor, at=self._at)
            self._loads = dict(staff.loads)
            self._staff = msgspec.structs.replace(staff, loads=self._loads)

    def lists(self, project_id: int) -> list[RuleList]:
        """The rules in force for a project."""
        if project_id not in self._lists:
            self._lists[project_id] = gathering.lists_of(project_id, team=self._teams.get(project_id, ""))
        return self._lists[project_id]

    def decide(self, row: IssueRow, facts: Facts) -> Outcome:
        """Who gets the issue, as things stand."""
        return self.decide_for(row.project.id, facts)

    def decide_for(self, project_id: int, facts: Facts) -> Outcome:
        """The same, for an issue that isn't there."""
        return designate(self.lists(project_id), facts=facts, staff=self._staff_of(project_id), at=self._at)

    def note(self, row: IssueRow, outcome: Outcome) -> None:
        """Count the issue to its new assignee, and their turn."""
        if outcome.assignee is None or outcome.matched is None or self._staff is None:
            return
        self._loads[outcome.assignee] = self._loads.get(outcome.assignee, Load()).with_one(row.severity)
        turns = self._turns[row.project.id].setdefault(outcome.matched.key, {})
        turns[outcome.assignee] = max(turns.values(), default=0) + 1
        if outcome.matched.choose == "round_robin":
            place = (row.project.id, outcome.matched.key, outcome.assignee)
            self._taken[place] = turns[outcome.assignee]

    def keep_turns(self) -> None:
        """Write the turns that were taken, in the transaction of what was decided."""
        Turn.objects.bulk_create(
            [
                Turn(project_id=project, rule=rule, user_id=user, number=number)
                for (project, rule, user), number in self._taken.items()
            ],
            update_conflicts=True,
            unique_fields=["project", "rule", "user"],
            update_fields=["number"],
        )
        self._taken.clear()

    def _staff_of(self, project_id: int) -> Staff:
        self.prepare()
        assert self._staff is not None
        if project_id not in self._turns:
            known = gathering.with_turns(self._staff, project_id=project_id).turns
            self._turns[project_id] = {rule: dict(own) for rule, own in known.items()}
        return msgspec.structs.replace(self._staff, turns=self._turns[project_id])


def decide_and_apply(rows: Sequence[IssueRow], facts: Mapping[int, Facts], *, bench: Bench, at: datetime) -> set[int]:
    """Decide for those of the issues that are unheld, each in the light of the one before, and assign them."""
    decided: list[tuple[IssueRow, Outcome]] = []
    for row in rows:
        if bench.is_unheld(row) and bench.lists(row.project.id):
            outcome = bench.decide(row, facts[row.id])
            bench.note(row, outcome)
            decided.append((row, outcome))
    return apply(decided, bench=bench, at=at) if decided else set()


def apply(decided: Sequence[tuple[IssueRow, Outcome]], *, bench: Bench, at: datetime) -> set[int]:
    """Give the issues to who was decided on, and keep why. Return which found somebody."""
    assignments = [_assignment(row, outcome) for row, outcome in decided if outcome.assignee is not None]
    given = issues.assign_issues([one for one in assignments if one], by=bench.actor, at=at) if assignments else set()
    Decision.objects.bulk_create(
        [
            Decision(
                issue_id=row.id,
                outcome=msgspec.json.encode(outcome).decode(),
                complete=outcome.complete or row.id in given,
                at=at,
            )
            for row, outcome in decided
        ],
        update_conflicts=True,
        unique_fields=["issue"],
        update_fields=["outcome", "complete", "at"],
    )
    bench.keep_turns()
    return given


def _assignment(row: IssueRow, outcome: Outcome) -> Assignment | None:
    if outcome.assignee is None:
        return None
    has_deputy = row.deputy is not None and row.deputy.active and row.deputy.id != outcome.assignee
    return Assignment(
        issue_id=row.id,
        assignee=outcome.assignee,
        deputy=None if has_deputy else outcome.deputy,
        reason=outcome.reason,
        evidence={"designation": outcome},
        deputy_reason=outcome.deputy_reason,
    )
