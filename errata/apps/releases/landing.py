"""What commits say once they are on the branch that counts: which issues they fix, which commits they take back."""

from collections.abc import Sequence
from datetime import datetime

from errata.apps.records import storable
from errata.apps.releases.models import Commit, Mention
from errata.core.release import mentions


def land(commits: Sequence[Commit], *, at: datetime) -> None:
    """Note what landed commits say. Saying it again changes nothing."""
    for commit in commits:
        said = mentions(commit.message)
        for sha in said.reverts:
            rows = Commit.objects.filter(repository_id=commit.repository_id, sha__startswith=sha)
            rows.exclude(id=commit.id).update(reverted_by=commit.sha)
        mention(commit, said.fixes, title=commit.message.strip().partition("\n")[0], url=commit.url, at=at)


def mention(commit: Commit, keys: Sequence[str], *, title: str, url: str, at: datetime) -> None:
    """Note that a commit fixes issues, for those who follow."""
    Mention.objects.bulk_create(
        [
            Mention(commit_id=commit.id, issue_key=key, title=storable(title)[:300], url=url[:500], at=at)
            for key in keys
        ],
        ignore_conflicts=True,
    )
