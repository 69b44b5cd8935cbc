"""A team's template: maximum time, collaboration platform, basis for ranking, designation of members."""

from errata.core.template.types import DEFAULT, Platform, PlatformKind, Template

__all__ = ["DEFAULT", "Platform", "PlatformKind", "Template"]
