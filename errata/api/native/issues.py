"""Issues: list, report, change, move, talk about."""

import tempfile
from datetime import UTC, datetime
from typing import TypeVar

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Router, Status
from ninja.params.functions import Query

from errata.api.kit import ApiRequest
from errata.api.native.past_schemas import IssueThenDetailOut, IssueThenOut
from errata.api.native.schemas import (
    ActivityOut,
    CommentIn,
    CommentOut,
    IssueDetailOut,
    IssueIn,
    IssueOut,
    IssuePatch,
    LinkIn,
    Page,
    TransitionIn,
)
from errata.apps.issues import exporting, hindsight, operations, queries
from errata.apps.issues.linking import LinkNotFound
from errata.apps.projects import queries as projects
from errata.core import past

Numbered = TypeVar("Numbered", CommentOut, ActivityOut)

router = Router(tags=["Issues"])

# Below this a workbook stays in memory.
_SPOOL_BYTES = 4 * 2**20

_SORTS = (
    "`last_seen`, `first_seen`, `count`, `users`, `priority`, `severity`, `score`, `created`, `updated`, `due`: the"
    " newest, most or highest first; with `+` before it (`%2B` in an address) the other way round."
)
_AS_OF = (
    "Look back: the answer of that moment, in ISO 8601 such as `2026-11-03T14:00+01:00`; without an offset in UTC. What"
    " was not kept by time is left out."
)


@router.get("/issues", response=Page[IssueOut | IssueThenOut], summary="List and search issues")
def list_issues(
    request: ApiRequest,
    query: str = Query("", description="The search language: `is:unassigned level:error release:shop@1.2 -24h`."),
    sort: str = Query("", description=_SORTS),
    cursor: str | None = Query(None, description="`next` of the page before."),
    limit: int = Query(50, ge=1, le=200),
    *,
    project: str = Query("", description="Of one project: its slug, its key or its number. Else of all."),
    as_of: str | None = Query(None, description=_AS_OF),
) -> Page[IssueOut | IssueThenOut]:
    """Newest first unless sorted otherwise. A query that can't be read is answered 400 with the place.

    So is, with `as_of`, one that asks what can't be told of the past: watchers, clocks, due times, the score, users,
    what was blocked or unhandled. What asks of events is answered 503 while the event store doesn't answer.
    """
    chosen = [projects.project(actor=request.auth, which=project).id] if project else None
    if as_of is not None:
        at = past.moment(as_of, now=datetime.now(UTC))
        then = hindsight.list_issues_as_of(
            actor=request.auth,
            as_of=at,
            query=query,
            projects=chosen,
            sort=sort,
            cursor=cursor,
            limit=limit,
            whole=True,
        )
        told: list[IssueOut | IssueThenOut] = [
            IssueThenOut.of(row, counted=row.id not in then.uncounted, as_of=at) for row in then.items
        ]
        return Page(items=told, next=then.next)
    page = queries.list_issues(
        actor=request.auth, query=query, projects=chosen, sort=sort, cursor=cursor, limit=limit, now=datetime.now(UTC),
        whole=True,
    )  # fmt: skip
    return Page(items=[IssueOut.of(row) for row in page.items], next=page.next)


