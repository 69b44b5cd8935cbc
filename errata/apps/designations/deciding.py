"""Deciding for issues and giving them to who was decided on, with the reason."""

from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
import structlog

from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor
from errata.apps.designations import gathering
from errata.apps.designations.models import Decision, Turn
from errata.apps.issues import operations as issues
from errata.apps.issues.types import IssueRow
from errata.apps.projects import queries as projects
from errata.core.designation import Facts, Load, Outcome, RuleList, Staff, designate
from errata.core.errors import Refusal
from errata.core.vocabulary import OPEN_CATEGORIES

log = structlog.get_logger(__name__)


class Bench:
    """The rules and people of one organisation while some issues are decided: loads and turns move with each."""

    def __init__(self, organization_id: int, *, at: datetime) -> None:
        self.actor = accounts.system_actor(organization_id)
        self._at = at
        self._staff: Staff | None = None
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
        self._staff = self._staff or gathering.staff_of(self.actor, at=self._at)

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
        loads = dict(self._staff.loads)
        loads[outcome.assignee] = loads.get(outcome.assignee, Load()).with_one(row.severity)
        self._staff = msgspec.structs.replace(self._staff, loads=loads)
        turns = self._turns[row.project.id].setdefault(outcome.matched.key, {})
        turns[outcome.assignee] = max(turns.values(), default=0) + 1
        if outcome.matched.choose == "round_robin":
            Turn.objects.update_or_create(
                project_id=row.project.id,
                rule=outcome.matched.key,
                user_id=outcome.assignee,
                defaults={"number": turns[outcome.assignee]},
            )

    def _staff_of(self, project_id: int) -> Staff:
        self.prepare()
        assert self._staff is not None
        if project_id not in self._turns:
            known = gathering.with_turns(self._staff, project_id=project_id).turns
            self._turns[project_id] = {rule: dict(own) for rule, own in known.items()}
        return msgspec.structs.replace(self._staff, turns=self._turns[project_id])


def apply(row: IssueRow, outcome: Outcome, *, bench: Bench, at: datetime) -> bool:
    """Give the issue to who was decided on, and keep why. False when nobody was, or the issue refuses."""
    assigned = False
    if outcome.assignee is not None:
        try:
            _assign(row, outcome, by=bench.actor, at=at)
        except Refusal as refusal:  # merged into another, or its new assignee has just left
            log.info("an issue could not be designated", issue=row.key, why=refusal.message)
            return False
        bench.note(row, outcome)
        assigned = True
    Decision.objects.update_or_create(
        issue_id=row.id,
        defaults={
            "outcome": msgspec.json.encode(outcome).decode(),
            "complete": outcome.complete or assigned,
            "at": at,
        },
    )
    return assigned


def _assign(row: IssueRow, outcome: Outcome, *, by: Actor, at: datetime) -> None:
    people: dict[str, Any] = {"to": outcome.assignee}
    has_deputy = row.deputy is not None and row.deputy.active and row.deputy.id != outcome.assignee
    if outcome.deputy is not None and not has_deputy:
        people["deputy"] = outcome.deputy
    issues.assign_issue(
        key=row.key,
        by=by,
        at=at,
        reason=outcome.reason,
        evidence={"designation": outcome},
        deputy_reason=outcome.deputy_reason,
        **people,
    )
