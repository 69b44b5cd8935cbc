"""Writes of notices, channels and preferences."""

from errata.apps.notices.telling import notify, post

__all__ = ["notify", "post"]
