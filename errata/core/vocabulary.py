"""The words an installation starts with: types, priorities, severities, levels, and how one follows from another."""

from collections.abc import Mapping
from typing import Literal

Level = Literal["fatal", "error", "warning", "info", "debug"]
Category = Literal["new", "active", "verify", "done", "closed"]

# Each from least to most, so that `priority:>=Medium` has a meaning.
PRIORITIES = ("Low", "Medium", "High")
SEVERITIES = ("Trivial", "Minor", "Major", "Critical")
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error", "fatal")

ISSUE_TYPES = (
    "Error",
    "Performance",
    "UI/UX",
    "Compatibility",
    "Compliance",
    "SEO",
    "Security",
    "Cost",
    "CI",
    "Inquiry",
    "Task",
)

# What a stage means whatever a team calls it: lists, charts and clocks look at the category alone.
CATEGORIES: Mapping[Category, str] = {
    "new": "Nobody has taken it up",
    "active": "Somebody works on it",
    "verify": "The fix is being checked",
    "done": "Fixed, and still watched",
    "closed": "Finished",
}
OPEN_CATEGORIES: tuple[Category, ...] = ("new", "active", "verify")
CLOSED_CATEGORIES: tuple[Category, ...] = ("done", "closed")

SEVERITY_OF_LEVEL: Mapping[str, str] = {
    "fatal": "Critical",
    "error": "Major",
    "warning": "Minor",
    "info": "Trivial",
    "debug": "Trivial",
}
PRIORITY_OF_LEVEL: Mapping[str, str] = {
    "fatal": "High",
    "error": "Medium",
    "warning": "Low",
    "info": "Low",
    "debug": "Low",
}
