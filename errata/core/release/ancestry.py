"""Which commit is in which: over the commits that are known, which are seldom all."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping

Parents = Mapping[str, Collection[str]]


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
    """Whether the commit is in what the heads lead to; None where the known history ends before that can be said.

    A commit without known parents is the end of what is known, and not of the history: whether it is the first of its
    repository nobody told.
    """
    if not heads:
        return None
    reached = ancestors(parents, heads)
    if commit in reached:
        return True
    if not _is_known(parents, heads):
        return None
    # Known, and not among them: if the commit itself descends from a head it is newer, so it is certainly not in it.
    if not ancestors(parents, [commit]).isdisjoint(heads):
        return False
    # Two lines that meet in a common past, both known down to there: the commit is on the other one.
    meets = bool((ancestors(parents, [commit]) - {commit}) & reached) and _is_known(parents, [commit])
    return False if meets else None


def descendants(parents: Parents, commit: str) -> set[str]:
    """The known commits that have this one in them, itself included."""
    children: dict[str, list[str]] = {}
    for child, own in parents.items():
        for parent in own:
            children.setdefault(parent, []).append(child)
    return ancestors(children, [commit])


def _is_known(parents: Parents, commits: Iterable[str]) -> bool:
    return all(parents.get(commit) for commit in commits)
