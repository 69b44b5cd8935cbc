"""The two kinds of pattern: globs over one text, and CODEOWNERS patterns over paths."""

import fnmatch
import re
from collections.abc import Sequence
from functools import lru_cache

# A rule's pattern is compared with each frame of each issue: worth compiling once. Some 2 kB each.
_REMEMBERED_MAX = 4_096


def matches(pattern: str, text: str) -> bool:
    """Whether the glob matches the whole text, in any case: `*` stands for anything, `?` for one, `[ab]` for a choice.

    A leading `**/` also stands for nothing, so that `**/billing/*` finds `billing/charge.py`.
    """
    folded = text.casefold()
    return _glob(pattern.casefold()).match(folded) is not None or (
        pattern.startswith("**/") and _glob(pattern[3:].casefold()).match(folded) is not None
    )


def matches_path(pattern: str, path: str) -> bool:
    """The same, whatever way the slashes lean."""
    return matches(pattern.replace("\\", "/"), path.replace("\\", "/"))


def owns(pattern: str, path: str) -> bool:
    """Whether a CODEOWNERS pattern covers the path: a folder covers what is below it, `folder/*` only what is in it."""
    return _covers(_parts(pattern), tuple(part for part in path.replace("\\", "/").split("/") if part not in ("", ".")))


@lru_cache(maxsize=_REMEMBERED_MAX)
def _glob(pattern: str) -> re.Pattern[str]:
    # fnmatch makes each star possessive, so that no pattern takes more than quadratic time.
    return re.compile(fnmatch.translate(pattern))


class _Parts(tuple[str, ...]):
    """A pattern's folders and file; `**` for any number of folders."""

    __slots__ = ()


@lru_cache(maxsize=_REMEMBERED_MAX)
def _parts(pattern: str) -> _Parts:
    plain = pattern.rstrip("/")
    parts = [part for part in plain.split("/") if part]
    # Without a slash before its end, a name is looked for in every folder.
    if "/" not in plain and parts:
        parts.insert(0, "**")
    if pattern.endswith("/") and parts:
        parts.append("*")  # a folder is no file of that name
    if not parts or parts[-1] != "*" or pattern.endswith("/"):
        parts.append("**")
    return _Parts(parts)


def _covers(parts: Sequence[str], path: Sequence[str]) -> bool:
    """Walk both once, keeping every place in the pattern that the path so far can be at: linear, whatever the stars."""
    places = _reached({0}, parts)
    for name in path:
        forward: set[int] = set()
        for place in places:
            if place == len(parts):
                continue
            if parts[place] == "**":
                forward.add(place)
            elif fnmatch.fnmatchcase(name, parts[place]):
                forward.add(place + 1)
        places = _reached(forward, parts)
        if not places:
            return False
    return len(parts) in places


def _reached(places: set[int], parts: Sequence[str]) -> set[int]:
    """The places, and those behind each `**`, which may stand for nothing."""
    found: set[int] = set()
    for start in places:
        place = start
        found.add(place)
        while place < len(parts) and parts[place] == "**":
            place += 1
            found.add(place)
    return found
