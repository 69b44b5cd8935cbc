"""Changing a text of rules a rule at a time, leaving the remarks of whoever wrote it where they are."""

from errata.core.designation.grammar import read_rules
from errata.core.designation.rules import DesignationRule, format_rule


def with_rule(text: str, rule: DesignationRule, *, first: bool = False) -> str:
    """The text with another rule: behind the others, or before them."""
    line = format_rule(rule)
    return _joined([line, *text.splitlines()] if first else [*text.splitlines(), line])


def without_rule(text: str, *, line: int) -> str:
    """The text without the rule in this line; any other line stays."""
    if line not in read_rules(text).lines:
        return text
    return _joined([one for number, one in enumerate(text.splitlines(), 1) if number != line])


def moved_rule(text: str, *, line: int, up: bool) -> str:
    """The text with the rule of this line changed over with the one before or behind it."""
    places = read_rules(text).lines
    if line not in places:
        return text
    other = places.index(line) + (-1 if up else 1)
    if not 0 <= other < len(places):
        return text
    lines = text.splitlines()
    here, there = line - 1, places[other] - 1
    lines[here], lines[there] = lines[there], lines[here]
    return _joined(lines)


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")
