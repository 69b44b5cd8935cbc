"""What is proven of an issue's fix: noted by the retest, asked by the workflow, and by events that come afterwards."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from django.db.models import Q

from errata.apps.issues.counts import next_seq
from errata.apps.issues.models import Issue, Proof
from errata.apps.issues.types import IssueRow, Verified
from errata.apps.issues.vocabulary import workflow_of
from errata.apps.workflows.queries import processes_of
from errata.core.workflow import EVIDENCE

_SILENT = "silent"
# Enough for any that still runs somewhere; what a list of releases may cost a row that events read.
_RELEASES_MAX = 200


class FixedIn(msgspec.Struct, frozen=True):
    """The releases that have an issue's fix, and those that lack it though their versions don't say so."""

    carriers: list[str]
    without: list[str]
    spared: list[str]


def note_proof(
    issue_id: int,
    *,
    needed: Collection[str],
    held: Collection[str],
    at: datetime,
    carriers: Sequence[str] = (),
    without: Sequence[str] = (),
) -> None:
    """Write what is proven. Belongs in the transaction of who judges it; nobody changed the issue."""
    values = {
        "needed": sorted(needed),
        "held": sorted(held),
        "carriers": list(carriers)[:_RELEASES_MAX],
        "without": list(without)[:_RELEASES_MAX],
        "at": at,
    }
    Proof.objects.update_or_create(issue_id=issue_id, defaults=values)


def note_shown(issue_id: int) -> int:
    """Let open pages show the issue anew, and return the number of that change. Nobody changed the issue."""
    seq = next_seq()
    Issue.objects.filter(id=issue_id).update(seq=seq)
    return seq


def evidence_of(issue: Issue) -> frozenset[str]:
    """What is proven of the fix or doesn't apply to it; asked where the workflow wants proof, and nothing elsewhere.

    Where the retest has noted nothing, no commit and no check is linked. What events raised has its silence to prove.
    """
    if not any(rule.evidence for rule in workflow_of(issue.project_id).rules if issue.stage in rule.sources):
        return frozenset()
    row = Proof.objects.filter(issue_id=issue.id).first()
    return _held(row, by_events=bool(issue.group_count), since=issue.stage_changed_at)


def evidence_of_rows(rows: Iterable[IssueRow]) -> dict[int, frozenset[str]]:
    """The same of many issues as lists have them, by one statement; where nothing is asked for, they are left out."""
    rows = list(rows)
    known = processes_of(sorted({row.project.id for row in rows})) if rows else {}
    asked = [
        row
        for row in rows
        if any(rule.evidence for rule in known[row.project.id].workflow.rules if row.stage in rule.sources)
    ]
    if not asked:
        return {}
    proofs = {proof.issue_id: proof for proof in Proof.objects.filter(issue_id__in=[row.id for row in asked])}
    return {row.id: _held(proofs.get(row.id), by_events=bool(row.groups), since=row.stage_changed_at) for row in asked}


def _held(proof: Proof | None, *, by_events: bool, since: datetime) -> frozenset[str]:
    needed = (set(proof.needed) if proof else set()) | ({_SILENT} if by_events else set())
    # What was proven in an earlier retest says nothing about this one.
    held = set(proof.held) if proof and proof.at >= since else set()
    return frozenset(name for name in EVIDENCE if name not in needed or name in held)


def fixes_of(issue_ids: Collection[int]) -> dict[int, FixedIn]:
    """The releases with the fix, of those of the issues where they are known."""
    rows = Proof.objects.filter(issue_id__in=issue_ids).values_list("issue_id", "carriers", "without", "spared")
    return {issue_id: FixedIn(carriers, without, spared) for issue_id, carriers, without, spared in rows if carriers}


def spare(issue_id: int, spared: Sequence[str]) -> None:
    """Remember the older releases whose events were told of. Belongs in the digest's transaction."""
    Proof.objects.filter(issue_id=issue_id).update(spared=list(spared)[:_RELEASES_MAX])


def verifying() -> list[Verified]:
    """Every issue that is being retested, in all organisations: what the duty of the retest looks at.

    Not those of archived projects: their events are refused, so that silence would prove nothing.
    """
    used = Q(project__deleted_at=None, project__archived_at=None)
    rows = Issue.objects.filter(used, category="verify", merged_into=None)
    columns = ("id", "organization_id", "project_id", "project__key", "number", "seq", "stage_changed_at", "last_seen")
    found = rows.order_by("id").values_list(*columns)
    return [
        Verified(
            id=issue_id, organization_id=organization_id, project_id=project_id, key=f"{prefix}-{number}", seq=seq,
            since=since, last_seen=last_seen,
        )
        for issue_id, organization_id, project_id, prefix, number, seq, since, last_seen in found
    ]  # fmt: skip
