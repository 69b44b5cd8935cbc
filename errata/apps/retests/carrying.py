"""Which releases have the fixes of an issue: by ancestry where commits are known, by version or time where not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from errata.apps.accounts.types import Actor
from errata.apps.releases import queries as releases
from errata.apps.releases.types import CommitView, Run
from errata.core.release import Around, Parents, compare, parse, predates

_HASH_CHARS = 40


class Repository(msgspec.Struct, frozen=True):
    """What is known of a repository that a fix is in."""

    parents: Parents
    heads: Mapping[str, Sequence[str]]  # by the version of the release that was built from them

    def heads_of(self, version: str) -> list[str]:
        """The commits a release was built from: as told, or as its version names one."""
        if found := self.heads.get(version):
            return list(found)
        read = parse(version)
        if read.scheme != "hash":
            return []
        if read.number in self.parents:
            return [read.number]
        if len(read.number) == _HASH_CHARS:
            return []  # whole, and of no commit here: nothing longer begins with it
        return [sha for sha in self.parents if sha.startswith(read.number)]


class Carrying:
    """Whether releases have all of an issue's fixes. Asked of one issue, at one moment."""

    def __init__(
        self,
        *,
        commits: Sequence[CommitView],
        versions: Sequence[str],
        repositories: Mapping[str, Repository],
        runs: Iterable[Run],
    ) -> None:
        self.commits = commits
        self._versions, self._repositories = versions, repositories
        self._began: dict[str, datetime] = {}
        for run in runs:
            self._began[run.version] = min(run.at, self._began.get(run.version, run.at))
        self._known: dict[str, bool | None] = {}
        self._around = {commit.id: Around(repositories[commit.repository].parents, commit.sha) for commit in commits}
        self._by_ancestry = {commit.id: self._carriers(commit) for commit in commits}

    def has(self, version: str) -> bool | None:
        """Whether a release has every fix; None where that can't be said."""
        if version not in self._known:
            self._known[version] = self._decide(version)
        return self._known[version]

    def after(self, commit: CommitView) -> set[str]:
        """The commits that have a fix in them, itself included."""
        return self._around[commit.id].after

    def all_of(self, versions: Iterable[str], *, carries: bool) -> list[str]:
        """Those among them that have the fixes, or that lack them."""
        return [version for version in dict.fromkeys(versions) if version and self.has(version) is carries]

    def _decide(self, version: str) -> bool | None:
        if not version or not (self.commits or self._versions):
            return None
        found = [self._has_commit(version, commit) for commit in self.commits]
        found += [self._follows(version, fixed_in) for fixed_in in self._versions]
        if False in found:
            return False
        return None if None in found else True

    def _has_commit(self, version: str, commit: CommitView) -> bool | None:
        repository = self._repositories[commit.repository]
        heads = repository.heads_of(version)
        inside = self._around[commit.id].is_in(heads)
        if inside is not None:
            return inside
        # Its commits were not told. A version that follows one with the fix has it, and one before all of those not.
        carriers = self._by_ancestry[commit.id]
        if any(compare(version, carrier) in (0, 1) for carrier in carriers):
            return True
        if predates(version, carriers=carriers):
            return False
        began = self._began.get(version)
        # What ran before the fix was written can't have it.
        return False if began is not None and began < commit.at else None

    def _follows(self, version: str, fixed_in: str) -> bool | None:
        order = compare(version, fixed_in)
        return None if order is None else order >= 0

    def _carriers(self, commit: CommitView) -> list[str]:
        repository = self._repositories[commit.repository]
        versions = dict.fromkeys([*repository.heads, *self._began])
        around = self._around[commit.id]
        return [version for version in versions if around.is_in(repository.heads_of(version))]


def carrying(actor: Actor, *, commits: Sequence[CommitView], versions: Sequence[str], runs: Sequence[Run]) -> Carrying:
    """What is known of where an issue's fixes are."""
    names = dict.fromkeys(commit.repository for commit in commits)
    repositories = {
        name: Repository(
            parents=releases.history(actor=actor, repository=name), heads=releases.heads(actor=actor, repository=name)
        )
        for name in names
    }
    return Carrying(commits=commits, versions=versions, repositories=repositories, runs=runs)
