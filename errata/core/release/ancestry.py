"""Which commit is in which: over the commits that are known, which are seldom all."""

from bisect import bisect
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence

Parents = Mapping[str, Collection[str]]


def joined(parents: Parents) -> Parents:
    """The same history, each parent by the hash that its commit is known by: some tell short ones, some whole ones.

    What may mean two commits stays as it was told.
    """
    loose = {parent for own in parents.values() for parent in own if parent not in parents}
    if not loose:
        return parents
    known = sorted(parents)
    found = {sha: _known_as(sha, known) for sha in loose}
    return {child: [found.get(parent, parent) for parent in own] for child, own in parents.items()}


def _known_as(sha: str, known: Sequence[str]) -> str:
    """The one hash among them, in order, that goes on where this one ends, or that this one goes on from."""
    place = bisect(known, sha)
    after = known[place : place + 2]
    longer = [other for other in after if other.startswith(sha)]
    shorter = [
        other
        for other in known[max(0, place - 1) : place]
        if sha.startswith(other) and not any(one.startswith(other) for one in after)
    ]
    meant = longer or shorter
    return meant[0] if len(meant) == 1 else sha


def ancestors(parents: Parents, heads: Iterable[str]) -> set[str]:
    """The commits that can be reached from the heads, themselves included, known or only named as a parent."""
    reached = set(heads)
    waiting = deque(reached)
    while waiting:
        for parent in parents.get(waiting.popleft(), ()):
            if parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    return reached


def contains(parents: Parents, heads: Collection[str], commit: str) -> bool | None:
    """Whether the commit is in what the heads lead to; None where the known history ends before that can be said."""
    return Around(parents, commit).is_in(heads)


class Around:
    """What is known around one commit: asked for many releases, it walks the history once.

    A commit without known parents is the end of what is known, and not of the history: whether it is the first of its
    repository nobody told.
    """

    def __init__(self, parents: Parents, commit: str) -> None:
        self._parents, self._commit = parents, commit
        self.after = descendants(parents, commit)
        self._before = ancestors(parents, [commit]) - {commit}

    def is_in(self, heads: Collection[str]) -> bool | None:
        """Whether the commit is in what the heads lead to."""
        if not heads:
            return None
        if not self.after.isdisjoint(heads):
            return True
        if not self._are_known(heads):
            return None
        # The commit came after a head: it is newer, so it is certainly not in it.
        if not self._before.isdisjoint(heads):
            return False
        # Two lines that meet in a common past, both known down to there: the commit is on the other one.
        return False if self._are_known([self._commit]) and self._meets(heads) else None

    def _are_known(self, commits: Iterable[str]) -> bool:
        return all(self._parents.get(commit) for commit in commits)

    def _meets(self, heads: Iterable[str]) -> bool:
        reached = set(heads)
        waiting = deque(reached)
        while waiting:
            commit = waiting.popleft()
            if commit in self._before:
                return True
            fresh = set(self._parents.get(commit, ())) - reached
            reached |= fresh
            waiting.extend(fresh)
        return False


def descendants(parents: Parents, commit: str) -> set[str]:
    """The known commits that have this one in them, itself included."""
    children: dict[str, list[str]] = {}
    for child, own in parents.items():
        for parent in own:
            children.setdefault(parent, []).append(child)
    return ancestors(children, [commit])
