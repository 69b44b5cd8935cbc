"""Reads of issues. Every one takes the actor, and sees the actor's organisation alone."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from django.db.models import Count, Q, QuerySet

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.queries import person_of
from errata.apps.accounts.types import Actor
from errata.apps.issues import rows
from errata.apps.issues.adopting import preview_adoption
from errata.apps.issues.changes import by_key, issue_not_found, key_of, keyed, visible
from errata.apps.issues.completing import completions
from errata.apps.issues.counts import newest_seq
from errata.apps.issues.finding import listed as _listed
from errata.apps.issues.finding import project_ids as _project_ids
from errata.apps.issues.finding import search as _search
from errata.apps.issues.following import count_set_aside, set_aside
from errata.apps.issues.holding import (
    Familiar,
    count_unassigned,
    familiar_people,
    holders,
    holders_of,
    loads_of,
    reassigned_by_hand,
    unassigned_keys,
)
from errata.apps.issues.linking import WORDS, kind_of
from errata.apps.issues.lives import changed_since, issue_ids, lives, newest_activity, watcher_ids
from errata.apps.issues.models import (
    Activity,
    Comment,
    CommentEdit,
    FollowerPlace,
    Grouping,
    Issue,
    IssueLink,
    Label,
    SavedView,
    Watcher,
)
from errata.apps.issues.proving import evidence_of, verifying
from errata.apps.issues.search import OPEN, asks_events, compile_search
from errata.apps.issues.sought import Sought
from errata.apps.issues.types import (
    ActivityView,
    Changes,
    CommentEditView,
    CommentView,
    GroupView,
    IssueDetail,
    IssueRow,
    LabelView,
    LinkView,
    Page,
    SavedViewView,
)
from errata.apps.issues.views import view_of
from errata.apps.issues.vocabulary import catalog_of, workflow_of
from errata.apps.records import storable
from errata.core import workflow
from errata.core.ids import ProjectId
from errata.core.search import Catalog, SearchError

__all__ = [
    "Familiar",
    "activity",
    "changed_since",
    "changes_since",
    "comment_edits",
    "comments",
    "completions",
    "count_open",
    "count_set_aside",
    "count_unassigned",
    "count_unfollowed",
    "count_views",
    "familiar_people",
    "groups",
    "holders",
    "holders_of",
    "issue",
    "issue_ids",
    "issue_of_group",
    "issues_by_ids",
    "issues_by_keys",
    "keys_first_in",
    "keys_of",
    "list_issues",
    "list_keys",
    "list_labels",
    "list_views",
    "lives",
    "loads_of",
    "newest_activity",
    "newest_change",
    "preview_adoption",
    "reassigned_by_hand",
    "scope_of",
    "set_aside",
    "unassigned_keys",
    "verifying",
    "watcher_ids",
]

PAGE_MAX = 500
# What one changes at once by hand: at some 5 ms a change, a minute and a half.
ALL_MAX = 20_000
_KEYS_MAX = 500
_ACTIVITY_MAX = 500


def list_issues(
    *,
    actor: Actor,
    now: datetime,
    query: str = "",
    projects: Collection[int] | None = None,
    sort: str = "",
    cursor: str | None = None,
    limit: int = 50,
    count: bool = False,
    whole: bool = False,
) -> Page:
    """A page of the issues a search finds, and how many those are. Raises SearchError with the place of what can't be
    read. If it must be `whole`, it is refused while the event store doesn't answer.
    """
    allow(actor, "issue:read")
    limit = max(1, min(limit, PAGE_MAX))
    sought = Sought(*_search(actor, query, projects, now, whole=whole))
    page = sought.page(sought.order(sort), limit=limit, cursor=cursor)
    return msgspec.structs.replace(page, total=sought.issues.count()) if count else page


def list_keys(
    *, actor: Actor, now: datetime, query: str = "", projects: Collection[int] | None = None, sort: str = ""
) -> list[str]:
    """The keys of all that a search finds, in its order, up to ALL_MAX: never more than it asks for."""
    allow(actor, "issue:read")
    sought = Sought(*_search(actor, query, projects, now, whole=True))
    pairs = sought.issues.order_by(*sought.order(sort).ordering).values_list("project__key", "number")[:ALL_MAX]
    return [f"{prefix}-{number}" for prefix, number in pairs]


def count_views(
    *, actor: Actor, queries: Iterable[str], now: datetime, projects: Collection[int] | None = None
) -> dict[str, int]:
    """How many issues each of several searches finds, in one query. Those that ask events are left out: too dear."""
    allow(actor, "issue:read")
    ids = _project_ids(actor, projects)
    catalog = catalog_of(actor.organization_id)
    wanted = [query for query in dict.fromkeys(queries) if _is_cheap(query, catalog)]
    wheres = [compile_search(query, actor=actor, projects=ids, now=now, catalog=catalog).where for query in wanted]
    conditions = {f"view_{index}": Count("pk", filter=where) for index, where in enumerate(wheres)}
    counts = _listed(actor, ids if projects is not None else None).aggregate(**conditions) if conditions else {}
    return {query: counts[f"view_{index}"] for index, query in enumerate(wanted)}


def count_open(*, actor: Actor) -> dict[int, int]:
    """How many open issues each project has."""
    allow(actor, "issue:read")
    found = _listed(actor, None).filter(OPEN).values_list("project_id").annotate(Count("pk"))
    return dict(found)


def count_unfollowed(name: str) -> int:
    """How many activities a follower has yet to read: 0 most of the time, many after an import."""
    place = FollowerPlace.objects.filter(name=name).values_list("activity_id", flat=True).first() or 0
    return Activity.objects.filter(id__gt=place).count()


def issue(*, actor: Actor, key: str) -> IssueDetail:
    """An issue by its key. A merged one is shown as it was, with the key it went into. Raises IssueNotFound."""
    allow(actor, "issue:read")
    row = by_key(actor, key).select_related("created_by", "merged_into__project").first()
    if row is None:
        raise issue_not_found(key)
    watchers = list(Watcher.objects.filter(issue_id=row.id).select_related("user").order_by("user__name"))
    return IssueDetail(
        row=rows.fetch_by_ids([row.id])[0],
        description=row.description,
        created_by=person_of(row.created_by) if row.created_by else None,
        watchers=[person_of(watcher.user) for watcher in watchers],
        watching=any(watcher.user_id == actor.user_id for watcher in watchers),
        links=_links(row),
        moves=_moves(row, actor),
        merged_into=key_of(row.merged_into) if row.merged_into else "",
    )


def issues_by_keys(*, actor: Actor, keys: Sequence[str]) -> list[IssueRow]:
    """These issues as a list shows them, in the order of the keys; those that aren't there are left out."""
    allow(actor, "issue:read")
    wanted = list(dict.fromkeys(key.strip().upper() for key in keys))[:_KEYS_MAX]
    found = {row.key: row for row in rows.fetch_rows(visible(actor).filter(keyed(actor, wanted)))}
    return [found[key] for key in wanted if key in found]


