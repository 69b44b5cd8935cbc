"""Comments, mentions, and who hears of an issue."""

from datetime import datetime

from django.db.models import F

from errata.apps.accounts.permissions import Forbidden, allow, may
from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import Change, issue_to_change, save, watch_as
from errata.apps.issues.mentioning import note_mentions
from errata.apps.issues.models import Comment, CommentEdit, Issue, Watcher
from errata.apps.issues.rows import comment_view
from errata.apps.issues.types import CommentView
from errata.apps.issues.vocabulary import checked_text
from errata.apps.records import write
from errata.core.errors import Refusal

COMMENT_CHARS_MAX = 50_000


class CommentNotFound(Refusal):
    """The issue has no such comment."""

    code = "comment_not_found"
    status = 404


def comment_on_issue(*, key: str, body: str, by: Actor, at: datetime) -> CommentView:
    """Comment on an issue, in Markdown. Who is mentioned, by @name or @e-mail, watches it from then on."""
    allow(by, "issue:write")
    with write():
        issue = issue_to_change(key, by=by)
        return comment_view(post_comment(issue, body, by=by, at=at))


def post_comment(issue: Issue, body: str, *, by: Actor, at: datetime) -> Comment:
    """Write a comment, within the transaction of the operation it is part of."""
    text = checked_text("comment", body, chars_max=COMMENT_CHARS_MAX)
    comment = Comment.objects.create(
        issue_id=issue.id, author_id=by.user_id, author_name=by.name, body=text, created_at=at
    )
    if by.user_id:
        watch_as(issue, [by.user_id], reason="commented", at=at)
    note_mentions(issue, text, by=by, at=at, comment_id=comment.id)
    change = Change("commented", after={"comment": text[:500]}, comment_id=comment.id)
    save(issue, [change], by=by, at=at, fields={"comment_count": F("comment_count") + 1})
    issue.refresh_from_db(fields=["comment_count"])
    return Comment.objects.select_related("author").get(id=comment.id)


def edit_comment(*, comment_id: int, body: str, by: Actor, at: datetime) -> CommentView:
    """Change one's own comment. What it said before is kept."""
    allow(by, "issue:write")
    text = checked_text("comment", body, chars_max=COMMENT_CHARS_MAX)
    with write():
        comment, issue = _own(comment_id, by, admins=False)
        if comment.body == text:
            return comment_view(comment, edits=comment.edits.count())
        CommentEdit.objects.create(comment_id=comment.id, body=comment.body, by_name=by.name, at=at)
        Comment.objects.filter(id=comment.id).update(body=text, edited_at=at)
        note_mentions(issue, text, by=by, at=at, comment_id=comment.id)
        before, after = {"comment": comment.body[:500]}, {"comment": text[:500]}
        save(issue, [Change("comment_edited", before=before, after=after, comment_id=comment.id)], by=by, at=at)
        comment.body, comment.edited_at = text, at
        return comment_view(comment, edits=comment.edits.count())


def delete_comment(*, comment_id: int, by: Actor, at: datetime) -> None:
    """Take a comment away: one's own, or, for an admin, anybody's. The audit log keeps its beginning."""
    allow(by, "issue:write")
    with write():
        comment, issue = _own(comment_id, by, admins=True)
        _take_away(comment, issue, by=by, at=at)


def retract_comment(*, comment_id: int, by: Actor, at: datetime) -> None:
    """Take a comment away that Errata wrote by itself, for a rule: who may undo the rest of it may undo that."""
    allow(by, "issue:write")
    with write():
        rows = Comment.objects.filter(
            id=comment_id, author=None, deleted_at=None,
            issue__organization_id=by.organization_id, issue__project__deleted_at=None,
        )  # fmt: skip
        comment = rows.select_related("issue__project").first()
        if comment is None:
            raise CommentNotFound(f"There is no comment {comment_id}.", comment_id=comment_id)
        _take_away(comment, comment.issue, by=by, at=at)


def watch_issue(*, key: str, by: Actor, at: datetime) -> None:
    """Hear of the issue from now on. Not told to others, so neither activity nor audit."""
    allow(by, "issue:read")
    with write():
        issue = issue_to_change(key, by=by)
        if by.user_id:
            watch_as(issue, [by.user_id], reason="chosen", at=at)


def unwatch_issue(*, key: str, by: Actor, at: datetime) -> None:  # noqa: ARG001 (every operation takes the time)
    """Hear of the issue no more."""
    allow(by, "issue:read")
    with write():
        Watcher.objects.filter(issue_id=issue_to_change(key, by=by).id, user_id=by.own_id).delete()


def _take_away(comment: Comment, issue: Issue, *, by: Actor, at: datetime) -> None:
    Comment.objects.filter(id=comment.id).update(deleted_at=at)
    change = Change("comment_deleted", before={"comment": comment.body[:500]}, comment_id=comment.id)
    save(issue, [change], by=by, at=at, fields={"comment_count": F("comment_count") - 1})


def _own(comment_id: int, by: Actor, *, admins: bool) -> tuple[Comment, Issue]:
    rows = Comment.objects.filter(
        id=comment_id,
        deleted_at=None,
        issue__organization_id=by.organization_id,
        issue__project__deleted_at=None,
    )
    comment = rows.select_related("author", "issue__project").first()
    if comment is None:
        raise CommentNotFound(f"There is no comment {comment_id}.", comment_id=comment_id)
    mine = comment.author_id is not None and comment.author_id == by.user_id
    if not mine and not (admins and may(by, "org:admin")):
        raise Forbidden("Only its author can change a comment.", scope="issue:write", role=by.role)
    return comment, comment.issue
