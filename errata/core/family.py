"""Issues within issues: which may be the parent of which."""

from collections.abc import Sequence

from errata.core.errors import Refusal

# An epic, its stories, their tasks, their steps, and a level to spare; deeper trees are projects.
DEPTH_MAX = 5


class ParentRefused(Refusal):
    """The issue can't be a part of that one."""

    code = "parent_refused"
    status = 409


def check_parent(*, key: str, parent: str, ancestors: Sequence[str], height: int) -> None:
    """Refuse a parent that the issue is itself above of, or a tree deeper than DEPTH_MAX.

    `ancestors` are the parent's own, nearest first; `height` is how many levels the issue has below itself.
    """
    if parent == key:
        raise ParentRefused(f"{key} can't be a part of itself.", field="parent")
    if key in ancestors:
        raise ParentRefused(f"{parent} is itself a part of {key}. Take it out of {key} first.", field="parent")
    depth = len(ancestors) + 2 + height
    if depth > DEPTH_MAX:
        msg = f"{key} under {parent} would make {depth} levels; {DEPTH_MAX} are the most."
        raise ParentRefused(msg, field="parent", depth=depth)
