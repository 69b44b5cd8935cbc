"""Links between issues."""

from datetime import datetime

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import Change, by_key, issue_not_found, issue_to_change, key_of, save, visible
from errata.apps.issues.models import Issue, IssueLink
from errata.apps.issues.types import LinkKind
from errata.apps.issues.vocabulary import FieldRefused
from errata.apps.records import write
from errata.core.errors import Refusal

# (from the source's side, from the target's side)
WORDS: dict[LinkKind, tuple[str, str]] = {
    "blocks": ("blocks", "is blocked by"),
    "duplicates": ("duplicates", "is duplicated by"),
    "relates": ("relates to", "relates to"),
    "causes": ("causes", "is caused by"),
}


class LinkNotFound(Refusal):
    """There is no such link, or not between issues of the organisation."""

    code = "link_not_found"
    status = 404


def kind_of(text: str) -> LinkKind:
    """The kind as it is written. Raises FieldRefused."""
    found = next((kind for kind in WORDS if kind == text.strip().casefold()), None)
    if found is None:
        raise FieldRefused(f"There is no link “{text}”. One of: {', '.join(WORDS)}.", field="kind")
    return found


def link_issues(*, key: str, kind: str, other: str, by: Actor, at: datetime) -> int:
    """Say how one issue bears on another. The same link again changes nothing. Return its id."""
    allow(by, "issue:write")
    kind = kind_of(kind)
    with write():
        source = issue_to_change(key, by=by)
        target = by_key(by, other).select_related("project").first()
        if target is None:
            raise issue_not_found(other)
        if source.id == target.id:
            raise FieldRefused("An issue can't be linked to itself.", field="other")
        row, added = IssueLink.objects.get_or_create(
            source=source, target=target, kind=kind, defaults={"created_at": at}
        )
        if added:
            _tell(source, target, kind, "linked", by=by, at=at)
        return row.id


def unlink_issues(*, link_id: int, by: Actor, at: datetime) -> None:
    """Take a link away."""
    allow(by, "issue:write")
    with write():
        row = (
            IssueLink.objects.filter(id=link_id, source__in=visible(by))
            .select_related("source__project", "target__project")
            .first()
        )
        if row is None:
            raise LinkNotFound(f"There is no link {link_id}.", link_id=link_id)
        row.delete()
        _tell(row.source, row.target, kind_of(row.kind), "unlinked", by=by, at=at)


def _tell(source: Issue, target: Issue, kind: LinkKind, what: str, *, by: Actor, at: datetime) -> None:
    """Both issues tell of it, each from its side."""
    for issue, words, other in ((source, WORDS[kind][0], target), (target, WORDS[kind][1], source)):
        fact = {"link": words, "issue": key_of(other)}
        change = Change(what, after=fact) if what == "linked" else Change(what, before=fact)
        save(issue, [change], by=by, at=at)
