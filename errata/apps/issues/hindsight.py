"""Lists, boards and issues as they were at a moment. Who may see a project today sees its past, and nobody else.

Only what changed since the moment, or happened since, is taken back in memory; the rest the records still say, and the
database finds, orders and counts it. So looking back costs what happened since, not what there is.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from errata import ports
from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import person_of
from errata.apps.accounts.types import Actor, Person
from errata.apps.issues import rows
from errata.apps.issues.changes import IssueNotFound, by_key, issue_not_found, visible
from errata.apps.issues.finding import listed, project_ids, unhidden
from errata.apps.issues.models import Activity, Comment, CommentEdit, Issue
from errata.apps.issues.past import COUNTED, asks, events_until, found_in, rows_then
from errata.apps.issues.search import compile_search
from errata.apps.issues.sought import Sought
from errata.apps.issues.types import ActivityView, CommentView, IssueRow, Page
from errata.apps.issues.vocabulary import catalog_of
from errata.apps.records import storable
from errata.core import past
from errata.core.ids import ProjectId
from errata.core.search import parse, partition
from errata.ports.event_store import Scope, StoreUnavailable

# What one request takes back: at 0.1 to 0.2 ms an issue, two to four seconds.
CHANGED_MAX = 20_000
_CUT = f"More than {CHANGED_MAX:,} issues changed since; those of them that were created first are left out."


class NotThereYet(IssueNotFound):
    """The issue came later than the moment asked for."""

    code = "issue_not_there_yet"


class IssueThen(msgspec.Struct, frozen=True):
    """One issue as its page showed it, as far as that can be told."""

    row: IssueRow
    counted: bool  # whether its events up to then can still be counted
    users: int | None
    description: str
    created_by: Person | None
    partial: str = ""


def search_as_of(
    *, actor: Actor, query: str, projects: Collection[int] | None, as_of: datetime, whole: bool = False
) -> Sought:
    """What a search would have found. Raises SearchError, and UntoldOfThePast for what nobody wrote down then."""
    allow(actor, "issue:read")
    catalog = catalog_of(actor.organization_id)
    ids = project_ids(actor, projects)
    where = parse(storable(query), catalog=catalog).where
    past.check_told(where)
    asked = partition(where, catalog=catalog) if where is not None else None
    until = events_until(as_of)
    found = compile_search(query, actor=actor, projects=ids, now=as_of, catalog=catalog, until=until, whole=whole)
    past.check_told_order(found.sort)

    chosen = ids if projects is not None else None
    changed = _changed_since(actor, chosen, as_of)
    there = listed(actor, chosen).filter(created_at__lte=as_of)
    there = there.exclude(id__in=Activity.objects.filter(at__gt=as_of).values("issue_id"))
    counts = asked is not None and asks(asked, COUNTED)
    happened = there.filter(last_seen__gt=as_of)
    happened = happened if counts else happened.filter(found.where)
    since = [*changed, *happened.order_by("-id").values_list("id", flat=True)[: CHANGED_MAX + 1]]
    then = rows_then(actor=actor, ids=since[:CHANGED_MAX], as_of=as_of)
    others = then.rows
    if asked is not None:
        # The database found what only happened since by what is as it was; the rest is asked again.
        unsure = set(since if counts else changed)
        doubted = [row for number, row in others.items() if number in unsure]
        kept = found_in(asked, doubted, actor=actor, at=as_of, catalog=catalog)
        others = {number: row for number, row in others.items() if number not in unsure} | {row.id: row for row in kept}
    missing = (found.partial, then.partial, _CUT if len(since) > CHANGED_MAX else "")
    return Sought(
        found=msgspec.structs.replace(found, partial=" ".join(dict.fromkeys(filter(None, missing)))),
        issues=there.filter(found.where, last_seen__lte=as_of),
        others=others,
        uncounted=then.uncounted & others.keys(),
        past=True,
    )


def list_issues_as_of(
    *,
    actor: Actor,
    as_of: datetime,
    query: str = "",
    projects: Collection[int] | None = None,
    sort: str = "",
    cursor: str | None = None,
    limit: int = 50,
    whole: bool = False,
) -> Page:
    """A page of the issues a search would have found at a moment, as they were then."""
    sought = search_as_of(actor=actor, query=query, projects=projects, as_of=as_of, whole=whole)
    order = sought.order(sort)
    past.check_told_order(order.sort)
    return sought.page(order, limit=limit, cursor=cursor)


def issue_as_of(*, actor: Actor, key: str, as_of: datetime) -> IssueThen:
    """One issue as it was. Raises IssueNotFound, and NotThereYet when it came later."""
    allow(actor, "issue:read")
    issue = by_key(actor, key).select_related("created_by").first()
    if issue is None:
        raise issue_not_found(key)
    then = rows_then(actor=actor, ids=[issue.id], as_of=as_of, gone_too=True)
    row = then.rows.get(issue.id)
    if row is None:
        came = past.written(issue.created_at)
        msg = f"There was no issue {key.strip().upper()} at {past.written(as_of)} yet: it came at {came}."
        raise NotThereYet(msg, key=key.strip(), created_at=issue.created_at.isoformat())
    counted = row.id not in then.uncounted
    return IssueThen(
        row=row,
        counted=counted,
        users=_users(row, as_of) if counted else None,
        description=_description(issue, as_of),
        created_by=person_of(issue.created_by) if issue.created_by else None,
        partial=then.partial,
    )


def activity_as_of(*, actor: Actor, key: str, as_of: datetime, limit: int = 200) -> list[ActivityView]:
    """What had happened to an issue by then, newest first. What was undone later still stood."""
    allow(actor, "issue:read")
    found = Activity.objects.filter(issue__in=by_key(actor, key), at__lte=as_of).select_related("actor")
    told = [rows.activity_view(row) for row in found.order_by("-id")[:limit]]
    return [
        msgspec.structs.replace(deed, undone_at=None) if deed.undone_at and deed.undone_at > as_of else deed
        for deed in told
    ]


def comments_as_of(*, actor: Actor, key: str, as_of: datetime) -> list[CommentView]:
    """What had been said by then, oldest first, in the words of the time. What was deleted since stays so."""
    allow(actor, "issue:read")
    found = list(
        Comment.objects.filter(issue__in=by_key(actor, key), created_at__lte=as_of)
        .select_related("author")
        .order_by("id")
    )
    before = _bodies(found, as_of)
    return [_comment(row, before.get(row.id), as_of) for row in found]


def _comment(row: Comment, before: str | None, as_of: datetime) -> CommentView:
    view = rows.comment_view(row)
    if row.deleted_at and row.deleted_at > as_of:
        return msgspec.structs.replace(view, body="*This comment was deleted since.*", deleted=False, edited_at=None)
    if before is None or row.deleted_at:
        return view
    # Whether it had been edited before is not kept apart from the edit itself.
    return msgspec.structs.replace(view, body=before, edited_at=None)


def _bodies(found: Sequence[Comment], as_of: datetime) -> dict[int, str]:
    """Of comments that were edited since, what they said: what the first of those edits replaced."""
    edited = [row.id for row in found if row.edited_at and row.edited_at > as_of]
    if not edited:
        return {}
    edits = CommentEdit.objects.filter(comment_id__in=edited, at__gt=as_of).order_by("-id")
    return dict(edits.values_list("comment_id", "body"))


def _changed_since(actor: Actor, projects: Sequence[int] | None, as_of: datetime) -> list[int]:
    """The issues of these projects that were there and changed since, the newest first; one more than are read."""
    there = unhidden(visible(actor).filter(created_at__lte=as_of), actor, projects)
    changed = there.filter(id__in=Activity.objects.filter(at__gt=as_of).values("issue_id"))
    return list(changed.order_by("-id").values_list("id", flat=True)[: CHANGED_MAX + 1])


def _users(row: IssueRow, as_of: datetime) -> int | None:
    """How many people it had met. Several groups share people, so this is asked of the issue as a whole."""
    if not row.groups:
        return 0
    scope = Scope(projects={ProjectId(row.project.id): row.groups}, until=events_until(as_of))
    try:
        return ports.current().events.count(scope)[1]
    except StoreUnavailable:
        return None


def _description(issue: Issue, as_of: datetime) -> str:
    since = Activity.objects.filter(issue_id=issue.id, kind="description", at__gt=as_of).order_by("id")
    before = since.values_list("before", flat=True).first()
    return issue.description if before is None else str(before["description"])
