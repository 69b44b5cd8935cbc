"""Which issues and people a text names: what makes “mentioned in”, and what waits for an answer."""

import re
from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from errata.apps.accounts.types import Actor
from errata.apps.issues.changes import visible
from errata.apps.issues.models import Issue, Mention
from errata.apps.projects import queries as projects

# A release note that lists a sprint's issues; more is a log that happens to look like keys.
MENTIONS_MAX = 100
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_KEY = re.compile(r"(?<![\w/-])([A-Z][A-Z0-9]{1,9})-(\d{1,9})(?![\w-])")


def without_code(text: str) -> str:
    """The text without what stands in code."""
    return _CODE.sub("", text)


def keys_in(text: str) -> list[str]:
    """The issue keys a text names outside of code, each once, in their order."""
    found = dict.fromkeys(f"{prefix}-{number}" for prefix, number in _KEY.findall(without_code(text)))
    return list(found)[:MENTIONS_MAX]


def note_mentions(
    issue: Issue,
    text: str,
    *,
    by: Actor,
    at: datetime,
    people: Collection[int] = (),
    comment_id: int | None = None,
) -> None:
    """Remember what a text names, in the transaction that writes it. What it named before and no longer does goes."""
    own = Mention.objects.filter(issue_id=issue.id)
    (own.filter(comment_id=comment_id) if comment_id else own.filter(comment=None)).delete()
    targets = _issues(keys_in(text), by=by)
    rows = [
        Mention(issue_id=issue.id, comment_id=comment_id, target_id=target, at=at)
        for target in targets
        if target != issue.id
    ]
    rows += [Mention(issue_id=issue.id, comment_id=comment_id, person_id=person, at=at) for person in people]
    Mention.objects.bulk_create(rows)


def _issues(keys: list[str], *, by: Actor) -> list[int]:
    """The ids of those keys that somebody has; where an issue went into another, of that one."""
    ids = {prefix: projects.id_of_key(by, prefix) for prefix in {key.rpartition("-")[0] for key in keys}}
    wanted = Q()
    for key in keys:
        prefix, _, number = key.rpartition("-")
        if ids[prefix]:
            wanted |= Q(project_id=ids[prefix], number=int(number))
    if not wanted:
        return []
    found = visible(by).filter(wanted).values_list("id", "merged_into_id")
    return list(dict.fromkeys(into or own for own, into in found))
