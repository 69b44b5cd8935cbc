"""CODEOWNERS files, as GitHub has them, as a list of rules. There the last match wins, so the list is turned round."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from errata.core.designation.grammar import LINES_MAX, PATTERN_CHARS_MAX, Problem
from errata.core.designation.rules import DesignationRule

# GitHub's figure: it ignores a larger file.
CODEOWNERS_BYTES_MAX = 3 * 2**20

_SPACED = re.compile(r"(?<!\\)\s+")
# `^[Docs][2] @writers`: may be optional, may want several approvals, may name who owns what no line of it does.
_SECTION = re.compile(r"\^?\[[^\]]+\](?:\[\d+\])?((?:\s+\S*@\S*)*)")
_REMARK = re.compile(r"(?:^|(?<=\s))#.*$")


class Codeowners(msgspec.Struct, frozen=True):
    """What a file says, last line first, so that the first match of the list is the file's last."""

    rules: tuple[DesignationRule, ...]
    lines: tuple[int, ...]
    unmapped: tuple[str, ...]  # owners that nobody here is, in the file's order
    problems: tuple[Problem, ...]  # lines that are left out


def read_codeowners(text: str, *, owners: Mapping[str, str] | None = None) -> Codeowners:
    """Read a file. `owners` says whom a name of the file means here: `@octocat` → `bob@shop.example` or `#payments`.

    E-mail addresses mean themselves. A line without owners is kept: it says that nobody owns what it is about, unless
    it stands in a section of GitLab's that names its owners.
    """
    section: list[str] = []
    mapping = {name.casefold(): owner.casefold() for name, owner in (owners or {}).items()}
    found: list[tuple[int, DesignationRule]] = []
    unmapped: dict[str, None] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = _REMARK.sub("", line).strip()
        if not plain:
            continue
        if head := _SECTION.fullmatch(plain):
            section = head[1].split()
            continue
        pattern, *named = _SPACED.split(plain)
        named = named or section
        if why := _unreadable(pattern, len(found)) or _strange(named):
            problems.append(Problem(number, plain[:200], why))
            continue
        known = [one for name in named if (one := _owner(name, mapping))]
        unmapped |= dict.fromkeys(name for name in named if not _owner(name, mapping))
        if named and not known:
            continue  # As if its owners were written wrongly, which GitHub skips as well.
        rule = DesignationRule(kind="codeowners", pattern=pattern, owners=tuple(dict.fromkeys(known)))
        found.append((number, rule))
    found.reverse()
    return Codeowners(
        rules=tuple(rule for _, rule in found),
        lines=tuple(number for number, _ in found),
        unmapped=tuple(unmapped),
        problems=tuple(problems),
    )


def _owner(name: str, mapping: Mapping[str, str]) -> str | None:
    """The address or team that the name stands for; None for a name nobody here has."""
    folded = name.casefold()
    if folded in mapping:
        return mapping[folded] or None
    return folded if "@" in folded[1:-1] and not folded.startswith("@") else None


def _strange(named: Sequence[str]) -> str:
    stranger = next((name for name in named if "@" not in name), "")
    return f"“{stranger}” is no account, group or address; a pattern with spaces is not read." if stranger else ""


def _unreadable(pattern: str, read: int) -> str:
    if read >= LINES_MAX:
        return f"Only {LINES_MAX:,} lines are read."
    if len(pattern) > PATTERN_CHARS_MAX:
        return f"The pattern has {len(pattern)} characters; {PATTERN_CHARS_MAX} is the most."
    if "!" in pattern:
        return "A pattern can't be negated here; name the owners of the folder within instead."
    if "\\ " in pattern or "#" in pattern or "[" in pattern or "\\" in pattern:
        return "Patterns with spaces, #, [ or backslashes are not read."
    return ""