@router.post("/issues", response={201: IssueDetailOut}, summary="Report an issue")
def create_issue(request: ApiRequest, body: IssueIn) -> Status[IssueDetailOut]:
    """An issue that no event raised."""
    created = operations.create_issue(
        project=body.project, title=body.title, description=body.description, type=body.type, priority=body.priority,
        severity=body.severity, assignee=body.assignee, labels=body.labels, fields=body.fields,
        parent=body.parent or None, by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return Status(201, _detail(request, created.key))


@router.get("/issues/export", summary="All issues a search finds, as a file")
def export_issues(
    request: ApiRequest,
    format: str = Query("jsonl", description="`csv`, `xlsx` or `jsonl`."),  # noqa: A002 (the query's word)
    query: str = Query("", description="The search language; all issues when empty."),
    sort: str = Query("", description=_SORTS),
) -> HttpResponseBase:
    """However many there are: the answer is streamed. Texts that a spreadsheet would run are guarded in CSV."""
    chosen, now = exporting.checked_format(format), datetime.now(UTC)
    found = exporting.export_issues(actor=request.auth, query=query, sort=sort, format=chosen, now=now)
    kind = exporting.CONTENT_TYPES[chosen]
    if chosen == "xlsx":
        # The response reads it after this returns, and closes it.
        file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 (the response closes it)
        exporting.write_xlsx(found, file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=exporting.file_name(chosen, at=now), content_type=kind)
    return StreamingHttpResponse(exporting.lines(found, chosen), content_type=kind)


@router.get("/issues/{key}", response=IssueDetailOut | IssueThenDetailOut, summary="Get an issue")
def get_issue(
    request: ApiRequest, key: str, as_of: str | None = Query(None, description=_AS_OF)
) -> IssueDetailOut | IssueThenDetailOut:
    """An issue by its key, with the moves it can make from where it is; with `as_of`, as it was.

    Before it came, it is answered 404 `issue_not_there_yet` with `created_at`.
    """
    if as_of is None:
        return _detail(request, key)
    at = past.moment(as_of, now=datetime.now(UTC))
    return IssueThenDetailOut.of_then(hindsight.issue_as_of(actor=request.auth, key=key, as_of=at), as_of=at)


@router.patch("/issues/{key}", response=IssueDetailOut, summary="Change an issue")
def patch_issue(request: ApiRequest, key: str, body: IssuePatch) -> IssueDetailOut:
    """Change fields, assignee and deputy. Stages change by a transition."""
    changes = body.dict(exclude_unset=True, exclude={"assignee", "deputy", "parent"})
    now = datetime.now(UTC)
    if set(changes) - {"version"}:
        operations.update_issue(key=key, **changes, by=request.auth, at=now)
    people = body.dict(exclude_unset=True, include={"assignee", "deputy"})
    if "assignee" in people:
        operations.assign_issue(key=key, to=people["assignee"] or None, by=request.auth, at=now)
    if "deputy" in people:
        operations.set_deputy(key=key, to=people["deputy"] or None, by=request.auth, at=now)
    if "parent" in body.model_fields_set:
        operations.set_parent(key=key, parent=body.parent or None, by=request.auth, at=now)
    return _detail(request, key)


@router.post("/issues/{key}/transition", response=IssueDetailOut, summary="Move an issue to another stage")
def transition(request: ApiRequest, key: str, body: TransitionIn) -> IssueDetailOut:
    """Refused with 409 when the workflow has no such move from here, or asks for something first."""
    operations.transition_issue(
        key=key, to=body.stage, comment=body.comment, reason=body.reason, assignee=body.assignee,
        override=body.override, by=request.auth, at=datetime.now(UTC),
    )  # fmt: skip
    return _detail(request, key)


@router.post("/issues/{key}/links", response={201: IssueDetailOut}, summary="Link an issue to another")
def link(request: ApiRequest, key: str, body: LinkIn) -> Status[IssueDetailOut]:
    """Say how it bears on the other. The same link again changes nothing."""
    operations.link_issues(key=key, kind=body.kind, other=body.issue, by=request.auth, at=datetime.now(UTC))
    return Status(201, _detail(request, key))


@router.delete("/issues/{key}/links/{link_id}", response=IssueDetailOut, summary="Take a link away")
def unlink(request: ApiRequest, key: str, link_id: int) -> IssueDetailOut:
    """One of `links` of the issue, from either of its ends."""
    if all(link.id != link_id for link in queries.issue(actor=request.auth, key=key).links):
        raise LinkNotFound(f"{key.upper()} has no link {link_id}.", link_id=link_id)
    operations.unlink_issues(link_id=link_id, by=request.auth, at=datetime.now(UTC))
    return _detail(request, key)


@router.get("/issues/{key}/comments", response=Page[CommentOut], summary="List an issue's comments")
def list_comments(
    request: ApiRequest,
    key: str,
    cursor: int = Query(0, description="`next` of the page before."),
    limit: int = Query(50, ge=1, le=200),
) -> Page[CommentOut]:
    """Oldest first."""
    found = queries.comments(actor=request.auth, key=key, after=cursor, limit=limit + 1)
    return _page([CommentOut.of(comment) for comment in found], limit=limit)


@router.post("/issues/{key}/comments", response={201: CommentOut}, summary="Comment on an issue")
def comment(request: ApiRequest, key: str, body: CommentIn) -> Status[CommentOut]:
    """Markdown; `@name` and `@e-mail` add watchers."""
    made = operations.comment_on_issue(key=key, body=body.body, by=request.auth, at=datetime.now(UTC))
    return Status(201, CommentOut.of(made))


@router.get("/issues/{key}/activity", response=Page[ActivityOut], summary="What happened to an issue")
def list_activity(
    request: ApiRequest,
    key: str,
    cursor: int | None = Query(None, description="`next` of the page before."),
    limit: int = Query(50, ge=1, le=200),
) -> Page[ActivityOut]:
    """Newest first: every change with its actor."""
    found = queries.activity(actor=request.auth, key=key, before=cursor, limit=limit + 1)
    return _page([ActivityOut.of(activity) for activity in found], limit=limit)


def _page(found: list[Numbered], *, limit: int) -> Page[Numbered]:
    """One page of what was asked for with one more, which tells whether another follows."""
    items = found[:limit]
    return Page(items=items, next=str(items[-1].id) if len(found) > limit else None)


def _detail(request: ApiRequest, key: str) -> IssueDetailOut:
    return IssueDetailOut.of_detail(queries.issue(actor=request.auth, key=key))
