"""Reads of an issue's relatives: what it is a part of, its parts, and where it is mentioned."""

from collections.abc import Iterable, Sequence

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import person_of
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import key_of, keyed, visible
from errata.apps.issues.mentioning import keys_in
from errata.apps.issues.models import Issue, Mention
from errata.apps.issues.parenting import ancestors_of
from errata.apps.issues.types import Family, IssueRow, MentionView, PartView
from errata.core.family import DEPTH_MAX
from errata.core.vocabulary import CLOSED_CATEGORIES

# What one page can show and one look can take in; the list of parts (parent:PAY-1) has them all.
PARTS_MAX = 500
_MENTIONS_MAX = 50
_TITLES_MAX = 200


def family(*, actor: Actor, of: IssueRow) -> Family:
    """The relatives of an issue that the actor was shown. Asks only for those that its row says it has."""
    allow(actor, "issue:read")
    above = ancestors_of(Issue.objects.get(id=of.id)) if of.parent else []
    return Family(
        ancestors=[_part(each, depth=0) for each in reversed(above)],
        parts=_parts(of.id) if of.parts else [],
        mentions=_mentions(actor, of.id),
    )


def titles(*, actor: Actor, texts: Iterable[str]) -> dict[str, str]:
    """The titles of the issues that texts name: what a link shows under the pointer, and that it leads somewhere."""
    allow(actor, "issue:read")
    wanted = list(dict.fromkeys(key for text in texts for key in keys_in(text)))[:_TITLES_MAX]
    if not wanted:
        return {}
    found = visible(actor).filter(keyed(actor, wanted)).values_list("project__key", "number", "title")
    known = {f"{prefix}-{number}": title for prefix, number, title in found}
    return {key: known[key] for key in wanted if key in known}


def warning(*, actor: Actor, rows: Sequence[IssueRow]) -> str:
    """What to say of issues that are closed while parts of them are open; nothing, when there are none."""
    allow(actor, "issue:read")
    ids = [row.id for row in rows if row.category in CLOSED_CATEGORIES and row.parts > row.parts_done]
    if not ids:
        return ""
    found = visible(actor).filter(parent_id__in=ids, is_open__in=(True,), merged_into=None).select_related("project")
    names = [key_of(row) for row in found.order_by("id")[:PARTS_MAX]]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Still open within: {shown}." if names else ""


def _parts(issue_id: int) -> list[PartView]:
    """The tree below an issue: a statement for each of its few levels."""
    children: dict[int, list[Issue]] = {}
    level, count = [issue_id], 0
    for _ in range(DEPTH_MAX):
        found = Issue.objects.filter(parent_id__in=level, merged_into=None, project__deleted_at=None)
        rows = list(found.select_related("project", "assignee").order_by("-is_open", "id")[: PARTS_MAX - count])
        if not rows:
            break
        for child in rows:
            children.setdefault(child.parent_id or 0, []).append(child)
        level, count = [child.id for child in rows], count + len(rows)
    return _walked(issue_id, children, depth=1)


def _walked(issue_id: int, children: dict[int, list[Issue]], *, depth: int) -> list[PartView]:
    found: list[PartView] = []
    for child in children.get(issue_id, ()):
        found.append(_part(child, depth=depth))
        found += _walked(child.id, children, depth=depth + 1)
    return found


def _part(row: Issue, *, depth: int) -> PartView:
    return PartView(
        key=key_of(row),
        title=row.title,
        stage=row.stage,
        category=row.category,
        depth=depth,
        assignee=person_of(row.assignee) if depth and row.assignee else None,
    )


def _mentions(actor: Actor, issue_id: int) -> list[MentionView]:
    rows = Mention.objects.filter(target_id=issue_id, issue__in=visible(actor), comment__deleted_at=None)
    newest = rows.select_related("issue__project").order_by("-at", "-id")[:_MENTIONS_MAX]
    once = {mention.issue_id: mention for mention in reversed(newest)}
    return [
        MentionView(
            key=key_of(mention.issue),
            title=mention.issue.title,
            stage=mention.issue.stage,
            category=mention.issue.category,
            comment_id=mention.comment_id,
            at=mention.at,
        )
        for mention in reversed(once.values())
    ]
