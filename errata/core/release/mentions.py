"""What a commit message or a pull request says of issues: `fixes PAY-142, PAY-143`."""

import re
from collections.abc import Iterable

import msgspec

_KEY = r"[A-Za-z][A-Za-z0-9]{1,9}-[1-9]\d{0,8}"
_BETWEEN = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*|\s+)"
# The words that the forges know. “Doesn't fix PAY-1” and “prefix PAY-1” are none.
_FIXES = re.compile(
    rf"(?<![\w-])(?<!not )(?<!n't )(?<!n’t )(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)\b\s*:?\s*"
    rf"(?P<keys>#?\b{_KEY}\b(?:{_BETWEEN}#?{_KEY}\b)*)",
    re.IGNORECASE,
)
_ANY = re.compile(rf"(?<![\w-]){_KEY}(?![\w-])")
_REVERTS = re.compile(r"\bThis reverts commit ([0-9a-f]{7,64})\b", re.IGNORECASE)
# A message as long as this is generated; forges themselves cut long before.
_CHARS_MAX = 20_000
_KEYS_MAX = 50


class Mentions(msgspec.Struct, frozen=True):
    fixes: tuple[str, ...] = ()  # keys of issues that it says to fix, in upper case
    refers: tuple[str, ...] = ()  # keys that it only names
    reverts: tuple[str, ...] = ()  # hashes of commits that it takes back


def mentions(text: str) -> Mentions:
    """Read what a text says. Where it reverts, it fixes nothing: git quotes the subject of what it takes back."""
    text = text[:_CHARS_MAX]
    reverts = tuple(dict.fromkeys(found.lower() for found in _REVERTS.findall(text)))
    named = _unique(_ANY.findall(text))
    fixes = () if reverts else _unique(key for found in _FIXES.finditer(text) for key in _ANY.findall(found["keys"]))
    return Mentions(fixes=fixes, refers=tuple(key for key in named if key not in fixes), reverts=reverts)


def _unique(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key.upper() for key in keys))[:_KEYS_MAX]