def issues_by_ids(*, actor: Actor, ids: Sequence[int]) -> list[IssueRow]:
    """These issues as a list shows them, in this order; those that aren't the actor's are left out."""
    allow(actor, "issue:read")
    own = set(visible(actor).filter(id__in=ids).values_list("id", flat=True))
    return rows.fetch_by_ids([number for number in ids if number in own])


def issue_of_group(*, actor: Actor, project_id: int, fingerprint: int) -> str | None:
    """The key of the issue a group of events counts into."""
    allow(actor, "issue:read")
    rows_found = Grouping.objects.filter(
        project_id=project_id, fingerprint=fingerprint, issue__in=visible(actor)
    ).select_related("issue__project")
    found = rows_found.first()
    return key_of(found.issue) if found else None


def groups(*, actor: Actor, key: str) -> list[GroupView]:
    """The groups of events an issue is made of, newest event first, each with why it is one."""
    allow(actor, "issue:read")
    found = Grouping.objects.filter(issue__in=_one(actor, key)).select_related("explanation").order_by("-last_seen")
    return [
        GroupView(
            fingerprint=group.fingerprint,
            count=group.count,
            users=group.users,
            first_seen=group.first_seen,
            last_seen=group.last_seen,
            title=group.title,
            explanation=msgspec.json.decode(group.explanation.body) if hasattr(group, "explanation") else {},
        )
        for group in found
    ]


def keys_first_in(*, actor: Actor, release: str, limit: int = 200) -> list[str]:
    """The keys of the issues whose first event was of a release, newest first."""
    allow(actor, "issue:read")
    rows = _listed(actor, None).filter(first_release=storable(release)).select_related("project").order_by("-id")
    return [key_of(row) for row in rows[:limit]]


def keys_of(*, actor: Actor, ids: Collection[int]) -> list[str]:
    """The keys of issues by their numbers, newest first."""
    allow(actor, "issue:read")
    return [key_of(row) for row in visible(actor).filter(id__in=ids).select_related("project").order_by("-id")]


def scope_of(issues: Iterable[IssueRow]) -> dict[ProjectId, list[int]]:
    """The issues' groups, as the event store asks for them."""
    scope: dict[ProjectId, list[int]] = {}
    for row in issues:
        if row.groups:
            scope.setdefault(ProjectId(row.project.id), []).extend(row.groups)
    return scope


