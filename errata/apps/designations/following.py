"""The follower that designates: new issues, and those that come back to nobody, within seconds of their event."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from errata.apps.designations import deciding, gathering
from errata.apps.designations.deciding import Bench
from errata.apps.designations.models import Decision
from errata.apps.issues import operations as issues
from errata.apps.issues import queries
from errata.apps.issues.types import Followed, IssueRow
from errata.apps.records import together
from errata.core.designation import Facts
from errata.ports.event_store import StoreUnavailable

NAME = "designations"
# Issues of one transaction: some 2 ms each, so that other writers wait a tenth of a second.
SLICE_ISSUES = 50
# Transactions of one turn, before other duties get theirs.
_SLICES = 4
# How long it waits for the event store, before it decides on what the records know. Longer than the store's restart.
PATIENCE = timedelta(seconds=8)
_ASK_AGAIN = timedelta(seconds=2)
# What may leave an open issue with nobody. Who takes an assignee away means it, so that isn't one.
_KINDS = {"created", "regressed", "split_from", "stage"}

log = structlog.get_logger(__name__)


class Designating:
    """One follower, and what it knows of the event store: since when it is away, and when to ask it again."""

    def __init__(self) -> None:
        self._away_since: datetime | None = None
        self._ask_at: datetime | None = None

    def turn(self, at: datetime) -> bool:
        """Designate what came since the last turn. Return whether there is more."""
        return all(self._slice(at) for _ in range(_SLICES))

    def _slice(self, at: datetime) -> bool:
        """One transaction's worth. False when there was no more, or the event store has to be waited for."""
        ahead = issues.ahead(NAME)
        if not ahead:
            return False
        organizations = {one.organization_id for one in ahead if one.kind in _KINDS}
        benches = {organization_id: Bench(organization_id, at=at) for organization_id in sorted(organizations)}
        taken, rows = _next(ahead, benches)
        of = {one.issue_id: benches[one.organization_id] for one in taken if one.id in rows}
        facts = self._facts(list(rows.values()), of, at)
        if facts is None:
            return False
        for bench in set(of.values()):
            bench.prepare()
        issues.follow(NAME, at=at, apply=lambda seen: _apply(seen, facts, of, at), ids=[one.id for one in taken])
        return True

    def _facts(self, rows: Sequence[IssueRow], of: dict[int, Bench], at: datetime) -> dict[int, Facts] | None:
        """What is known of the issues; None while the event store has to be waited for."""
        if self._ask_at is None or at >= self._ask_at:
            try:
                found = {row.id: facts_for(row, of[row.id]) for row in rows}
            except StoreUnavailable as error:
                # Asking may take as long as a connection does to fail, and other duties wait meanwhile.
                self._away_since, self._ask_at = self._away_since or at, at + _ASK_AGAIN
                log.warning("the event store doesn't answer designation", error=str(error), issues=len(rows))
            else:
                self._away_since = self._ask_at = None
                return found
        if self._away_since is not None and at - self._away_since < PATIENCE:
            return None
        return {row.id: gathering.facts_without_events(of[row.id].actor, row) for row in rows}


def revisit(at: datetime) -> bool:
    """Decide again for issues that got nobody while the event store was away. Return whether there is more."""
    found = list(
        Decision.objects.filter(complete=False, issue__project__deleted_at=None)
        .order_by("issue_id")
        .values_list("issue_id", "issue__organization_id", "issue__project__key", "issue__number")[:SLICE_ISSUES]
    )
    for issue_id, organization_id, prefix, number in found:
        bench = Bench(organization_id, at=at)
        rows = queries.issues_by_keys(actor=bench.actor, keys=[f"{prefix}-{number}"])
        by_hand = queries.reassigned_by_hand(actor=bench.actor, issue_ids=[issue_id])
        facts = {row.id: facts_for(row, bench) for row in rows if bench.is_unheld(row) and not by_hand}
        with together():
            if not (facts and _decide_again(rows[0].key, facts, bench=bench, at=at)):
                Decision.objects.filter(issue_id=issue_id).update(complete=True)
    return len(found) == SLICE_ISSUES


def _decide_again(key: str, facts: Mapping[int, Facts], *, bench: Bench, at: datetime) -> bool:
    rows = queries.issues_by_keys(actor=bench.actor, keys=[key])  # as it is now, within the transaction
    return bool(deciding.decide_and_apply(rows, facts, bench=bench, at=at))


def facts_for(row: IssueRow, bench: Bench) -> Facts:
    """As much of the issue as the rules ask for. Raises StoreUnavailable."""
    if gathering.looks_into_events(bench.lists(row.project.id)):
        return gathering.facts_of(row)
    return gathering.facts_of_record(row)


def _next(ahead: Sequence[Followed], benches: Mapping[int, Bench]) -> tuple[Sequence[Followed], dict[int, IssueRow]]:
    """As many activities as make one transaction, and the issues among them that nobody holds, by activity."""
    unheld = {
        row.id: row
        for organization_id, bench in benches.items()
        for row in queries.issues_by_keys(actor=bench.actor, keys=_keys(ahead, organization_id))
        if bench.is_unheld(row)
    }
    by_hand: dict[int, int] = {}
    for bench in benches.values() if unheld else ():
        by_hand |= queries.reassigned_by_hand(actor=bench.actor, issue_ids=list(unheld))
    rows: dict[int, IssueRow] = {}
    for place, one in enumerate(ahead, 1):
        if one.kind in _KINDS and _asks(one, unheld.get(one.issue_id), by_hand):
            rows[one.id] = unheld.pop(one.issue_id)
        if len(rows) == SLICE_ISSUES:
            return ahead[:place], rows
    return ahead, rows


def _asks(activity: Followed, row: IssueRow | None, by_hand: Mapping[int, int]) -> bool:
    """Whether the activity left the issue with nobody. Who takes its assignee away, or sends it back, means it."""
    if row is None or by_hand.get(row.id, 0) > activity.id:
        return False
    return activity.kind != "stage" or row.category != "new"


def _apply(seen: Sequence[Followed], facts: dict[int, Facts], of: dict[int, Bench], at: datetime) -> None:
    """Decide and assign, in the follower's transaction: what changed since it was read is left as it is now."""
    wanted = [one for one in seen if one.issue_id in facts]
    for bench in dict.fromkeys(of[one.issue_id] for one in wanted):
        rows = queries.issues_by_keys(actor=bench.actor, keys=_keys(wanted, bench.actor.organization_id))
        deciding.decide_and_apply(rows, facts, bench=bench, at=at)


def _keys(activities: Sequence[Followed], organization_id: int) -> list[str]:
    mine = (one for one in activities if one.organization_id == organization_id and one.kind in _KINDS)
    return list(dict.fromkeys(one.key for one in mine))
