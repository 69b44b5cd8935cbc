"""What is proven of an issue's fix: noted by the retest, asked by the workflow, and by events that come afterwards."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from errata.apps.issues.counts import next_seq
from errata.apps.issues.models import Issue, Proof
from errata.apps.issues.types import Verified
from errata.apps.issues.vocabulary import workflow_of
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
    needed = set(row.needed) if row else set()
    if issue.group_count:
        needed.add(_SILENT)
    # What was proven in an earlier retest says nothing about this one.
    held = set(row.held) if row and row.at >= issue.stage_changed_at else set()
    return frozenset(name for name in EVIDENCE if name not in needed or name in held)


def fixes_of(issue_ids: Collection[int]) -> dict[int, FixedIn]:
    """The releases with the fix, of those of the issues where they are known."""
    rows = Proof.objects.filter(issue_id__in=issue_ids).values_list("issue_id", "carriers", "without", "spared")
    return {issue_id: FixedIn(carriers, without, spared) for issue_id, carriers, without, spared in rows if carriers}


def spare(issue_id: int, spared: Sequence[str]) -> None:
    """Remember the older releases whose events were told of. Belongs in the digest's transaction."""
    Proof.objects.filter(issue_id=issue_id).update(spared=list(spared)[:_RELEASES_MAX])


def verifying() -> list[Verified]:
    """Every issue that is being retested, in all organisations: what the duty of the retest looks at."""
    rows = Issue.objects.filter(category="verify", merged_into=None, project__deleted_at=None)
    columns = ("id", "organization_id", "project_id", "project__key", "number", "seq", "stage_changed_at", "last_seen")
    found = rows.order_by("id").values_list(*columns)
    return [
        Verified(
            id=issue_id, organization_id=organization_id, project_id=project_id, key=f"{prefix}-{number}", seq=seq,
            since=since, last_seen=last_seen,
        )
        for issue_id, organization_id, project_id, prefix, number, seq, since, last_seen in found
    ]  # fmt: skip