def activity(*, actor: Actor, key: str, before: int | None = None, limit: int = 200) -> list[ActivityView]:
    """What happened to an issue, newest first; `before` is the id that the last page ended with."""
    allow(actor, "issue:read")
    found = Activity.objects.filter(issue__in=_one(actor, key)).select_related("actor").order_by("-id")
    if before is not None:
        found = found.filter(id__lt=before)
    return [rows.activity_view(row) for row in found[: max(1, min(limit, _ACTIVITY_MAX))]]


def comments(*, actor: Actor, key: str, after: int = 0, limit: int | None = None) -> list[CommentView]:
    """An issue's comments, oldest first; `after` is the id that the last page ended with."""
    allow(actor, "issue:read")
    of_issue = Comment.objects.filter(issue__in=_one(actor, key), id__gt=after)
    found = of_issue.select_related("author").annotate(times=Count("edits")).order_by("id")
    return [rows.comment_view(row, edits=row.times) for row in found[:limit]]


def comment_edits(*, actor: Actor, comment_id: int) -> list[CommentEditView]:
    """What a comment said before each of its edits, oldest first."""
    allow(actor, "issue:read")
    found = CommentEdit.objects.filter(
        comment_id=comment_id, comment__issue__in=visible(actor), comment__deleted_at=None
    )
    return [CommentEditView(body=row.body, by=row.by_name, at=row.at) for row in found.order_by("id")]


def newest_change(*, actor: Actor) -> int:
    """The number that changes_since begins from."""
    allow(actor, "issue:read")
    return newest_seq()


def changes_since(*, actor: Actor, seq: int, limit: int = 100) -> Changes:
    """The issues that changed behind a number, oldest change first; merged ones too, for they leave the lists."""
    allow(actor, "issue:read")
    newest = newest_seq()
    if newest <= seq:
        return Changes(seq=newest, items=[], more=False)
    behind = visible(actor).filter(seq__gt=seq).order_by("seq", "id").values_list("seq", "id")
    found = list(behind[: limit + 1])
    if len(found) <= limit:
        return Changes(seq=newest, items=rows.fetch_by_ids([number for _, number in found]), more=False)
    # One transaction's changes share a number: stop before the number that isn't here in full. One so large that it
    # fills the page alone is cut: who asks should then read the list anew.
    whole = [place for place in found if place[0] < found[limit][0]]
    reached = whole[-1][0] if whole else newest
    items = rows.fetch_by_ids([number for _, number in whole or found[:limit]])
    return Changes(seq=reached, items=items, more=True)


def list_labels(*, actor: Actor) -> list[LabelView]:
    """Every label of the organisation, by name."""
    allow(actor, "issue:read")
    found = Label.objects.filter(organization_id=actor.organization_id).order_by("folded")
    return [LabelView(name=row.name, colour=row.colour) for row in found]


def list_views(*, actor: Actor) -> list[SavedViewView]:
    """The actor's saved views in their order, then those that others share."""
    allow(actor, "issue:read")
    found = SavedView.objects.filter(organization_id=actor.organization_id)
    found = found.filter(Q(owner_id=actor.user_id) | Q(shared=True)).order_by("position", "id")
    return sorted((view_of(row, actor) for row in found), key=lambda view: not view.mine)


def _is_cheap(query: str, catalog: Catalog) -> bool:
    try:
        return not asks_events(query, catalog=catalog)
    except SearchError:
        return False


def _one(actor: Actor, key: str) -> QuerySet[Issue]:
    found = by_key(actor, key)
    if not found.exists():
        raise issue_not_found(key)
    return found


def _links(row: Issue) -> list[LinkView]:
    found = IssueLink.objects.filter(Q(source_id=row.id) | Q(target_id=row.id))
    return [_link(link, row) for link in found.select_related("source__project", "target__project").order_by("id")]


def _link(link: IssueLink, row: Issue) -> LinkView:
    outward = link.source_id == row.id
    other = link.target if outward else link.source
    return LinkView(
        id=link.id,
        kind=kind_of(link.kind),
        outward=outward,
        words=WORDS[kind_of(link.kind)][0 if outward else 1],
        issue_key=key_of(other),
        issue_title=other.title,
        issue_stage=other.stage,
        issue_category=other.category,
    )


def _moves(row: Issue, actor: Actor) -> list[workflow.Move]:
    state = workflow.IssueState(
        stage=row.stage,
        assignee=str(row.assignee_id) if row.assignee_id else None,
        reason=row.reason or None,
        regressed=row.regressed,
        evidence=evidence_of(row),
        deputy=str(row.deputy_id) if row.deputy_id else None,
        values=row.values,
    )
    command = workflow.Command(
        to="", by=actor.kind, who=str(actor.own_id), administers=actor.role in ("owner", "admin")
    )
    return workflow.moves(workflow_of(row.project_id), state=state, command=command)
