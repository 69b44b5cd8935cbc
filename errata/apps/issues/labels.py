"""Labels: made by being used."""

import zlib
from collections.abc import Iterable

from errata.apps.issues.models import Issue, IssueLabel, Label
from errata.apps.issues.vocabulary import FieldRefused, checked_text

LABELS_MAX = 30
_CHARS_MAX = 50
# As many hues as the pages have.
_COLOURS = 10


def names_of(issue: Issue) -> list[str]:
    """The issue's labels, by name."""
    rows = IssueLabel.objects.filter(issue_id=issue.id).order_by("label__folded")
    return list(rows.values_list("label__name", flat=True))


def set_labels(issue: Issue, names: Iterable[str]) -> list[str]:
    """Make these the issue's labels, creating those that are new, and return them as they are written."""
    wanted = {name.casefold(): name for name in (checked_text("label", name, chars_max=_CHARS_MAX) for name in names)}
    if len(wanted) > LABELS_MAX:
        raise FieldRefused(f"An issue has {LABELS_MAX} labels at most.", field="labels")
    rows = _existing(issue.organization_id, wanted)
    missing = [folded for folded in wanted if folded not in rows]
    Label.objects.bulk_create(
        [
            Label(
                organization_id=issue.organization_id,
                name=wanted[folded],
                folded=folded,
                colour=zlib.crc32(folded.encode()) % _COLOURS,
            )
            for folded in missing
        ]
    )
    if missing:
        rows = _existing(issue.organization_id, wanted)
    IssueLabel.objects.filter(issue_id=issue.id).exclude(label__in=rows.values()).delete()
    IssueLabel.objects.bulk_create(
        [IssueLabel(issue_id=issue.id, label=label) for label in rows.values()], ignore_conflicts=True
    )
    return [rows[folded].name for folded in sorted(rows)]


def _existing(organization_id: int, folded: Iterable[str]) -> dict[str, Label]:
    return {
        label.folded: label for label in Label.objects.filter(organization_id=organization_id, folded__in=list(folded))
    }
