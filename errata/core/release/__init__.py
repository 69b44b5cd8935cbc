"""Releases: their versions and order, what commits are in them, and what those say of issues. Pure."""

from errata.core.release.ancestry import Around, Parents, ancestors, contains, descendants, joined
from errata.core.release.mentions import Mentions, mentions
from errata.core.release.versions import Version, compare, is_hash, is_older, latest, parse, predates

__all__ = [
    "Around",
    "Mentions",
    "Parents",
    "Version",
    "ancestors",
    "compare",
    "contains",
    "descendants",
    "is_hash",
    "is_older",
    "joined",
    "latest",
    "mentions",
    "parse",
    "predates",
]
