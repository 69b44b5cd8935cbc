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
            rows = Commit.objects.filter(repository_id=commit.repository_id, sha__startswith=sha).exclude(id=commit.id)
            for taken_back in rows:
                _land_again(commit, taken_back, at=at)
            rows.update(reverted_by=commit.sha)
        mention(commit, said.fixes, title=commit.message.strip().partition("\n")[0], url=commit.url, at=at)


def _land_again(commit: Commit, taken_back: Commit, *, at: datetime) -> None:
    """What takes back a commit that took back a fix is that fix anew: it fixes what that one did."""
    keys = Mention.objects.filter(
        commit__repository_id=commit.repository_id, commit__reverted_by=taken_back.sha
    ).values_list("issue_key", flat=True)
    title = commit.message.strip().partition("\n")[0]
    mention(commit, list(dict.fromkeys(keys)), title=title, url=commit.url, at=at)


def unmention(commit: Commit, key: str) -> None:
    """Forget that a commit fixes an issue. What its own message says stays: telling it again would bring it back."""
    if key not in mentions(commit.message).fixes:
        Mention.objects.filter(commit_id=commit.id, issue_key=key).delete()


def mention(commit: Commit, keys: Sequence[str], *, title: str, url: str, at: datetime) -> None:
    """Note that a commit fixes issues, for those who follow."""
    Mention.objects.bulk_create(
        [
            Mention(commit_id=commit.id, issue_key=key, title=storable(title)[:300], url=url[:500], at=at)
            for key in keys
        ],
        ignore_conflicts=True,
    )
